// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct IPv4LiteralTests {
    @Test(arguments: ["0.0.0.0", "10.0.0.7", "255.255.255.255", "127.0.0.1"]) func isAnAddress(text: String) {
        #expect(IPv4Literal.isValid(Array(text.utf8)[...]))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.00", "256.1.1.1", "1.2.3.1000",
        "1.2.3.a", "1.2.3.-4", " 1.2.3.4",
    ])
    func isNone(text: String) {
        #expect(!IPv4Literal.isValid(Array(text.utf8)[...]))
    }

    @Test func hasFourBytes() {
        #expect(IPv4Literal.bytes(Array("192.0.2.255".utf8)[...]) == [192, 0, 2, 255])
        #expect(IPv4Literal.bytes(Array("192.0.2.256".utf8)[...]) == nil)
    }
}
