// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct SettingsURLTests {
    @Test func badURLsAreRefusedWithAReason() {
        let cases: [(String, String)] = [
            (#""h/x""#, "the URL has no scheme; it has to begin with ws:// or wss://"),
            (#""http://h""#, "the URL begins with http://; a WebSocket URL begins with ws:// (or wss:// for TLS)"),
            (#""https://h""#, "the URL begins with https://; a WebSocket URL with TLS begins with wss://"),
            (#""ftp://h""#, "the URL has an unknown scheme; it has to begin with ws:// or wss://"),
            (#""ws://h:0/""#, "the URL's port is not a number from 1 to 65535"),
            (#""ws://h:65536/""#, "the URL's port is not a number from 1 to 65535"),
            (#""ws://h:x/""#, "the URL's port is not a number from 1 to 65535"),
            (
                #""ws://u:p@h/""#,
                "the URL holds a user name or password before an @; give them as username and password instead"
            ),
            (
                #""ws://[::1/""#,
                "the URL's host is not an IPv6 address in brackets; expected one like [2001:db8::1], or with a zone, "
                    + "behind %25, [fe80::1%25eth0]"
            ),
            (#""ws:///x""#, "the URL has no host; expected ws://host[:port][/path]"),
            (
                #""ws://h/#f""#,
                "the URL holds a #, which WebSocket URLs must not have; write it as %23 if it belongs to the path"
            ),
        ]
        for (url, reason) in cases {
            #expect(refusal("{\"url\":\(url)}")?.text == "\"url\" cannot be used: " + reason, "\(url)")
        }
    }

    @Test func aURLOf100KilobytesIsRefused() {
        let url = "ws://h/" + String(repeating: "a", count: 100_000)
        #expect(refusal("{\"url\":\"\(url)\"}")?.text == "\"url\" has 100007 bytes; it takes at most 8192")
    }

    @Test func anIPv6LiteralAndEdgePortsAreTaken() throws {
        let settings = try NodeSettings.parse(
            json: #"{"url":["ws://[::1]:1/","ws://h:65535","wss://[fe80::1%25eth0]"]}"#)
        #expect(settings.urls[0].isIPv6Literal)
        #expect(settings.urls[0].host == "::1")
        #expect(settings.urls[0].port == 1)
        #expect(settings.urls[1].port == 65535)
        #expect(settings.urls[2].port == 443)
        #expect(settings.redactedURLs[0] == "ws://[::1]:1/")
        // As it may be given again.
        #expect(settings.redactedURLs[2] == "wss://[fe80::1%25eth0]/")
    }

    @Test func wrongKindsAreRefused() {
        let takes =
            "it takes ws://host[:port][/path][?query] or wss://…, or at most 16 of them, as an array or in one text"
        #expect(refusal(#"{"url":5}"#)?.text == "\"url\" is an integer; " + takes)
        #expect(refusal(#"{"url":["ws://h",null]}"#)?.text == "\"url\" at 1 is null; " + takes)
        #expect(
            refusal(#"{"url":["ws://h","http://h"]}"#)?.text
                == "\"url\" at 1 cannot be used: the URL begins with http://; a WebSocket URL begins with ws:// "
                + "(or wss:// for TLS)")
        let many = [String](repeating: "\"ws://h\"", count: 17).joined(separator: ",")
        #expect(refusal("{\"url\":[\(many)]}")?.text == "\"url\" has 17 elements; it takes at most 16")
        for none in [#"{}"#, #"{"url":""}"#, #"{"url":[]}"#, #"{"port":1}"#] {
            #expect(
                refusal(none)?.text == "\"url\" is missing; it takes ws://host[:port][/path][?query] or wss://…",
                "\(none)")
        }
    }

    @Test func hostPortTLSAndPathMakeAURL() throws {
        let cases: [(String, String)] = [
            (#"{"host":"h"}"#, "ws://h/"),
            (#"{"host":"h","port":65535,"path":"/a/b"}"#, "ws://h:65535/a/b"),
            (#"{"host":"h","tls":true}"#, "wss://h/"),
            (#"{"host":"::1","tls":true,"port":1}"#, "wss://[::1]:1/"),
            (#"{"host":"[::1]"}"#, "ws://[::1]/"),
            (#"{"url":"","host":"h","path":"/?key=secret"}"#, "ws://h/?key=…"),
        ]
        for (json, url) in cases { #expect(try NodeSettings.parse(json: json).redactedURLs == [url], "\(json)") }
    }

    @Test func hostPortTLSAndPathAreChecked() {
        let port = "; it takes an integer from 1 to 65535"
        let cases: [(String, String)] = [
            (#"{"host":"h","port":0}"#, "\"port\" is 0, an integer" + port),
            (#"{"host":"h","port":65536}"#, "\"port\" is 65536, an integer" + port),
            (#"{"host":"h","port":"80"}"#, "\"port\" is \"80\", a text" + port),
            (#"{"host":"h:80"}"#, "\"host\" holds a colon; give the port as \"port\""),
            (
                #"{"host":"ws://h"}"#,
                "\"host\" holds more than a host; it takes a name or an address, and \"url\" takes the rest"
            ),
            (#"{"url":"ws://h","port":80}"#, "\"port\" stands beside \"url\"; give one or the other"),
        ]
        for (json, text) in cases { #expect(refusal(json)?.text == text, "\(json)") }
    }

    @Test func valuesOfTheQueryAreNotShown() throws {
        let cases: [(String, String)] = [
            ("ws://h/p?a=1&b=2", "ws://h/p?a=…&b=…"), ("ws://h/p?SECRET", "ws://h/p?…"),
            ("ws://h?k=a=b", "ws://h/?k=…"), ("ws://H:80/p", "ws://h/p"), ("ws://h/p?", "ws://h/p?…"),
            ("ws://h/p?a?b=c", "ws://h/p?a?b=…"),
        ]
        for (url, shown) in cases {
            #expect(try NodeSettings.parse(json: "{\"url\":\"\(url)\"}").redactedURLs == [shown], "\(url)")
        }
    }
}
