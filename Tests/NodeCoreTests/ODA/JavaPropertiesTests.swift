// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct JavaPropertiesTests {
    private func read(_ bytes: [UInt8]) throws -> [String] {
        let list = try bytes.withUnsafeBytes { try JavaProperties.parse($0) }
        return (0..<list.count).map { index in
            let key = list.withKey(list[index]) { String(decoding: $0, as: UTF8.self) }
            let value = list.withValue(list[index]) { String(decoding: $0, as: UTF8.self) }
            return "\(list[index].line) \(key)|\(value)"
        }
    }

    private func read(_ text: String) throws -> [String] { try read(Array(text.utf8)) }

    @Test(arguments: [
        ("a=1", ["1 a|1"]), ("a:1", ["1 a|1"]), ("a 1", ["1 a|1"]), ("  a \t= \u{c} 1  ", ["1 a|1"]), ("a", ["1 a|"]),
        ("a=", ["1 a|"]), ("=1", ["1 |1"]), ("a==1", ["1 a|=1"]), ("a=b=c:d e", ["1 a|b=c:d e"]), ("", []),
        ("\n\n", []),
        ("# c\n ! c\na=1", ["3 a|1"]), ("a=1\r\nb=2\rc=3\n", ["1 a|1", "2 b|2", "3 c|3"]),
        ("\u{feff}a=1", ["1 a|1"]), ("a\\=b=1", ["1 a=b|1"]), ("a\\ b\\:c 1", ["1 a b:c|1"]),
        ("a=1\\\n   2\\\r\n3\nb=4", ["1 a|123", "4 b|4"]), ("a=x\\\\\nb=1", ["1 a|x\\", "2 b|1"]),
        ("a=1\\", ["1 a|1"]), ("a=\\t\\n\\r\\f\\q", ["1 a|\t\n\r\u{c}q"]),
        ("a=\\u00fc\\uD83D\\uDE00\\uD83Dx", ["1 a|ü😀\u{fffd}x"]), ("ü=ß", ["1 ü|ß"]),
        ("#a=1\\\nb=2", ["2 b|2"]),
        ("a=1\nb=2\na=3", ["3 a|3", "2 b|2"]),
    ])
    func linesReadAsInJava(_ text: String, _ expected: [String]) throws { #expect(try read(text) == expected) }

    @Test func whatIsNoUTF8IsLatin1() throws { #expect(try read([0x61, 0x3D, 0xFC, 0xDF]) == ["1 a|üß"]) }

    @Test func aWrongEscapeIsNamedByItsLine() {
        for text in ["b=1\na=\\u12", "b=1\na=\\u12g4", "b=1\na\\u=1"] {
            let bytes = Array(text.utf8)
            #expect(throws: JavaProperties.Fault.self) { try read(bytes) }
            do { _ = try read(bytes) } catch {
                #expect((error as? JavaProperties.Fault)?.text == "line 2: \\u takes four hexadecimal digits")
            }
        }
    }

    /// Whatever the file holds, and wherever it ends.
    @Test func everyBeginningOfAFileIsTaken() {
        let text = Array("\u{feff}a\\\r\n b : c\\u00fc\\\\ \\\n\\\n d\r# x\\\ne=ü\\uD83D\\uDE00".utf8)
        for end in 0...text.count { _ = try? read(Array(text[..<end])) }
    }
}
