// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct SettingsRulesTests {
    @Test func whatBelongsTogetherComesTogether() {
        let cases: [(String, String)] = [
            (#""cert":" -----BEGIN CERTIFICATE-----""#, #""cert" stands without "key""#),
            (#""key":"K""#, #""key" stands without "cert""#),
            (#""keypass":"P""#, #""keypass" stands without "key""#),
            (#""password":"P""#, #""password" stands without "username""#),
            (#""username":"u","token":"t""#, #""token" stands beside "username"; give one or the other"#),
            (
                #""token":"t","headers":{"authorization":"x"}"#,
                #""token" stands beside the header "Authorization"; give one or the other"#
            ),
            (#""format":3"#, #""schema" is missing; the format "custom" needs its template"#),
            (
                #""reconnect-min":61,"reconnect-max":60"#,
                #""reconnect-max" is 60; it takes at least reconnect-min, 61"#
            ),
            (
                #""tls-pins":["x"]"#,
                #""tls-pins" holds "x"; it takes the base64 of 32 bytes, or 64 hexadecimal digits, "#
                    + "each perhaps behind sha256/"
            ),
            (
                #""tls-time-floor":"1.1.2026""#,
                #""tls-time-floor" is "1.1.2026"; it takes a day as YYYY-MM-DD, 2026-01-31 for one"#
            ),
            (#""tls-verify-name":"a b""#, #""tls-verify-name" holds a character that no host name has"#),
            (
                #""tls-verify-name":"a","tls-verify":false"#,
                #""tls-verify-name" stands beside "tls-verify" false, with which no name is looked at"#
            ),
            (#""source-address":"x""#, #""source-address" is no IPv4 or IPv6 address"#),
            (#""source-address":"1.2.3.256""#, #""source-address" is no IPv4 or IPv6 address"#),
            (#""source-address":"1.2.3.04""#, #""source-address" is no IPv4 or IPv6 address"#),
            (
                #""source-address":"1.2.3.4","ip-version":6"#,
                #""source-address" is an address of the other "ip-version""#
            ),
            (
                #""source-address":"::1","ip-version":"4""#,
                #""source-address" is an address of the other "ip-version""#
            ),
        ]
        for (members, text) in cases { #expect(refusal(withURL(members))?.text == text, "\(members)") }
        let good = [
            #""cert":"C","key":"K""#, #""cert":"PKCS12","keypass":"P""#, #""username":"u""#, #""format":1,"schema":"""#,
            #""format":1,"schema":{"a":1}"#, #""source-address":"::1","ip-version":"any""#,
            #""source-address":"fe80::1%eth0""#, #""reconnect-min":60"#, #""headers":{"Authorization":"x"}"#,
        ]
        for members in good { #expect(refusal(withURL(members)) == nil, "\(members)") }
    }

    @Test func textsOfTheHandshakeAreChecked() {
        let cases: [(String, String)] = [
            (
                #""headers":{"A":"b\nc"}"#,
                #""headers" holds the header "A": the header's value holds a line break or another control character"#
            ),
            (#""headers":{"":"b"}"#, #""headers" holds the header "": the header has no name"#),
            (#""headers":{"A":"1","a":"2"}"#, #""headers" holds "a" twice"#),
            (#""subprotocols":["a","a"]"#, #""subprotocols" cannot be offered: a subprotocol is named twice"#),
            (#""origin":"a\u0007""#, #""origin" holds a control character"#),
            (#""user-agent":"a\r\nb""#, #""user-agent" holds a control character"#),
            (#""username":"a:b""#, #""username" holds a colon, which Basic authentication forbids"#),
            (#""token":"a b""#, #""token" holds a space, a control character or one beyond ASCII"#),
            (
                #""tls-ciphers":"HIGH; LOW""#,
                #""tls-ciphers" holds a character that no cipher list has; it takes names with colons between them"#
            ),
            (#""tls-server-name":"a/b""#, #""tls-server-name" holds a character that no host name has"#),
            (#""tls-alpn":[""]"#, #""tls-alpn" holds an empty text"#),
            (#""bind-interface":"a/b""#, #""bind-interface" holds a character that no interface's name has"#),
            (#""bind-interface":"..""#, #""bind-interface" is no interface's name"#),
            (#""origin":"a\u0000b""#, #""origin" holds U+0000, which no setting may"#),
        ]
        for (members, text) in cases { #expect(refusal(withURL(members))?.text == text, "\(members)") }
        for name in ["Transfer-Encoding", "connection", "Upgrade", "Sec-WebSocket-Key", "content-length"] {
            let text = refusal(withURL("\"headers\":{\"\(name)\":\"x\"}"))?.text
            #expect(text?.contains("the header belongs to the handshake itself") == true, "\(name)")
        }
    }
}
