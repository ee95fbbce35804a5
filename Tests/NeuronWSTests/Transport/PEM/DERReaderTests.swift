// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct DERReaderTests {
    /// The contents of the values with these tags, one behind another.
    private func contents(_ bytes: [UInt8], _ tags: [UInt8]) -> [[UInt8]?] {
        bytes.withUnsafeBytes { bytes in
            var reader = DERReader(bytes)
            return tags.map { tag in reader.next(tag).map { Array($0) } }
        }
    }

    @Test func valuesComeOneBehindAnother() {
        #expect(contents([2, 1, 5, 4, 2, 7, 8], [2, 4, 2]) == [[5], [7, 8], nil])
    }

    @Test func anotherTagIsLeft() {
        #expect(contents([2, 1, 5], [4, 2]) == [nil, [5]])
    }

    @Test func aLongLengthIsRead() {
        let content = [UInt8](repeating: 9, count: 200)
        #expect(contents([4, 0x81, 200] + content, [4])[0]?.count == 200)
        #expect(contents([4, 0x82, 0, 200] + content, [4])[0]?.count == 200)
    }

    @Test func whatIsCutOrEndlessIsNothing() {
        let value: [UInt8] = [4, 0x81, 3, 1, 2, 3]
        for end in 0..<value.count { #expect(contents(Array(value[..<end]), [4]) == [nil]) }
        #expect(contents([4, 0x80, 1, 0, 0], [4]) == [nil])
        #expect(contents([4, 0x84, 0, 0, 0, 1, 1], [4]) == [nil])
    }
}
