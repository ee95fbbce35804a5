// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct FormerSecretsTests {
    private func mask(_ secrets: String...) -> SecretMask {
        SecretMask(headerValues: [], others: secrets.map { SecretBytes($0) })
    }

    private func shown(_ said: String, _ former: FormerSecrets, _ mask: SecretMask = .none) -> String {
        ForeignText(said).masked(by: former.added(to: mask)).shown(charactersMax: 500)
    }

    private func noted(_ masks: SecretMask...) -> FormerSecrets {
        var former = FormerSecrets(1, 2)
        for mask in masks { former.note(mask) }
        return former
    }

    @Test(arguments: [
        ("revoked: first/token+\"\u{e9}=", "revoked: …"), (#"revoked: first\/token+\"\u00e9="#, "revoked: …"),
        (#"revoked: first\\/token+\\\"\\u00e9="#, "revoked: …"),
        ("revoked: first%2Ftoken%2B%22%C3%A9=!", "revoked: …!"),
        ("revoked: first%2Ftoken+%22%C3%A9=!", "revoked: …!"), ("revoked: first&#47;token+&quot;é=", "revoked: …"),
        ("first/token", "first/token"), ("irst/token+é=", "irst/token+é="),
    ])
    func whatWasASecretIsOneStill(said: String, shown expected: String) {
        #expect(shown(said, noted(mask("first/token+\"é="), mask("second-token"))) == expected)
    }

    @Test func theirBeginningsAreKnown() {
        let former = noted(mask("0123456789abcdefghijklmnop"))
        #expect(shown("0123456789abcdefgh", former) == "…" && shown("0123456789abcdef", former) == "…")
        #expect(shown("0123456789abcde", former) == "0123456789abcde")
        #expect(shown("0123456789abcdef and more", former) == "… and more")
        #expect(shown("x=\"0123456789abcdefgh\"", former) == "x=\"…\"")
        #expect(shown("0123456789abcdef… issued", former) == "…… issued")
    }

    @Test func thoseOfTheLastEightAreKept() {
        var former = noted(mask("always-the-same"))
        for number in 10..<20 {
            former.note(mask("secret-\(number)", "always-the-same"))
            #expect(shown("secret-\(number) always-the-same", former) == "… …")
        }
        #expect(shown("secret-10 always-the-same", former) == "secret-10 …")
        for number in 11..<20 { #expect(shown("secret-\(number)", former) == "…", "\(number)") }
        // One that comes again is the newest.
        former.note(mask("secret-12"))
        for number in 20..<26 { former.note(mask("secret-\(number)")) }
        #expect(shown("secret-12 always-the-same secret-18", former) == "… … secret-18")
    }

    /// A hash has nothing to find.
    @Test func theyAreNotKeptThemselves() {
        let former = noted(mask("first-token"))
        #expect(!former.added(to: .none).secrets.contains("first-token"))
        #expect(shown("first-token", former) == "…" && shown("first-token", FormerSecrets(1, 2)) == "first-token")
    }
}
