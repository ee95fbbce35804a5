// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct TerminalTests {
    @Test func whatATerminalWouldObeyIsSpelledOut() {
        #expect(Terminal.printable("press 7, 20 °C, ä, 日本") == "press 7, 20 °C, ä, 日本")
        #expect(Terminal.printable("\u{1B}[31m\u{9B}2J\u{7F}") == "\\u001b[31m\\u009b2J\\u007f")
        #expect(Terminal.printable("\u{E0041}") == "\\udb40\\udc41")
        #expect(Terminal.printable("a\u{202E}b\u{2028}c\u{200B}d\u{FEFF}") == "a\\u202eb\\u2028c\\u200bd\\ufeff")
        #expect(Terminal.printable("ä\u{1B}b", charactersMax: 3) == "ä\\u001bb")
        #expect(Terminal.printable("ä\u{1B}b", charactersMax: 2) == "ä\\u001b…")
    }
}
