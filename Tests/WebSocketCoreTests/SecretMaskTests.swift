// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct SecretMaskTests {
    private let mask = SecretMask(
        headerValues: ["Bearer token-of-ours", "Basic dXNlcjpwYXNz", "short"], others: ["hunter22"])

    @Test(arguments: [
        ("unknown token token-of-ours!", "unknown token …!"), ("Bearer token-of-ours", "…"),
        ("dXNlcjpwYXNzdXNlcjpwYXNz", "……"), ("short", "short"), ("hunter2", "hunter2"), ("hunter22", "…"),
        ("hunter22hunter2", "…hunter2"), ("", ""),
    ])
    func ourSecretsAreNotToldAgain(said: String, shown: String) {
        #expect(ForeignText(said).masked(by: mask).shown() == shown)
    }

    @Test func whatIsCutIsMaskedBefore() {
        let shown = Array("0123 token-of-ours".utf8).withUnsafeBytes {
            ForeignText.masked($0, by: mask, bytesMax: 8).shown()
        }
        #expect(shown == "0123 …")
    }

    @Test func whatIsCutOffIsKnownByItsBeginning() {
        let mask = SecretMask(headerValues: [], others: ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"])
        for (said, shown) in [
            ("token eyJhbGciOiJIUzI1", "token …"), ("CN=eyJhbGciOiJIUzI1… issued", "CN=…… issued"),
            ("eyJhbGciOiJIUzI1 and more", "eyJhbGciOiJIUzI1 and more"), ("eyJhbGciOiJIUzI", "eyJhbGciOiJIUzI"),
        ] {
            #expect(ForeignText(said).masked(by: mask).shown() == shown)
        }
    }

    @Test func theValuesOfAQueryAreSecrets() throws {
        let url = try WebSocketURL.parse("ws://h/path?key=0123456&other=1&bare-secret")
        let mask = SecretMask(headerValues: [], others: SecretMask.secrets(of: url))
        #expect(ForeignText("0123456 path other bare-secret 1").masked(by: mask).shown() == "… path other … 1")
    }

    @Test func aRedirectThatRepeatsATokenIsShownWithoutIt() {
        let error = HandshakeError.unexpectedStatus(302, location: "ws://h/token-of-ours", retryAfterSeconds: nil)
        #expect(error.masked(by: mask).text.contains("it points to ws://h/…"))
        #expect(HandshakeError.missingUpgrade(found: "hunter22").masked(by: mask).text.contains("Upgrade: …;"))
    }
}
