// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct ServerAccessTests {
    @Test func aURLMayHaveCredentialsOfItsOwn() throws {
        let settings = try NodeSettings.parse(
            json: #"{"url":["ws://a",{"url":"ws://b","username":"u","password":"pass-word"},"#
                + #"{"url":"ws://c","token":"to-ken","headers":{"X":"1"}}],"token":"for-all"}"#)
        #expect(settings.urls.map { $0.host } == ["a", "b", "c"])
        #expect(settings.access(0) == .none)
        #expect(settings.access(1) == ServerAccess(username: "u", password: "pass-word"))
        #expect(settings.access(2) == ServerAccess(token: "to-ken", headers: [NamedText(name: "X", text: "1")]))
        #expect(settings.access(3) == .none && settings.token == "for-all")
        #expect(settings.accessSecrets == ["pass-word", "to-ken"])
    }

    @Test func anotherTokenIsAnotherConnection() throws {
        func settings(_ token: String) throws -> NodeSettings {
            try NodeSettings.parse(json: #"{"url":[{"url":"ws://a","token":"\#(token)"}]}"#)
        }
        #expect(try settings("abc").connectionEquals(settings("abc")))
        #expect(try !settings("abc").connectionEquals(settings("abd")))
    }

    @Test func whatIsWrongIsNamedWithItsPlace() {
        let cases = [
            (#"{"token":"t"}"#, #""url" at 1 is an object without "url""#),
            (
                #"{"url":"ws://b","tokn":"secret"}"#,
                #""url" at 1 holds "tokn"; a URL's object takes url, username, password, token and headers"#
            ),
            (#"{"url":"ws://b","password":"p"}"#, #""url" at 1: "password" stands without "username""#),
            (
                #"{"url":"ws://b","username":"u"}"#,
                #""url" at 1 holds "username" without "password", and the one of the settings is not for it; "#
                    + #"give "password", "" where there is none"#
            ),
            (
                #"{"url":"ws://b","username":"a:b","password":""}"#,
                #""url" at 1: "username" holds a colon, which Basic authentication forbids"#
            ),
            (
                #"{"url":"ws://b","username":"u","token":"t"}"#,
                #""url" at 1: "token" stands beside "username"; give one or the other"#
            ),
            (
                #"{"url":"ws://b","token":"t","headers":{"authorization":"x"}}"#,
                #""url" at 1: "token" stands beside the header "Authorization"; give one or the other"#
            ),
            (
                #"{"url":"ws://b","headers":{"Upgrade":"x"}}"#,
                #""url" at 1 holds the header "Upgrade": "#
                    + "the header belongs to the handshake itself and cannot be set: Upgrade, Connection, "
                    + "Content-Length, Transfer-Encoding and all that begin with Sec-WebSocket-"
            ),
            (#"{"url":"ws://b","token":7}"#, #""token" at 1 is an integer; it takes a text of at most 16384 bytes"#),
            (
                #"{"url":"http://b"}"#,
                #""url" at 1 cannot be used: the URL begins with http://; a WebSocket URL begins "#
                    + "with ws:// (or wss:// for TLS)"
            ),
        ]
        for (member, text) in cases { #expect(refusal(#"{"url":["ws://a",\#(member)]}"#)?.text == text, "\(member)") }
        #expect(
            refusal(#"{"url":"[{\"url\":\"ws://b\",\"token\":\"t\"}]"}"#)?.text
                == "\"url\" at 0 is an object in a text, where its credentials would not be kept secret; give the "
                + "array itself, not a text that holds it")
    }
}
