// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct JSONStringWriterTests {
    private func escaped(_ bytes: [UInt8]) -> [UInt8] {
        let buffer = ByteBuffer(byteCountMax: 1 << 30)
        do throws(EncodingError) {
            var writer = try ByteWriter.open(buffer)
            let source = ByteBuffer(byteCountMax: 1 << 30)
            try source.append(bytes)
            try ValueWriter.writeQuoted(source, to: &writer)
            try writer.finish()
        } catch { Issue.record("\(error)") }
        return buffer.bytes
    }

    /// What the bytes mean as text, by Swift's own repair, which follows the same practice.
    private func check(_ bytes: [UInt8]) {
        let expected = Array(String(decoding: bytes, as: UTF8.self).utf8)
        guard case .string(let text) = TestJSON.parse(escaped(bytes)), Array(text.utf8) == expected else {
            Issue.record("\(bytes)")
            return
        }
    }

    @Test func escapesWhatMustBeAndNothingElse() {
        let text = "a\"b\\c/d\n\t\u{1}\u{1f}\u{7f}é😀"
        #expect(
            escaped(Array(text.utf8)) == Array("\"a\\\"b\\\\c/d\\u000a\\u0009\\u0001\\u001f\u{7f}é😀\"".utf8))
    }

    @Test func everyByteAtEveryPlaceOfAWord() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<18 {
                var bytes = [UInt8](repeating: 0x61, count: 18)
                bytes[place] = byte
                check(bytes)
                check(Array(bytes[0...place]))
            }
        }
    }

    @Test func allSequencesOfTwoBytes() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { check([first, second]) }
        }
    }

    @Test func everyKindOfIllFormedSequence() {
        let leads: [UInt8] = [0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff]
        let seconds: [UInt8] = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
        let thirds: [UInt8] = [0x41, 0x80, 0xbf, 0xe0]
        for lead in leads {
            for second in seconds {
                for third in thirds {
                    for fourth in thirds { check([0x22, lead, second, third, fourth, 0x5c]) }
                }
            }
        }
        #expect(escaped([97, 0xf0, 0x9f, 0x98, 98]) == Array("\"a\u{fffd}b\"".utf8))
        #expect(escaped([0xed, 0xa0, 0x80]) == Array("\"\u{fffd}\u{fffd}\u{fffd}\"".utf8))
        #expect(escaped([0xe6, 0xb8]) == Array("\"\u{fffd}\"".utf8))
    }

    @Test func randomBytesOfAllLengths() {
        var random = TestRandom(7)
        for _ in 0..<5000 {
            let alphabet: [UInt8] = [
                0x61, 0x22, 0x5c, 0x0a, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xff,
            ]
            check((0..<random.below(60)).map { _ in alphabet[random.below(alphabet.count)] })
        }
    }

    @Test func sequencesAcrossThePiecesOfALongTextStayWhole() {
        for offset in 0..<8 {
            let text = String(repeating: "a", count: offset) + String(repeating: "😀é", count: 3000)
            #expect(escaped(Array(text.utf8)) == Array(("\"" + text + "\"").utf8))
        }
    }

    @Test func theWorstCaseGrowsSixfold() {
        let control = [UInt8](repeating: 1, count: 100_000)
        let text = escaped(control)
        #expect(text.count == 600_002)
        #expect(text[1..<7] == ArraySlice("\\u0001".utf8))
    }
}
