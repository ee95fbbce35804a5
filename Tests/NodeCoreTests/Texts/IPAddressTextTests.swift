// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct IPAddressTextTests {
    @Test(arguments: ["0.0.0.0", "127.0.0.1", "255.255.255.255"]) func version4(text: String) {
        #expect(IPAddressText.parse(text) == .version4)
    }

    @Test(arguments: ["::", "::1", "fe80::1%eth0", "2001:db8:0:0:0:0:0:1", "::ffff:10.0.0.1"])
    func version6(text: String) { #expect(IPAddressText.parse(text) == .version6) }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.256", "01.2.3.4", "plant", ":", ":::", "1::2::3", "[::1]", "::1]", "::1/64", "g::",
        "12345::", "10.0.0.1:80",
    ])
    func neither(text: String) { #expect(IPAddressText.parse(text) == nil) }
}
