// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

/// What is hashed, and what is said. That the hashes are right is tested where they are, with the TLS library.
@Suite struct DigestChallengeTests {
    private func answer(
        _ challenge: String, user: SecretBytes = "Mufasa", uses: UInt32 = 1, _ hashes: RecordingHashes = .init()
    ) -> String? {
        ProxyChallenge.parse(challenge).first.flatMap { DigestChallenge($0) }?
            .answer(
                user, "Circle of Life", target: "plant.example:443", clientNonce: [0xAB, 0x01], uses: uses, hashes)?
            .withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func digits(_ byte: String, _ count: Int) -> String { String(repeating: byte, count: count) }

    @Test func answersAsRFC7616Says() {
        let hashes = RecordingHashes()
        let text = answer(
            #"Digest realm="plant", nonce="n0", algorithm=SHA-256, qop="auth, auth-int", opaque="o""#, uses: 0x1F,
            hashes)
        #expect(
            text == #"Digest username="Mufasa", realm="plant", nonce="n0", uri="plant.example:443", "#
                + "algorithm=SHA-256, " + #"response="\#(digits("03", 32))", qop=auth, nc=0000001f, "#
                + #"cnonce="ab01", opaque="o""#)
        #expect(
            hashes.texts == [
                "Mufasa:plant:Circle of Life", "CONNECT:plant.example:443",
                "\(digits("01", 32)):n0:0000001f:ab01:auth:\(digits("02", 32))",
            ])
    }

    @Test func anOldProxyGetsAnOldAnswer() {
        let hashes = RecordingHashes()
        #expect(
            answer(#"Digest realm="plant", nonce="n0""#, hashes)
                == #"Digest username="Mufasa", realm="plant", nonce="n0", uri="plant.example:443", "#
                + #"response="\#(digits("03", 16))""#)
        #expect(hashes.texts.last == "\(digits("01", 16)):n0:\(digits("02", 16))")
    }

    @Test func aSessionIsBoundToTheNonces() {
        let hashes = RecordingHashes()
        let text = answer(#"Digest realm="plant", nonce="n0", algorithm=MD5-sess, qop=auth"#, hashes)
        #expect(text?.contains("algorithm=MD5-sess, response=\"\(digits("04", 16))\"") == true)
        #expect(hashes.texts[1] == "\(digits("01", 16)):n0:ab01")
        #expect(hashes.texts[3] == "\(digits("02", 16)):n0:00000001:ab01:auth:\(digits("03", 16))")
    }

    @Test func whatCannotBeAnsweredIsNone() {
        #expect(answer(#"Digest realm="plant", nonce="n", algorithm=SHA-512-256"#) == nil)
        #expect(answer(#"Digest realm="plant", nonce="n", qop="auth-int""#) == nil)
        #expect(answer(#"Digest realm="plant""#) == nil)
        #expect(answer(#"Basic realm="plant", nonce="n""#) == nil)
        #expect(answer(#"Digest realm="plant", nonce="n""#, RecordingHashes(lacks: .md5)) == nil)
    }

    @Test func theResponseIsFoundInAnAnswer() {
        #expect(DigestChallenge.responses(in: #"Digest username="u", response="abc", qop=auth"#) == ["abc"])
        for text in ["Basic dXNlcjpz", "", #"Digest response=""#, #"Digest response="""#] {
            #expect(DigestChallenge.responses(in: SecretBytes(text)) == [])
        }
    }

    @Test func foreignQuotesStayInsideTheirs() {
        let text = answer(#"Digest realm="a\"b\\", nonce="n\"", qop=auth"#, user: "u\"x")
        #expect(text?.contains(#"username="u\"x", realm="a\"b\\", nonce="n\"""#) == true)
    }
}
