// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct Base64Tests {
    /// RFC 4648 §10, and the two last characters of the alphabet.
    @Test(arguments: [
        ("", ""), ("66", "Zg=="), ("666f", "Zm8="), ("666f6f", "Zm9v"), ("666f6f62", "Zm9vYg=="),
        ("666f6f6261", "Zm9vYmE="), ("666f6f626172", "Zm9vYmFy"), ("fbff", "+/8="), ("00108310518720", "ABCDEFGHIA=="),
    ])
    func hasTheExamplesOfTheRFC(bytes: String, text: String) {
        #expect(Base64.encode(hex(bytes)) == text)
        #expect(Base64.decode(text) == hex(bytes))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm9-", "Zm9_",
        "=m9v", "Z=9v", "Zm=v", "ä==",
    ])
    func refusesWhatItCannotHaveMade(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func readsBackWhatItWrites() {
        var random = SeededGenerator(seed: 9)
        for length in 0...100 {
            let bytes = random.bytes(length)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: [
        ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE", "fooba"),
        ("Zm9v\nYmFy", "foobar"), (" Z m\r\n8 ", "fo"),
    ])
    func readsWhatToolsWrite(text: String, plain: String) {
        #expect(lenient(text) == Array(plain.utf8))
    }

    @Test(arguments: ["", " ", "=", "Z", "Zm9vY", "Zm9v*", "Zm9-", "Zg==Zg", "ä==="])
    func refusesWhatIsNone(text: String) {
        #expect(lenient(text) == nil)
    }

    @Test func readsAllBytesWithAndWithoutPadding() {
        for length in 1...64 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            let text = Base64.encode(bytes)
            #expect(lenient(text) == bytes)
            #expect(lenient(String(text.prefix { $0 != "=" })) == bytes)
        }
    }

    private func lenient(_ text: String) -> [UInt8]? {
        try? SecretBytes(text).withBytes { try Base64.decode($0, memory: .swift) }?.withBytes { Array($0) }
    }
}
