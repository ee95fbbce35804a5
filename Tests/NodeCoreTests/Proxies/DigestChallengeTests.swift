import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct DigestChallengeTests {
    private func answer(
        _ challenge: String, user: SecretBytes = "Mufasa", password: SecretBytes = "Circle of Life", uses: UInt32 = 1
    ) -> String? {
        ProxyChallenge.parse(challenge).first.flatMap { DigestChallenge($0) }?
            .answer(user, password, target: "plant.example:443", clientNonce: [0xAB, 0x01], uses: uses)
            .withBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Computed with Python's hashlib from RFC 7616 §3.4's formula.
    @Test func answersAsRFC7616Says() {
        #expect(
            answer(#"Digest realm="plant", nonce="n0", algorithm=SHA-256, qop="auth, auth-int", opaque="o""#)
                == #"Digest username="Mufasa", realm="plant", nonce="n0", uri="plant.example:443", algorithm=SHA-256, "#
                + #"response="f2c93f1082ec798096415e49e231e66b3f94ab5bf8a8c149ff4366beff44f988", "#
                + #"qop=auth, nc=00000001, cnonce="ab01", opaque="o""#)
        #expect(
            answer(#"Digest realm="plant", nonce="n0", qop="auth""#, uses: 0x1F)
                == #"Digest username="Mufasa", realm="plant", nonce="n0", uri="plant.example:443", "#
                + #"response="7b57bc6a2cf04fbc0cd811b2bda39525", qop=auth, nc=0000001f, cnonce="ab01""#)
        #expect(
            answer(#"Digest realm="plant", nonce="n0""#)
                == #"Digest username="Mufasa", realm="plant", nonce="n0", uri="plant.example:443", "#
                + #"response="a0a2f6a055c92e9da885120a10dedc21""#)
        #expect(
            answer(#"Digest realm="plant", nonce="n0", algorithm=MD5-sess, qop=auth"#)?
                .contains(#"response="0f8e6dd1a19324c86d587d62ff24d1d2""#) == true)
    }

    @Test func whatCannotBeAnsweredIsNone() {
        #expect(answer(#"Digest realm="plant", nonce="n", algorithm=SHA-512-256"#) == nil)
        #expect(answer(#"Digest realm="plant", nonce="n", qop="auth-int""#) == nil)
        #expect(answer(#"Digest realm="plant""#) == nil)
        #expect(answer(#"Basic realm="plant", nonce="n""#) == nil)
    }

    @Test func foreignQuotesStayInsideTheirs() {
        let text = answer(#"Digest realm="a\"b\\", nonce="n\"", qop=auth"#, user: "u\"x")
        #expect(text?.contains(#"username="u\"x", realm="a\"b\\", nonce="n\"""#) == true)
    }
}
