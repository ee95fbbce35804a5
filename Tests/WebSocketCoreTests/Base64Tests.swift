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
}
