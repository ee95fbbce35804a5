// SPDX-License-Identifier: Apache-2.0
/// One value of DER behind another (X.690 section 8.1), lent.
struct DERReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    /// The content of the value that comes next, if it has this tag; else nil, and nothing is read.
    mutating func next(_ tag: UInt8) -> UnsafeRawBufferPointer? {
        guard rest.count >= 2, rest[0] == tag else { return nil }
        var length = Int(rest[1])
        var start = 2
        if length >= 0x80 {
            // Nothing here is longer than three bytes of length can say.
            let count = length & 0x7f
            guard (1...3).contains(count), rest.count >= 2 + count else { return nil }
            length = 0
            for index in 2..<2 + count { length = length << 8 | Int(rest[index]) }
            start = 2 + count
        }
        guard length <= rest.count - start else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: rest[start..<start + length])
        rest = UnsafeRawBufferPointer(rebasing: rest[(start + length)...])
        return content
    }
}
