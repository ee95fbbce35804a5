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

    @Test(arguments: [
        (#"a "to\u006ben \/x\"y" b"#, #"a "…" b"#), ("k=token+%2fx%22y&b", "k=…&b"), ("%74oken%20/x\"y", "…"),
        (#"\u0074oken /x\"y"#, "…"), ("token%2", "token%2"),
        (#"{\"a\":\"token /x\\\"y\"}"#, #"{\"a\":\"…\"}"#), (#"\\u0074oken \\/x\\\"y!"#, "…!"),
        (#"token \u005c/x\u005c\u0022y!"#, "…!"),
    ])
    func aSecretThatIsEscapedIsOneToo(said: String, shown: String) {
        let mask = SecretMask(headerValues: [], others: ["token /x\"y"])
        #expect(ForeignText(said).masked(by: mask).shown() == shown)
    }

    /// In the middle of an escape, too.
    @Test(arguments: ["", "\\", "\\u", "\\u00e"])
    func whatIsCutOffInAnEscapeIsKnown(end: String) {
        let mask = SecretMask(headerValues: [], others: ["0123456789abcdef\u{e9}\u{1F600}xyz"])
        #expect(ForeignText("0123456789abcde\\u0066" + end).masked(by: mask).shown() == "…")
        let whole = "0123456789abcdef\\u00e9\\ud83d\\ude00xyz!"
        #expect(ForeignText(whole).masked(by: mask).shown() == "…!")
    }

    @Test func theValuesOfAQueryAreSecrets() throws {
        let url = try WebSocketURL.parse("ws://h/path?key=0123456&other=1&bare-secret")
        let mask = SecretMask(headerValues: [], others: SecretMask.secrets(of: url))
        #expect(ForeignText("0123456 path other bare-secret 1").masked(by: mask).shown() == "… path other … 1")
    }

    /// Where a URL encodes, the server knows what that stands for, and says it in its own form.
    @Test(arguments: [
        "bad key abc/def ghi+jkl", "bad key abc%2Fdef%20ghi+jkl", "bad key abc%2fdef+ghi%2Bjkl",
        #"bad key abc\/def ghi+jkl"#, "bad key abc&#47;def&#32;ghi&#x2b;jkl", "bad key abc/def ghi jkl",
    ])
    func whatAQueryStandsForIsASecretToo(said: String) throws {
        let url = try WebSocketURL.parse("ws://h/path?key=abc%2Fdef%20ghi+jkl")
        let mask = SecretMask(headerValues: [], others: SecretMask.secrets(of: url))
        #expect(ForeignText(said).masked(by: mask).shown() == "bad key …")
        #expect(ForeignText("ws://h/x?t=" + said.dropFirst(8)).masked(by: mask).shown() == "ws://h/x?t=…")
    }

    @Test func whatIsEncodedInUTF8IsKnownAsItsCharacters() throws {
        let url = try WebSocketURL.parse("ws://h/?key=gr%C3%BC%C3%9Fe%F0%9F%98%80-1")
        let mask = SecretMask(headerValues: [], others: SecretMask.secrets(of: url))
        for said in ["grüße😀-1", #"gr\u00fc\u00dfe\ud83d\ude00-1"#, "gr&#252;&#xDF;e&#128512;-1"] {
            #expect(ForeignText("<\(said)>").masked(by: mask).shown() == "<…>", "\(said)")
        }
    }

    @Test func markupIsSeenThrough() {
        let mask = SecretMask(headerValues: [], others: ["0123456789<abcdef>&\"'x"])
        for said in [
            "0123456789&lt;abcdef&gt;&amp;&quot;&apos;x", "0123456789&#60;abcdef&#x3E;&\"&#39;x",
            "0123456789&lt;abcdef&g", "0123456789&lt;abcdef&#x3",
        ] {
            #expect(ForeignText("[" + said).masked(by: mask).shown() == "[…", "\(said)")
        }
        #expect(ForeignText("0123456789&lt;abcde & more").masked(by: mask).shown() == "0123456789&lt;abcde & more")
        #expect(ForeignText("&;&#;&#x;&#99999999;&#xD800;").masked(by: mask).shown() == "&;&#;&#x;&#99999999;&#xD800;")
    }

    @Test func whatAHeaderHoldsIsASecretByItself() {
        let mask = SecretMask(
            headerValues: ["Basic Z2F0ZXdheTpodW50ZXIyMg==", "theme=dark; session=s3cret%2Fvalue; id=1"], others: [])
        #expect(ForeignText("not hunter22").masked(by: mask).shown() == "not …")
        #expect(ForeignText("no session s3cret/value").masked(by: mask).shown() == "no session …")
        #expect(ForeignText("dark gateway").masked(by: mask).shown() == "dark gateway")
    }

    @Test(arguments: [
        (["chat", "bearer", "s3cret-one"], "chat, bearer, …"),
        (["access_token", "s3cret-one", "mqtt"], "access_token, …, mqtt"),
        (["X-Auth-Token", "s3cret-one"], "X-Auth-Token, …"), (["Bearer", "abc"], "Bearer, abc"),
        (["v4.channel.k8s.io", "base64url.bearer.authorization.k8s.io.czNjcmV0LW9uZQ"], "v4.channel.k8s.io, …"),
        (["realtime", "insecure-api-key.sk-0123456789abcdef"], "realtime, …"),
        (["graphql-ws", "eyJhbGciOiJub25lIn0.e30."], "graphql-ws, …"),
        (["x", "0123456789abcdef0123456789abcdef"], "x, …"),
        (["com.microsoft.minecraft.dataprotection", "v12.stomp", "ocpp2.0.1"], nil),
        (["token-service.v1", "keyboard.events"], nil), (["chat.example.com", "opcua+uacp"], nil), ([], nil),
    ])
    func aTokenAmongTheSubprotocolsIsASecret(names: [String], shown: String?) {
        let list = names.joined(separator: ", ")
        let mask = SecretMask(headerValues: [], others: SecretMask.secrets(of: names))
        #expect(ForeignText(list).masked(by: mask).shown(charactersMax: 500) == shown ?? list)
    }

    /// A server that takes such a name apart tells the token alone.
    @Test func aTokenBehindItsWordIsASecretOfItsOwn() {
        let mask = SecretMask(
            headerValues: [], others: SecretMask.secrets(of: ["base64url.bearer.authorization.k8s.io.czNjcmV0LW9uZQ"]))
        #expect(ForeignText("no such user: czNjcmV0LW9uZQ").masked(by: mask).shown() == "no such user: …")
    }

    @Test func aRedirectThatRepeatsATokenIsShownWithoutIt() {
        let error = HandshakeError.unexpectedStatus(302, location: "ws://h/token-of-ours", retryAfterSeconds: nil)
        #expect(error.masked(by: mask).text.contains("it points to ws://h/…"))
        #expect(HandshakeError.missingUpgrade(found: "hunter22").masked(by: mask).text.contains("Upgrade: …;"))
    }
}
