// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct WebSocketURLUnixTests {
    @Test func aSocketOfThisHostHasAPath() throws {
        for (text, path, resource) in [
            ("ws+unix:///run/server.sock", "/run/server.sock", "/"),
            ("WS+UNIX:///run/server.sock:/data?a=b:c", "/run/server.sock", "/data?a=b:c"),
            ("ws+unix:///run/büro.sock:/d", "/run/büro.sock", "/d"),
            ("ws+unix:///s:?q", "/s", "/?q"), ("ws+unix:///s:data", "/s", "/data"), ("ws+unix:///s:", "/s", "/"),
            ("ws+unix:///" + String(repeating: "a", count: 106), "/" + String(repeating: "a", count: 106), "/"),
        ] {
            let url = try WebSocketURL.parse(text)
            #expect(url.unixPath == path && url.resource == resource && !url.isSecure)
            #expect(url.hostHeader == "localhost")
            #expect(url.appending(segment: "x").unixPath == path)
        }
        #expect(try WebSocketURL.parse("ws://h").unixPath == nil)
    }

    @Test func whatIsNoAbsolutePathIsRefused() {
        for text in [
            "ws+unix://", "ws+unix:///", "ws+unix://run/x", "ws+unix:///run/", "ws+unix://:/x",
            "ws+unix:///run/a?b", "ws+unix:///run/a?b:/c", "ws+unix:///run/a#b",
            "ws+unix:///" + String(repeating: "a", count: 107),
        ] {
            #expect(throws: URLError.invalidUnixPath, "\(text)") { try WebSocketURL.parse(text) }
        }
        #expect(throws: URLError.fragment) { try WebSocketURL.parse("ws+unix:///s:/a#b") }
        #expect(throws: URLError.secureUnix) { try WebSocketURL.parse("wss+unix:///s") }
    }
}
