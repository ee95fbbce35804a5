// SPDX-License-Identifier: Apache-2.0
/// Bytes that nobody may find in memory when they are no longer needed: a password, a token, a key. They lie in one
/// place, are shared rather than copied, and are overwritten when the last one lets go of them.
///
/// Swift's own texts and arrays leave copies behind wherever they grew or were passed on; so what is secret becomes one
/// of these at the border and stays one until a `withBytes` at the other border.
public final class SecretBytes: Equatable, @unchecked Sendable {
    public let count: Int
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    private let memory: MessageMemory

    /// Room for `capacity` bytes, filled by `fill`, which says how many it wrote; nil: there are none, or `memory` has
    /// none: `fill` was not called then.
    public init?(
        capacity: Int, memory: MessageMemory = .swift, _ fill: (UnsafeMutableRawBufferPointer) -> Int?
    ) {
        guard let start = memory.resize(nil, 0, max(1, capacity)) else { return nil }
        self.capacity = max(1, capacity)
        self.start = start
        self.memory = memory
        let room = UnsafeMutableRawBufferPointer(start: start, count: max(0, capacity))
        guard let count = fill(room) else {
            self.count = 0
            return nil
        }
        self.count = min(max(0, count), capacity)
    }

    /// The same, where a fill that finds nothing (nil) and memory that is not there are told apart.
    public static func make(
        capacity: Int, memory: MessageMemory, _ fill: (UnsafeMutableRawBufferPointer) -> Int?
    ) throws(OutOfMemory) -> SecretBytes? {
        var hasMemory = false
        let made = SecretBytes(capacity: capacity, memory: memory) { room in
            hasMemory = true
            return fill(room)
        }
        if !hasMemory { throw OutOfMemory() }
        return made
    }

    public init(_ bytes: UnsafeRawBufferPointer) {
        capacity = max(1, bytes.count)
        count = bytes.count
        memory = .swift
        start = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        if let base = bytes.baseAddress { start.copyMemory(from: base, byteCount: bytes.count) }
    }

    /// Of a text that is no secret yet, a test's for example.
    public convenience init(_ text: String) {
        var copy = text
        self.init(copying: &copy)
    }

    private init(copying text: inout String) {
        count = text.utf8.count
        capacity = max(1, count)
        memory = .swift
        start = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        let start = start
        text.withUTF8 { bytes in
            if let base = bytes.baseAddress { start.copyMemory(from: base, byteCount: bytes.count) }
        }
    }

    deinit {
        Self.wipe(UnsafeMutableRawBufferPointer(start: start, count: capacity))
        memory.free(start)
    }

    /// One behind the other.
    public static func joined(_ first: SecretBytes, _ second: SecretBytes) -> SecretBytes {
        SecretBytes(capacity: first.count + second.count) { room in
            first.withBytes { room.copyMemory(from: $0) }
            second.withBytes { UnsafeMutableRawBufferPointer(rebasing: room[first.count...]).copyMemory(from: $0) }
            return first.count + second.count
        } ?? first
    }

    public var isEmpty: Bool { count == 0 }

    /// Lends the bytes for the duration of the call.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        if left === right { return true }
        guard left.count == right.count else { return false }
        // Every byte is looked at: how long it takes says nothing about where they differ.
        var difference: UInt8 = 0
        for index in 0..<left.count {
            difference |=
                left.start.load(fromByteOffset: index, as: UInt8.self)
                ^ right.start.load(fromByteOffset: index, as: UInt8.self)
        }
        return difference == 0
    }

    /// Overwrites; not optimised away, though nobody reads the bytes after it: what is called unoptimised is a closed
    /// book to the optimiser.
    @inline(never)
    @_optimize(none)
    public static func wipe(_ bytes: UnsafeMutableRawBufferPointer) { fill(bytes) }

    @inline(never)
    private static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes.count)
    }
}

/// Secret bytes that grow. What they have grown out of is overwritten, and so are they.
struct SecretBuilder: ~Copyable {
    private let bytes: WipedBytes

    init(capacity: Int) { bytes = WipedBytes(capacity: capacity) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    consuming func finished() -> SecretBytes { bytes.withBytes { SecretBytes(UnsafeRawBufferPointer($0)) } }
}

/// Bytes that come one by one and may hold secrets until they are looked at: whatever memory they have lain in is
/// overwritten. One owner, and not shared.
final class WipedBytes: @unchecked Sendable {
    private var room: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(capacity: Int = 64) { room = .allocate(byteCount: max(16, capacity), alignment: 8) }

    deinit { Self.free(room) }

    var isEmpty: Bool { count == 0 }
    var last: UInt8? { count == 0 ? nil : room[count - 1] }

    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return room[index]
    }

    func append(_ byte: UInt8) {
        if count == room.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: room.count * 2, alignment: 8)
            larger.copyMemory(from: UnsafeRawBufferPointer(room))
            Self.free(room)
            room = larger
        }
        room[count] = byte
        count += 1
    }

    func removeAll() {
        SecretBytes.wipe(UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
        count = 0
    }

    /// Leaves the last `most` at most.
    func keepLast(_ most: Int) {
        let gone = count - most
        guard gone > 0, let base = room.baseAddress else { return }
        base.copyMemory(from: base + gone, byteCount: most)
        SecretBytes.wipe(UnsafeMutableRawBufferPointer(rebasing: room[most..<count]))
        count = most
    }

    func append(_ other: WipedBytes) { for index in 0..<other.count { append(other.room[index]) } }

    func withBytes<R>(_ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
        body(UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
    }

    private static func free(_ room: UnsafeMutableRawBufferPointer) {
        SecretBytes.wipe(room)
        room.deallocate()
    }
}

/// What stands in the source is no secret.
extension SecretBytes: ExpressibleByStringLiteral {
    public convenience init(stringLiteral text: String) { self.init(text) }
}
