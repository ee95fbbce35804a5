// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct IPv6LiteralTests {
    @Test(arguments: [
        "::", "::1", "1::", "fe80::1", "2001:db8:0:0:0:0:0:1", "2001:DB8::8:800:200C:417A", "1:2:3:4:5:6:7:8",
        "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1", "64:ff9b::255.255.255.0",
    ])
    func acceptsAddresses(text: String) {
        #expect(IPv6Literal.isValid(Array(text.utf8)[...]))
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", "::1::", "1::2::3",
        "12345::", "g::", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "::ffff:192.0.2", "::ffff:192.0.2.256",
        "::ffff:192.0.02.1", "::192.0.2.1:1", "1:2:3:4:5:6:7:192.0.2.1", "::.1.2.3", "192.0.2.1", "::ffff:1.2.3.4.5",
        "::1 ", "::1%eth0",
    ])
    func refusesOtherText(text: String) {
        #expect(!IPv6Literal.isValid(Array(text.utf8)[...]))
    }
}
