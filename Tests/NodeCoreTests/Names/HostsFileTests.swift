// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct HostsFileTests {
    private func addresses(_ name: String, _ content: String) -> [String] {
        Array(content.utf8).withUnsafeBytes { HostsFile.addresses(of: name, in: $0) }
    }

    private let usual = """
        # The gateway
        127.0.0.1\tlocalhost
        127.0.1.1 edge-gw.plant.example edge-gw   # itself
        ::1       localhost ip6-localhost edge-gw

        10.0.0.7  server\tServer.Plant.example\r
        #10.0.0.8 former
        """

    @Test func findsEachLineOfAName() {
        #expect(addresses("edge-gw", usual) == ["127.0.1.1", "::1"])
        #expect(addresses("edge-gw.plant.example", usual) == ["127.0.1.1"])
        #expect(addresses("localhost", usual) == ["127.0.0.1", "::1"])
    }

    @Test func caseDoesNotMatter() {
        #expect(addresses("SERVER", usual) == ["10.0.0.7"])
        #expect(addresses("server.plant.EXAMPLE", usual) == ["10.0.0.7"])
        #expect(addresses("server.plant.example.", usual) == ["10.0.0.7"])
        #expect(addresses("server..", usual) == [] && addresses(".", usual) == [])
    }

    @Test func commentsPartsAndAddressesAreNoNames() {
        for name in ["former", "itself", "edge", "edge-gw.plant", "10.0.0.7", "127.0.0.1", "", "#"] {
            #expect(addresses(name, usual) == [])
        }
    }

    @Test func anyContentIsTaken() {
        for content in [
            "", "\n", "#", "1.2.3.4", " \t1.2.3.4", "1.2.3.4 ", "\r\n\r\n", "\u{0}\u{ff}\n1.2.3.4 a", "a a",
        ] {
            _ = addresses("a", content)
            #expect(addresses("b", content) == [])
        }
        #expect(addresses("a", "1.2.3.4 a") == ["1.2.3.4"])
        #expect(addresses("a", "  1.2.3.4\t\ta#b") == ["1.2.3.4"])
        #expect(addresses("a", "1.2.3.4 a a") == ["1.2.3.4"])
        // Cut off at every byte.
        let whole = Array(usual.utf8)
        for end in 0...whole.count {
            Array(whole[..<end]).withUnsafeBytes { _ = HostsFile.addresses(of: "edge-gw", in: $0) }
        }
    }

    @Test func takesNoMoreAddressesThanAnybodyTries() {
        let lines = (0..<1000).map { "10.0.\($0 / 250).\($0 % 250) a\n" }.joined()
        #expect(addresses("a", lines).count == 256)
        #expect(addresses("a", String(repeating: "1", count: 1000) + " a\n1.2.3.4 a") == ["1.2.3.4"])
    }
}
