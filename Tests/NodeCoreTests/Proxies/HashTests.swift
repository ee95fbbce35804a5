import Testing

@testable import NodeCore

/// MD5 and SHA-256 against the published vectors, and around the ends of blocks.
@Suite struct HashTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func md5(_ text: String) -> String { hex(Array(text.utf8).withUnsafeBytes { MD5.digest($0) }) }
    private func sha256(_ text: String) -> String { hex(Array(text.utf8).withUnsafeBytes { SHA256.digest($0) }) }

    @Test func md5OfRFC1321() {
        #expect(md5("") == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(md5("abc") == "900150983cd24fb0d6963f7d28e17f72")
        #expect(
            md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890")
                == "57edf4a22be3c955ac49da2e2107b67a")
    }

    @Test func sha256OfFIPS180() {
        #expect(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    /// A million letters, as both publications have it: many blocks.
    @Test func aMillionLetters() {
        let million = String(repeating: "a", count: 1_000_000)
        #expect(md5(million) == "7707d6ae4e027c70eea2a935c2296f21")
        #expect(sha256(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}
