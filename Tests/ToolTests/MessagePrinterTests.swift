// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct MessagePrinterTests {
    @Test func bytesAreDumpedSixteenALine() {
        let bytes = Array("0123456789abcdefX\n".utf8)
        let text = bytes.withUnsafeBytes { HexDump.text($0, bytesMax: 100) }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0] == "  00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|")
        #expect(lines[1].hasPrefix("  00000010  58 0a ") && lines[1].hasSuffix("  |X.|"))
    }

    @Test func aLongDumpIsCut() {
        let text = [UInt8](repeating: 1, count: 100).withUnsafeBytes { HexDump.text($0, bytesMax: 32) }
        #expect(text.split(separator: "\n").last == "  … 68 more bytes; --json has them all")
    }

    @Test func jsonIsColouredByWhatItIs() {
        let line = PrettyJSON.coloured("  \"a\\\"b\": [\"x\", -1.5, true],")
        let expected =
            "  \u{1B}[36m\"a\\\"b\"\u{1B}[0m: [\u{1B}[32m\"x\"\u{1B}[0m, \u{1B}[33m-1.5\u{1B}[0m, "
            + "\u{1B}[33mtrue\u{1B}[0m],"
        #expect(line == expected)
    }

    @Test func whatJSONLeavesAsItIsCannotTurnATerminal() throws {
        let root = try JSON.parse("[\"\u{9B}31m\"]")
        #expect(!PrettyJSON.text(root, isColoured: false).unicodeScalars.contains { $0.value == 0x9B })
    }
}
