// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct IPAddressBytesTests {
    @Test(
        arguments: [
            ("192.0.2.7", [192, 0, 2, 7]), ("0.0.0.0", [0, 0, 0, 0]), ("255.255.255.255", [255, 255, 255, 255]),
        ] as [(String, [UInt8])])
    func fourBytes(text: String, bytes: [UInt8]) { #expect(IPAddressBytes.parse(text) == bytes) }

    @Test func sixteenBytesWithZeroesWhereTheyWereLeftOut() {
        let one = [UInt8](repeating: 0, count: 15) + [1]
        #expect(IPAddressBytes.parse("::1") == one)
        #expect(IPAddressBytes.parse("0:0:0:0:0:0:0:1") == one)
        #expect(IPAddressBytes.parse("::") == [UInt8](repeating: 0, count: 16))
        let documentation: [UInt8] = [0x20, 0x01, 0x0D, 0xB8]
        #expect(IPAddressBytes.parse("2001:DB8::") == documentation + [UInt8](repeating: 0, count: 12))
        #expect(
            IPAddressBytes.parse("2001:db8::a:b")
                == documentation + [UInt8](repeating: 0, count: 8) + [0, 0x0A, 0, 0x0B])
        #expect(
            IPAddressBytes.parse("1:2:3:4:5:6:7:8") == [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8])
        #expect(
            IPAddressBytes.parse("::ffff:192.0.2.7")
                == [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 7])
    }

    @Test(arguments: ["", "plant.example", "256.0.0.1", "1.2.3", "1:2", ":::", "[::1]", "fe80::1%eth0", "g::1"])
    func allElseIsNone(text: String) { #expect(IPAddressBytes.parse(text) == nil) }
}
