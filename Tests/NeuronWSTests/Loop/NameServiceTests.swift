// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct NameServiceTests {
    private func isIPv6(_ version: IPVersion, of host: String = "plant") -> [Bool] {
        let hosts: SecretBytes = "10.0.0.1 plant gateway\nfd00::1 plant\nno-address plant\n192.0.2.1 other\n"
        return NameService.addressesInHostsFile(LookupQuestion(host: host, version: version), hosts).map(\.isIPv6)
    }

    @Test func theHostsFileAnswersInTheWantedVersion() {
        #expect(isIPv6(.any) == [false, true])
        #expect(isIPv6(.v4) == [false])
        #expect(isIPv6(.v6) == [true])
        #expect(isIPv6(.any, of: "gateway") == [false])
        #expect(isIPv6(.any, of: "nobody").isEmpty)
        #expect(NameService.addressesInHostsFile(LookupQuestion(host: "plant", version: .any), "").isEmpty)
    }

    @Test(arguments: [("127.0.0.1", IPVersion.any, false), ("127.0.0.1", .v4, false), ("::1", .v6, true)])
    func anAddressIsItsOwnAnswer(host: String, version: IPVersion, isIPv6: Bool) {
        guard case .addresses(let found) = NameService.ask(LookupQuestion(host: host, version: version)) else {
            Issue.record("there is no answer")
            return
        }
        #expect(found.map(\.isIPv6) == [isIPv6])
    }

    @Test func anAddressOfTheOtherVersionIsNoAnswer() {
        guard case .failed(.system(let code, _)) = NameService.ask(LookupQuestion(host: "127.0.0.1", version: .v6))
        else {
            Issue.record("there is an answer")
            return
        }
        #expect(code != 0)
    }
}
