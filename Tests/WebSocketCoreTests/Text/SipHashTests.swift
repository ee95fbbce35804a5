// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

/// The values of the paper's reference: key 00 01 … 0f, messages 00 01 02 ….
@Suite struct SipHashTests {
    private static let known: [(Int, UInt64)] = [
        (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (7, 0xAB02_00F5_8B01_D137),
        (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5), (63, 0x958A_324C_EB06_4572),
    ]

    @Test(arguments: known)
    func itIsThatOfThePaper(count: Int, hash: UInt64) {
        let key = SipHash.Key(first: 0x0706_0504_0302_0100, second: 0x0F0E_0D0C_0B0A_0908)
        let bytes = (0..<count).map { UInt8($0) }
        #expect(bytes.withUnsafeBytes { SipHash.of($0, key) } == hash)
    }
}
