// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct SocketAddressTests {
    @Test func readsLiterals() {
        #expect(SocketAddress(literal: "192.168.0.7", port: 80)?.text == "192.168.0.7:80")
        #expect(SocketAddress(literal: "2001:db8::1", port: 443)?.text == "[2001:db8::1]:443")
        #expect(SocketAddress(literal: "::1", port: 1)?.isIPv6 == true)
        #expect(SocketAddress(literal: "plant.example", port: 1) == nil)
        #expect(SocketAddress(literal: "", port: 1) == nil)
        #expect(SocketAddress(literal: "999.1.1.1", port: 1) == nil)
    }
}
