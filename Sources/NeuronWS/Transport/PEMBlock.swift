// SPDX-License-Identifier: Apache-2.0
/// One block of normalized PEM (RFC 7468), by places in the text that it was found in.
struct PEMBlock {
    /// What stands between `-----BEGIN ` and `-----`.
    let label: String
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
            label: String(decoding: text[labelStart..<labelEnd], as: UTF8.self), body: bodyStart..<bodyEnd,
            whole: first..<last + dashes.utf8CodeUnitCount)
    }

    /// A copy of the text whose private keys are gone, all but a word that says so: certificates are read by functions
    /// that do not wipe what they pass over.
    static func withoutKeys(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        while let block = next(in: text, from: position) {
            if block.label.hasSuffix("PRIVATE KEY") {
                result.append(contentsOf: text[position..<block.whole.lowerBound])
                result.append(contentsOf: Array("\(block.label)-----".utf8))
            } else {
                result.append(contentsOf: text[position..<block.whole.upperBound])
            }
            position = block.whole.upperBound
        }
        // What follows a block that does not end may be half a key.
        let rest = text[position...]
        let isHalfKey = find("PRIVATE KEY-----", in: rest, from: position) != nil
        result.append(contentsOf: isHalfKey ? Array("PRIVATE KEY-----".utf8)[...] : Array(rest)[...])
        return result
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
