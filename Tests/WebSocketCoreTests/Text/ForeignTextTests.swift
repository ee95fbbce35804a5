// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ForeignTextTests {
    @Test func whatIsPlainlyVisibleStaysAsItIs() {
        #expect(ForeignText("Zähler 7: \"ok\" \\ 温度 😀").shown() == "Zähler 7: \"ok\" \\ 温度 😀")
        #expect(ForeignText("").shown() == "")
    }

    @Test(arguments: [
        ("a\nb", "a\\u{a}b"), ("\u{1B}[31m", "\\u{1b}[31m"), ("\u{0}", "\\u{0}"), ("\u{7F}\u{9B}", "\\u{7f}\\u{9b}"),
        ("\u{202E}txt", "\\u{202e}txt"), ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"), ("\u{200F}", "\\u{200f}"),
        ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"), ("\u{FEFF}\u{200B}", "\\u{feff}\\u{200b}"),
        ("\u{E0041}", "\\u{e0041}"), ("\u{FFFF}", "\\u{ffff}"), ("\u{AD}", "\\u{ad}"),
    ])
    func whatATerminalOrALogWouldObeyIsSpelledOut(_ text: String, _ shown: String) {
        #expect(ForeignText(text).shown() == shown)
    }

    @Test(
        arguments: [
            ([0xFF], "\\xff"), ([0x61, 0xC3], "a\\xc3"), ([0xC0, 0xAF], "\\xc0\\xaf"),
            ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"),
            ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"), ([0xE2, 0x82, 0x41], "\\xe2\\x82A"), ([0x09], "\\u{9}"),
        ] as [([UInt8], String)])
    func bytesThatAreNoUTF8AreSpelledOut(_ bytes: [UInt8], _ shown: String) {
        #expect(ForeignText(bytes).shown() == shown)
    }

    @Test func aLongTextIsCut() {
        #expect(ForeignText(String(repeating: "ä", count: 121)).shown() == String(repeating: "ä", count: 120) + "…")
        #expect(ForeignText(String(repeating: "ä", count: 120)).shown() == String(repeating: "ä", count: 120))
        #expect(ForeignText("abc").shown(charactersMax: 2) == "ab…")
    }

    @Test func everyScalarComesOutInOneLineAndVisible() {
        var wrong: [UInt32] = []
        let values = Array(UInt32(0)...0x30FF) + stride(from: UInt32(0x3100), through: 0x10FFFF, by: 7)
        for value in values + [0xFEFF, 0xFFF9, 0xFFFE, 0x1FFFF, 0xE0001, 0xE007F] {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = ForeignText(Array(String(scalar).utf8)).shown()
            if shown.unicodeScalars.elementsEqual([scalar]) {
                let kind = scalar.properties.generalCategory
                let isHarmless =
                    kind != .control && !scalar.properties.isBidiControl
                    && !scalar.properties.isNoncharacterCodePoint
                if !isHarmless { wrong.append(value) }
            } else if shown != "\\u{\(String(value, radix: 16))}" {
                wrong.append(value)
            }
        }
        #expect(wrong == [])
    }

    @Test func whatStandsBeforeAByte() {
        #expect(ForeignText("ws://h/p?key=1").before(UInt8(ascii: "?")) == "ws://h/p")
    }

    @Test(arguments: [
        ("wss://name:secret@host/path", "wss://host/path"), ("//name:a@b@host", "//host"),
        ("wss://host/a@b", "wss://host/a@b"), ("wss://host", "wss://host"), ("name@host", "name@host"),
        ("//", "//"), ("//@", "//"), ("/", "/"), ("", ""),
        ("wss://host#a@b", "wss://host#a@b"),
    ])
    func aURLIsShownWithoutUserInformation(_ url: String, _ shown: String) {
        #expect(ForeignText(url).withoutUserInformation.shown() == shown)
    }

    @Test(arguments: [
        ("plc1", "plc1"), ("a_b-c.d:e9", "a_b-c.d:e9"), ("", #""""#), ("a b", #""a b""#), ("a = 1, b", #""a = 1, b""#),
        (#"say "x""#, #""say \"x\"""#), (#"a\u{1b}"#, #""a\\u{1b}""#), ("a\u{1b}", #""a\u{1b}""#), ("…", "…"),
        ("plc1/fast", #""plc1/fast""#), ("温度", #""温度""#), ("a\n", #""a\u{a}""#), ("0123456789x", #""0123456789…""#),
        (#"123456789"0"#, #""123456789\"""#),
    ])
    func aWordIsToldFromThoseBesideIt(text: String, shown: String) {
        let cut = text == #"123456789"0"# ? shown.dropLast() + #"…""# : Substring(shown)
        #expect(ForeignText(text).shownAsWord(charactersMax: 10) == cut)
        #expect(ForeignText(text).isLonger(than: 10) == (text.unicodeScalars.count > 10))
    }
}
