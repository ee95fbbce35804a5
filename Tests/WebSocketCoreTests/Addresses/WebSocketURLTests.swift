// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct WebSocketURLTests {
    private struct Parts: Equatable {
        var isSecure = false
        var host = "h"
        var port: UInt16 = 80
        var resource = "/"
        var hostHeader = "h"
        var isIPv6Literal = false
    }

    private func parts(_ text: String) throws -> Parts {
        let url = try WebSocketURL.parse(text)
        return Parts(
            isSecure: url.isSecure, host: url.host, port: url.port, resource: url.resource,
            hostHeader: url.hostHeader, isIPv6Literal: url.isIPv6Literal)
    }

    @Test func takesURLsApart() throws {
        #expect(try parts("ws://h") == Parts())
        #expect(try parts("ws://h/") == Parts())
        #expect(try parts("wss://h") == Parts(isSecure: true, port: 443))
        #expect(try parts("WsS://H/A") == Parts(isSecure: true, port: 443, resource: "/A"))
        #expect(try parts("ws://h:80/") == Parts())
        #expect(try parts("ws://h:/") == Parts())
        #expect(try parts("wss://h:443") == Parts(isSecure: true, port: 443))
        #expect(try parts("ws://h:443") == Parts(port: 443, hostHeader: "h:443"))
        #expect(try parts("wss://h:80") == Parts(isSecure: true, port: 80, hostHeader: "h:80"))
        #expect(try parts("ws://h:65535/x") == Parts(port: 65535, resource: "/x", hostHeader: "h:65535"))
        #expect(try parts("ws://h:00081") == Parts(port: 81, hostHeader: "h:81"))
        #expect(try parts("ws://h?a=b") == Parts(resource: "/?a=b"))
        #expect(try parts("ws://h/a/b?c=d&e=/?:@") == Parts(resource: "/a/b?c=d&e=/?:@"))
        #expect(try parts("ws://h//a") == Parts(resource: "//a"))
        #expect(try parts("ws://h/%zz%2") == Parts(resource: "/%zz%2"))
        #expect(try parts("ws://h/a@b:c") == Parts(resource: "/a@b:c"))
        let name = "Plant-1.my_net.example"
        #expect(
            try parts("ws://\(name)")
                == Parts(host: "plant-1.my_net.example", hostHeader: "plant-1.my_net.example"))
    }

    @Test func takesAddressesApart() throws {
        #expect(try parts("ws://127.0.0.1:9001/") == Parts(host: "127.0.0.1", port: 9001, hostHeader: "127.0.0.1:9001"))
        #expect(try parts("ws://[::1]/") == Parts(host: "::1", hostHeader: "[::1]", isIPv6Literal: true))
        #expect(
            try parts("wss://[2001:DB8::1]:8443")
                == Parts(
                    isSecure: true, host: "2001:db8::1", port: 8443, hostHeader: "[2001:db8::1]:8443",
                    isIPv6Literal: true))
        #expect(
            try parts("ws://[fe80::1%25eth0.5]:81/")
                == Parts(host: "fe80::1%eth0.5", port: 81, hostHeader: "[fe80::1]:81", isIPv6Literal: true))
        #expect(try WebSocketURL.parse("ws://[fe80::1%25eth0.5]:81/").shownAuthority == "[fe80::1%25eth0.5]:81")
        #expect(try WebSocketURL.parse("ws://[::1]/").shownAuthority == "[::1]")
    }

    @Test(arguments: [
        ("", URLError.missingScheme), ("h", .missingScheme), ("h:80", .missingScheme), ("//h", .missingScheme),
        ("ws:h", .missingScheme), ("ws:/h", .missingScheme), ("://h", .missingScheme), ("h/ws://", .missingScheme),
        ("http://h", .httpScheme), ("HTTPS://h", .httpsScheme), ("mqtt://h", .otherScheme), ("w://h", .otherScheme),
        ("ws://", .emptyHost), ("ws:///path", .emptyHost), ("ws://:80", .emptyHost), ("ws://?q", .emptyHost),
        ("ws://h:0", .invalidPort), ("ws://h:65536", .invalidPort), ("ws://h:99999999999999999999", .invalidPort),
        ("ws://h:80a", .invalidPort), ("ws://h:-1", .invalidPort), ("ws://h:80:80", .invalidPort),
        ("ws://h:+80", .invalidPort), ("ws://u@h", .userinfo), ("ws://u:p@h:80/x", .userinfo), ("ws://@h", .userinfo),
        ("ws://h/#a", .fragment), ("ws://h#", .fragment), ("ws://h?q#", .fragment), ("ws://h /", .forbiddenCharacter),
        (" ws://h", .forbiddenCharacter), ("ws://h/\r\nX: y", .forbiddenCharacter), ("ws://h/\0", .forbiddenCharacter),
        ("ws://h/\u{7F}", .forbiddenCharacter), ("ws://hä/", .host(.unavailable)), ("ws://h/ä", .notASCII),
        ("ws://[::1", .invalidIPv6), ("ws://[]", .invalidIPv6), ("ws://[::1]x", .invalidIPv6),
        ("ws://[1.2.3.4]", .invalidIPv6), ("ws://[fe80::1%eth0]", .invalidIPv6), ("ws://[fe80::1%25]", .invalidIPv6),
        ("ws://::1", .invalidIPv6), ("ws://fe80::1/", .invalidIPv6), ("ws://FE80::1%eth0:80/", .invalidIPv6),
        ("ws://10.0.0.1:80:90", .invalidIPv6), ("ws://h:1:2", .invalidPort), ("ws://h*/", .invalidHost),
        ("ws://a%41", .invalidHost),
        ("ws://a\\b", .invalidHost), ("ws://[::1]:0", .invalidPort),
    ])
    func refusesOtherText(text: String, error: URLError) {
        #expect(throws: error) { try WebSocketURL.parse(text) }
    }

    @Test func limitsLengths() throws {
        let host = String(repeating: "a", count: 253)
        #expect(try WebSocketURL.parse("ws://\(host)").host == host)
        #expect(throws: URLError.hostTooLong) { try WebSocketURL.parse("ws://\(host)a") }
        let path = String(repeating: "a", count: 8192 - 7)
        #expect(try WebSocketURL.parse("ws://h/\(path)").resource.utf8.count == 8186)
        #expect(throws: URLError.tooLong) { try WebSocketURL.parse("ws://h/\(path)a") }
    }

    @Test func hasASentenceOfItsOwnForEachFault() {
        let texts = URLError.allCases.map(\.text)
        #expect(Set(texts).count == texts.count)
        for text in texts { #expect(text.hasPrefix("The URL") && text.hasSuffix(".")) }
        #expect(URLError.otherScheme.text.contains("ws:// or wss://"))
        #expect(URLError.tooLong.text.contains("\(WebSocketURL.maxURLBytes)"))
        #expect(URLError.hostTooLong.text.contains("\(HostName.bytesMax)"))
    }
}
