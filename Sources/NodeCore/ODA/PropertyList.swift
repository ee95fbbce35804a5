// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// The lines of a file of Java's properties: of each key the last one, where the first one stood. Keys and values lie
/// in one place, which is overwritten at its end: a value may be a secret.
///
/// Memory comes from malloc: a file decides how many there are.
final class PropertyList {
    struct Entry: BitwiseCopyable {
        /// From 1 on.
        let line: Int
        fileprivate let key: Int
        fileprivate let value: Int
        fileprivate let end: Int
        fileprivate(set) var isTaken = false
    }

    private let text: SecretBytes
    private var entries = RawList<Entry>()
    /// Those that nobody has taken.
    private(set) var untakenCount = 0

    private init(_ text: SecretBytes) { self.text = text }

    /// `read` writes a key and a value into the room behind what is there, and says where they end, or nil: that was
    /// all. All of them together never need more than `byteCountMax`.
    static func make(
        byteCountMax: Int,
        _ read: (UnsafeMutableRawBufferPointer, Int) throws(JavaProperties.Fault) -> (line: Int, key: Int, end: Int)?
    ) throws(JavaProperties.Fault) -> PropertyList {
        var found = RawList<Entry>()
        var failure: JavaProperties.Fault?
        let text: SecretBytes?
        do throws(OutOfMemory) {
            text = try SecretBytes.make(capacity: byteCountMax, memory: .heap) { room in
                var end = 0
                do throws(JavaProperties.Fault) {
                    while let entry = try read(room, end) {
                        let place = Entry(line: entry.line, key: end, value: entry.key, end: entry.end)
                        try found.append(place, or: .noMemory)
                        end = entry.end
                    }
                } catch { failure = error }
                return end
            }
        } catch { throw .noMemory }
        if let failure { throw failure }
        let list = PropertyList(text ?? "")
        do throws(EncodingError) { try list.add(&found) } catch { throw .noMemory }
        return list
    }

    private func add(_ found: inout RawList<Entry>) throws(EncodingError) {
        let table = try NameTable.make(nameCountMax: found.count)
        for index in 0..<found.count {
            let known = withKey(found[index]) { key in
                table.findOrInsert(hash: NameHash.of(key, seed: table.seed), name: entries.count) { other in
                    withKey(entries[other]) { $0.elementsEqual(key) }
                }
            }
            if let known { entries[known] = found[index] } else { try entries.append(found[index]) }
        }
        untakenCount = entries.count
    }

    // MARK: What is in it

    var count: Int { entries.count }

    subscript(index: Int) -> Entry { entries[index] }

    /// Takes the entry of this key out; nil: there is none.
    func take(_ key: StaticString) -> Entry? {
        let name = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        for index in 0..<entries.count where !entries[index].isTaken {
            guard withKey(entries[index], { $0.elementsEqual(name) }) else { continue }
            entries[index].isTaken = true
            untakenCount -= 1
            return entries[index]
        }
        return nil
    }

    func withKey<R>(_ entry: Entry, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        text.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[entry.key..<entry.value])) }
    }

    func withValue<R>(_ entry: Entry, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        text.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[entry.value..<entry.end])) }
    }

    /// Whether a value says nothing.
    func isEmpty(_ entry: Entry) -> Bool { entry.value == entry.end }
}

extension RawList {
    fileprivate mutating func append(
        _ element: Element, or fault: JavaProperties.Fault
    ) throws(JavaProperties.Fault) {
        do throws(EncodingError) { try append(element) } catch { throw fault }
    }
}
