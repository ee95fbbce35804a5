// SPDX-License-Identifier: Apache-2.0
import CIDN2
import Testing
import WebSocketCore

@testable import NeuronWS

/// With libidn2 itself, which `make test-dependencies` installs.
struct LoadedHostNamesTests {
    private func ascii(_ name: String) throws(URLError) -> String {
        try HostName.ascii(name, LoadedHostNames.shared)
    }

    @Test(arguments: [
        ("fabrik-münchen.example", "xn--fabrik-mnchen-3ob.example"),
        ("FABRIK-MÜNCHEN.Example.", "xn--fabrik-mnchen-3ob.example."),
        ("fabrik-mu\u{308}nchen.example", "xn--fabrik-mnchen-3ob.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"), ("faß．de", "xn--fa-hia.de"), ("straße.de", "xn--strae-oqa.de"),
        ("ａｂｃ.de", "abc.de"), ("１２７.0.0.1", "127.0.0.1"), ("xn--mnchen-3ya.ä", "xn--mnchen-3ya.xn--4ca"),
        ("a\u{AD}b.ä", "ab.xn--4ca"), ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
    ])
    func namesHaveTheirASCIIForm(name: String, form: String) throws {
        #expect(try ascii(name) == form)
    }

    @Test(arguments: [
        ("☃.net", HostNameFault.disallowed), ("💩.example", .disallowed), ("\u{308}a.de", .disallowed),
        ("ab--ä", .disallowed), ("-ä", .disallowed), ("ä-", .disallowed), ("\u{202E}ä", .disallowed),
        ("\u{200D}ä", .disallowed), ("\u{378}", .disallowed), ("℀.example", .disallowed), ("ä b", .disallowed),
        ("＠ä", .disallowed), ("ä：1", .disallowed), ("\u{AD}", .disallowed), ("ä..b", .disallowed), (".ä", .disallowed),
        ("ä。。b", .disallowed), ("xn--ä.de", .badASCIIForm), ("xn--mnchen-3y.ä", .badASCIIForm),
        ("xn--.ä", .badASCIIForm),
        ("אa.de", .mixedDirections), (String(repeating: "ä", count: 60), .labelTooLong),
        (String(repeating: "a", count: 64) + ".ä", .labelTooLong),
        ([String](repeating: String(repeating: "ä", count: 40), count: 6).joined(separator: "."), .tooLong),
    ])
    func whatIDNARefusesIsToldApart(name: String, fault: HostNameFault) {
        #expect(throws: URLError.host(fault)) { try ascii(name) }
    }

    @Test func everyFaultOfTheLibraryIsOne() {
        #expect(LoadedHostNames.fault(-100) == .unreadable)
        #expect(LoadedHostNames.fault(-200) == .unreadable)
        #expect(LoadedHostNames.fault(-205) == .tooLong)
        #expect(LoadedHostNames.fault(-9_999) == .disallowed)
        #expect(LoadedHostNames.fault(.max) == .disallowed)
    }
}
