// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct ProxyChallengeTests {
    private func shown(_ text: String) -> [String] {
        ProxyChallenge.parse(text).map { challenge in
            ([challenge.scheme] + challenge.parameters.map { "\($0.name)=\($0.value)" }).joined(separator: "|")
        }
    }

    @Test func readsSeveralInOneList() {
        #expect(
            shown(#"Basic realm="a, b", Digest realm="x", qop="auth,auth-int",nonce=abc, Negotiate"#) == [
                "basic|realm=a, b", "digest|realm=x|qop=auth,auth-int|nonce=abc", "negotiate",
            ])
    }

    @Test func takesWhatIsOddButPlain() {
        #expect(shown(#"BASIC Realm = "say \"hi\"" "#) == [#"basic|realm=say "hi""#])
        #expect(shown("NTLM TlRMTVNTUAAC==, Basic").contains("basic"))
        #expect(shown(#"Digest nonce="never ends"#) == ["digest|nonce=never ends"])
        #expect(shown("=, ,=\"x\" ,, a=b") == ["x|a=b"])
        #expect(shown("") == [])
    }

    /// No text of a proxy's makes it stumble.
    @Test func readsEveryPrefixOfEverything() {
        let text = Array(#"Basic realm="a\"b", Digest qop="auth" , nonce==x,"" = y Negotiate a=b=c "#.utf8)
        for end in 0...text.count {
            _ = ProxyChallenge.parse(String(decoding: text[..<end], as: UTF8.self))
            _ = ProxyChallenge.parse(String(decoding: text[end...], as: UTF8.self))
        }
    }
}
