// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// One block of normalized PEM (RFC 7468), by places in the text that it was found in.
struct PEMBlock {
    /// What stands between `-----BEGIN ` and `-----`.
    let label: Range<Int>
    /// What stands between the two boundaries, headers included.
    let body: Range<Int>
    /// From the first dash to behind the last.
    let whole: Range<Int>

    private static let begin: StaticString = "-----BEGIN "
    private static let end: StaticString = "-----END "
    private static let dashes: StaticString = "-----"

    /// The next block from `start` on; nil: there is none that ends.
    static func next<Text: RandomAccessCollection>(in text: Text, from start: Int) -> PEMBlock?
    where Text.Element == UInt8, Text.Index == Int {
        guard let first = find(begin, in: text, from: start) else { return nil }
        let labelStart = first + begin.utf8CodeUnitCount
        guard let labelEnd = find(dashes, in: text, from: labelStart) else { return nil }
        let bodyStart = labelEnd + dashes.utf8CodeUnitCount
        guard let bodyEnd = find(end, in: text, from: bodyStart),
            let last = find(dashes, in: text, from: bodyEnd + end.utf8CodeUnitCount)
        else { return nil }
        return PEMBlock(
            label: labelStart..<labelEnd, body: bodyStart..<bodyEnd, whole: first..<last + dashes.utf8CodeUnitCount)
    }

    /// Whether the label is this one, or ends so.
    func isLabelled<Text: RandomAccessCollection>(_ name: StaticString, orEndsSo: Bool = false, in text: Text) -> Bool
    where Text.Element == UInt8, Text.Index == Int {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        guard orEndsSo ? label.count >= name.count : label.count == name.count else { return false }
        return text[label].suffix(name.count).elementsEqual(name)
    }

    /// A copy of the text whose private keys are gone, all but a word that says so: certificates are read by functions
    /// that do not wipe what they pass over.
    static func withoutKeys(_ text: UnsafeRawBufferPointer) throws(OutOfMemory) -> SecretBytes {
        // Nothing grows: what takes a key's place is shorter than it.
        let copy = try SecretBytes.make(capacity: text.count, memory: .heap) { room in
            var count = 0
            forEachPart(of: text) { part in
                UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: part)
                count += part.count
            }
            return count
        }
        return copy ?? ""
    }

    /// What lies around the private keys of the text, and the words that stand for each of them.
    private static func forEachPart(of text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        func take(_ range: Range<Int>) { body(UnsafeRawBufferPointer(rebasing: text[range])) }
        var position = 0
        while let block = next(in: text, from: position) {
            if block.isLabelled("PRIVATE KEY", orEndsSo: true, in: text) {
                take(position..<block.whole.lowerBound)
                take(block.label.lowerBound..<block.body.lowerBound)
            } else {
                take(position..<block.whole.upperBound)
            }
            position = block.whole.upperBound
        }
        // What follows a block that does not end may be half a key.
        let rest = text[position...]
        if let half = find("PRIVATE KEY-----", in: rest, from: position) {
            take(half..<half + 16)
        } else {
            take(position..<text.count)
        }
    }

    private static func find<Text: RandomAccessCollection>(
        _ wanted: StaticString, in text: Text, from start: Int
    ) -> Int? where Text.Element == UInt8, Text.Index == Int {
        let count = wanted.utf8CodeUnitCount
        var index = start
        while index + count <= text.endIndex {
            var matched = 0
            while matched < count, text[index + matched] == wanted.utf8Start[matched] { matched += 1 }
            if matched == count { return index }
            index += 1
        }
        return nil
    }
}
