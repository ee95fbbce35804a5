// SPDX-License-Identifier: Apache-2.0
import CJansson
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct JSONTextDecoderTests {
    private func decoded(_ text: [UInt8]) -> [UInt8]? {
        var isOutOfMemory = false
        let decoded = text.withUnsafeBytes { JSONTextDecoder.decode($0, isOutOfMemory: &isOutOfMemory) }
        #expect(!isOutOfMemory)
        return decoded?.withBytes { Array($0) }
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), (#"a\"b\\c\/d"#, "a\"b\\c/d"), (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"),
        (#"\u0041\u00e4\u20AC"#, "Aä€"), (#"\ud83d\ude00"#, "😀"), ("ä€😀", "ä€😀"), (#"\u0000"#, "\0"),
    ])
    func takesEscapesAway(raw: String, plain: String) {
        #expect(decoded(Array(raw.utf8)) == Array(plain.utf8))
    }

    @Test(arguments: [
        "\"", "\\", #"\x"#, #"\u"#, #"\u12"#, #"\u12g4"#, #"\ud83d"#, #"\ud83dx"#, #"\ud83d\u0041"#, #"\ude00"#,
        "a\nb", "\0",
    ])
    func refusesWhatIsNone(raw: String) {
        #expect(decoded(Array(raw.utf8)) == nil)
    }

    @Test func refusesWhatIsNoUTF8() {
        for bytes in [[0xFF], [0xC3], [0x61, 0x80], [0xED, 0xA0, 0x80]] as [[UInt8]] { #expect(decoded(bytes) == nil) }
    }

    /// What jansson takes it reads as jansson does, whatever the bytes are.
    @Test func agreesWithJansson() throws {
        let pieces = ["a", "\\", "\"", "u", "0", "d", "8", "3", "e", "\\u0041", "\\ud83d", "\\ude00", "\\n", "é", "/"]
        var random = SystemRandomNumberGenerator()
        var differences: [String] = []
        for _ in 0..<3000 {
            let raw = (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement()! }.joined()
            guard let document = try? JSONDocument.parse("[\"\(raw)\"]", byteCountMax: 1000),
                document.root.count == 1, let text = document.root[0]?.string
            else { continue }
            if decoded(Array(raw.utf8)) != Array(text.utf8) { differences.append(raw) }
        }
        #expect(differences == [])
    }
}
