// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NeuronWS
@testable import NodeCore

@Suite struct TLSHashesTests {
    private func hex(_ hash: DigestHash, _ text: String) -> String {
        var room = [UInt8](repeating: 0, count: hash.byteCount)
        let isDone = Array(text.utf8).withUnsafeBytes { bytes in
            room.withUnsafeMutableBytes { TLSHashes.shared.digest(hash, bytes, into: $0) }
        }
        let digits = Array("0123456789abcdef")
        return isDone ? String(room.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) : "failed"
    }

    /// RFC 1321 §A.5.
    @Test func md5IsThat() {
        #expect(hex(.md5, "") == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(hex(.md5, "message digest") == "f96b697d7cb7938d525a2f31aaf161d0")
    }

    /// FIPS 180-4's examples.
    @Test func sha256IsThat() {
        #expect(hex(.sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(TLSHashes.shared.has(.sha256))
    }

    /// Computed with Python's hashlib from RFC 7616 §3.4's formula.
    @Test func digestAnswersAreThoseOfTheRFC() {
        func response(_ challenge: String, uses: UInt32 = 1) -> String? {
            let text = ProxyChallenge.parse(challenge).first.flatMap { DigestChallenge($0) }?
                .answer(
                    "Mufasa", "Circle of Life", target: "plant.example:443", clientNonce: [0xAB, 0x01], uses: uses,
                    TLSHashes.shared)?
                .withBytes { String(decoding: $0, as: UTF8.self) }
            return text?.split(separator: "\"").drop { !$0.hasSuffix("response=") }.dropFirst().first.map(String.init)
        }
        #expect(
            response(#"Digest realm="plant", nonce="n0", algorithm=SHA-256, qop="auth, auth-int", opaque="o""#)
                == "f2c93f1082ec798096415e49e231e66b3f94ab5bf8a8c149ff4366beff44f988")
        #expect(
            response(#"Digest realm="plant", nonce="n0", qop="auth""#, uses: 0x1F)
                == "7b57bc6a2cf04fbc0cd811b2bda39525")
        #expect(response(#"Digest realm="plant", nonce="n0""#) == "a0a2f6a055c92e9da885120a10dedc21")
        #expect(
            response(#"Digest realm="plant", nonce="n0", algorithm=MD5-sess, qop=auth"#)
                == "0f8e6dd1a19324c86d587d62ff24d1d2")
    }
}
