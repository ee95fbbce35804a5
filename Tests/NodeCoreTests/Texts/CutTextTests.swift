// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct CutTextTests {
    private func cut(_ text: String, _ most: Int) -> String {
        let bytes = Array(text.utf8)
        return String(decoding: bytes[..<CutText.byteCount(bytes, atMost: most)], as: UTF8.self)
    }

    @Test func escapesStayWhole() {
        let text = "ab\\u{1b}\\xffcd"
        #expect(
            (0...text.utf8.count).map { cut(text, $0).utf8.count } == [0, 1, 2, 2, 2, 2, 2, 2, 8, 8, 8, 8, 12, 13, 14])
    }

    @Test func charactersStayWhole() {
        #expect(cut("aé€", 2) == "a" && cut("aé€", 3) == "aé" && cut("aé€", 5) == "aé" && cut("aé€", 6) == "aé€")
    }

    @Test func aBackslashThatSomebodyWroteIsNoEscape() {
        #expect(cut("a\\b: {1}", 3) == "a\\b" && cut("C:\\user", 4) == "C:\\u")
    }
}
