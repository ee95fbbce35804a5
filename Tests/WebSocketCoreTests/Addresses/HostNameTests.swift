// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

/// Answers as it is told.
private final class ToldNames: HostNames {
    private let answers: [String: Result<String, HostNameFault>]

    init(_ answers: [String: Result<String, HostNameFault>]) { self.answers = answers }

    func ascii(_ name: String) throws(HostNameFault) -> String {
        guard let answer = answers[name] else { throw .disallowed }
        return try answer.get()
    }
}

struct HostNameTests {
    private let names = ToldNames([
        "Fabrik-München.example": .success("xn--fabrik-mnchen-3ob.example"),
        "例え。テスト": .success("xn--r8jz45g.xn--zckzah"), "ä.": .success("xn--4ca."), "１２７.0.0.1": .success("127.0.0.1"),
        "℀.example": .success("a/c.example"), "ä..b": .success("xn--4ca..b"), "\u{AD}": .success(""),
        "＠": .success("@"), "：": .success(":1"), "？": .success("?"), "lang": .failure(.tooLong),
        "ä-": .failure(.disallowed), "אa": .failure(.mixedDirections), "äää": .failure(.labelTooLong),
        "xn--ä": .failure(.badASCIIForm), "é": .success("xn--" + String(repeating: "a", count: 60)),
        "è": .success(String(repeating: "a.", count: 127)), "UPPER-Ä": .success("XN--UPPER--CUA"),
    ])

    @Test func aHostBeyondASCIIIsAskedForByItsASCIIForm() throws {
        let url = try WebSocketURL.parse("wss://Fabrik-München.example:8443/p?q", names)
        #expect(url.host == "xn--fabrik-mnchen-3ob.example")
        #expect(url.hostHeader == "xn--fabrik-mnchen-3ob.example:8443")
        #expect(url.shownAuthority == "Fabrik-München.example:8443")
        #expect(url.resource == "/p?q")
        let longer = url.appending(segment: "x")
        #expect(longer.host == url.host && longer.shownAuthority == url.shownAuthority)
    }

    @Test func dotsOfOtherScriptsAndADotAtTheEndAreTaken() throws {
        #expect(try WebSocketURL.parse("ws://例え。テスト:81", names).hostHeader == "xn--r8jz45g.xn--zckzah:81")
        #expect(try WebSocketURL.parse("ws://ä./", names).host == "xn--4ca.")
        #expect(try WebSocketURL.parse("ws://１２７.0.0.1/", names).host == "127.0.0.1")
        #expect(try WebSocketURL.parse("ws://UPPER-Ä/", names).host == "xn--upper--cua")
    }

    @Test func namesInASCIIAreNotAskedAbout() throws {
        let url = try WebSocketURL.parse("ws://XN--4ca.Example/", names)
        #expect(url.host == "xn--4ca.example")
        #expect(url.writtenHost == nil && url.shownAuthority == "xn--4ca.example")
        #expect(try HostName.ascii("PLANT") == "plant")
    }

    @Test func twoWaysToWriteAHostAreOneURL() throws {
        let written = try WebSocketURL.parse("ws://Fabrik-München.example/", names)
        let plain = try WebSocketURL.parse("ws://xn--fabrik-mnchen-3ob.example/")
        #expect(written == plain)
        #expect(written.shownAuthority != plain.shownAuthority)
        #expect(written != (try WebSocketURL.parse("ws://xn--fabrik-mnchen-3ob.example:81/")))
    }

    /// A character may look like one that ends a host: what comes of it must not lead elsewhere.
    @Test(arguments: [
        ("℀.example", HostNameFault.disallowed), ("＠", .disallowed), ("：", .disallowed), ("？", .disallowed),
        ("\u{AD}", .disallowed), ("ä..b", .disallowed), ("ä-", .disallowed), ("אa", .mixedDirections),
        ("äää", .labelTooLong), ("é", .labelTooLong), ("è", .tooLong), ("xn--ä", .badASCIIForm),
    ])
    func whatIDNARefusesIsRefused(host: String, fault: HostNameFault) {
        #expect(throws: URLError.host(fault)) { try WebSocketURL.parse("ws://\(host)/", names) }
        #expect(throws: URLError.host(.unavailable)) { try WebSocketURL.parse("ws://\(host)/") }
    }

    @Test func onlyTheHostMayBeBeyondASCII() {
        for text in ["ws://h/ä", "ws://h?ä", "ws+unix:///s:/ä", "ws://h/?q=ä"] {
            #expect(throws: URLError.notASCII, "\(text)") { try WebSocketURL.parse(text, names) }
        }
        #expect(throws: URLError.missingScheme) { try WebSocketURL.parse("wß://h", names) }
        #expect(throws: URLError.userinfo) { try WebSocketURL.parse("ws://ü@h", names) }
        #expect(throws: URLError.invalidPort) { try WebSocketURL.parse("ws://h:８０", names) }
        #expect(throws: URLError.invalidPort) { try WebSocketURL.parse("ws://ä.:0", names) }
        #expect(throws: URLError.invalidIPv6) { try WebSocketURL.parse("ws://[::１]", names) }
    }

    @Test func withoutALibraryItIsSaidWhatToDo() {
        let text = URLError.host(.unavailable).text
        #expect(text.contains("libidn2-0") && text.contains("xn-- form") && text.contains("the tool idn2"))
    }
}
