// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct ProxyAuthenticationTests {
    private let proxy = Proxy(kind: .http, host: "proxy", port: 3128, username: "user", password: "secret")
    private let url = try! WebSocketURL.parse("wss://plant/data")

    private func next(_ authentication: inout ProxyAuthentication, _ proxy: Proxy? = nil) -> String? {
        authentication.authorization(for: proxy ?? self.proxy, url, clientNonce: [1])?
            .withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func saysNothingBeforeItIsAskedAndThenRemembers() {
        var authentication = ProxyAuthentication(RecordingHashes())
        authentication.attemptBegan()
        #expect(next(&authentication) == nil)
        #expect(authentication.challenged(#"Basic realm="x""#) == .again)
        #expect(next(&authentication) == "Basic dXNlcjpzZWNyZXQ=")
        authentication.attemptBegan()
        #expect(next(&authentication) == "Basic dXNlcjpzZWNyZXQ=")
    }

    @Test func takesTheBestThatIsOffered() {
        for (field, words) in [
            (#"Basic realm=x, Digest realm=x, nonce=n, Digest realm=x, nonce=n, algorithm=SHA-256"#, "SHA-256"),
            (#"Digest realm=x, nonce=n, algorithm=MD5, Basic realm=x"#, "algorithm=MD5"),
            (#"Negotiate, NTLM, Digest nonce=n, algorithm=SHA-512-256, Basic"#, "Basic "),
        ] {
            var authentication = ProxyAuthentication(RecordingHashes())
            _ = next(&authentication)
            #expect(authentication.challenged(field) == .again)
            #expect(next(&authentication)?.contains(words) == true)
        }
    }

    @Test func wrongCredentialsAreNotTriedTwice() {
        for field in ["Basic realm=x", "Digest realm=x, nonce=n, qop=auth"] {
            var authentication = ProxyAuthentication(RecordingHashes())
            authentication.attemptBegan()
            _ = next(&authentication)
            #expect(authentication.challenged(field) == .again)
            _ = next(&authentication)
            #expect(authentication.challenged(field) == .failed(.credentialsRefused))
            // The next attempt asks anew: the proxy may have been told of us meanwhile.
            authentication.attemptBegan()
            #expect(next(&authentication) == nil)
        }
    }

    @Test func aNonceThatIsTooOldIsReplaced() {
        var authentication = ProxyAuthentication(RecordingHashes())
        authentication.attemptBegan()
        _ = next(&authentication)
        #expect(authentication.challenged("Digest realm=x, nonce=n1, qop=auth") == .again)
        #expect(next(&authentication)?.contains("nc=00000001") == true)
        authentication.attemptBegan()
        #expect(next(&authentication)?.contains("nc=00000002") == true)
        // A proxy that was restarted does not know it, and does not call it stale.
        #expect(authentication.challenged("Digest realm=x, nonce=n2, qop=auth") == .again)
        let second = next(&authentication)
        #expect(second?.contains("nc=00000001") == true && second?.contains(#"nonce="n2""#) == true)
        #expect(authentication.challenged("Digest realm=x, nonce=n3, qop=auth, stale=TRUE") == .again)
        #expect(next(&authentication)?.contains(#"nonce="n3""#) == true)
    }

    @Test func aProxyThatAsksForEverIsLeft() {
        var authentication = ProxyAuthentication(RecordingHashes())
        authentication.attemptBegan()
        var verdicts: [ProxyAuthentication.Verdict] = []
        for number in 0..<6 {
            _ = next(&authentication)
            let verdict = authentication.challenged("Digest realm=x, nonce=n\(number), stale=true")
            verdicts.append(verdict)
            if verdict != .again { break }
        }
        #expect(verdicts == [.again, .again, .again, .failed(.credentialsRefused)])
    }

    @Test func withoutCredentialsThereIsNoAnswer() {
        var authentication = ProxyAuthentication(RecordingHashes())
        let open = Proxy(kind: .http, host: "proxy", port: 3128)
        #expect(next(&authentication, open) == nil)
        #expect(authentication.challenged("Basic realm=x") == .failed(.credentialsMissing))
    }

    @Test func kindsThatAreNotSpokenAreNamed() {
        var authentication = ProxyAuthentication(RecordingHashes())
        _ = next(&authentication)
        #expect(
            authentication.challenged("Negotiate, NTLM") == .failed(.unknownAuthentication("negotiate, ntlm")))
        #expect(authentication.challenged("") == .failed(.unknownAuthentication("")))
    }

    /// As OpenSSL's rules may be where FIPS 140 is asked for.
    @Test func aHashThatThisHostLacksIsNotPromised() {
        var authentication = ProxyAuthentication(RecordingHashes(lacks: .md5))
        _ = next(&authentication)
        #expect(authentication.challenged("Digest realm=x, nonce=n") == .failed(.unknownAuthentication("digest")))
        authentication.attemptBegan()
        #expect(authentication.challenged("Digest realm=x, nonce=n, Basic realm=x") == .again)
        #expect(next(&authentication) == "Basic dXNlcjpzZWNyZXQ=")
    }

    /// What one proxy asked for is nothing to another.
    @Test func anotherProxyBeginsAnew() {
        var authentication = ProxyAuthentication(RecordingHashes())
        _ = next(&authentication)
        #expect(authentication.challenged("Basic realm=x") == .again)
        #expect(next(&authentication, Proxy(kind: .http, host: "evil", port: 1, username: "u", password: "p")) == nil)
    }
}
