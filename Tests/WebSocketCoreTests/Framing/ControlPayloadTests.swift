// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ControlPayloadTests {
    @Test func holdsUpTo125Bytes() {
        var random = SeededGenerator(seed: 5)
        for count in [0, 1, 124, 125] {
            let bytes = random.bytes(count)
            let payload = ControlPayload(bytes.span.bytes)
            #expect(payload?.array == bytes)
            #expect(payload?.count == count)
            #expect(payload?.isEmpty == (count == 0))
        }
        #expect(ControlPayload(random.bytes(126).span.bytes) == nil)
    }

    @Test func isEqualByItsBytesAlone() {
        #expect(ControlPayload("abc") == ControlPayload("abc"))
        #expect(ControlPayload("abc") != ControlPayload("abd"))
        #expect(ControlPayload("abc") != ControlPayload("ab"))
        #expect(ControlPayload() == ControlPayload(""))
    }

    @Test func cutsAReasonAtACharacter() {
        #expect(ControlPayload(reason: "bye").array == Array("bye".utf8))
        let long = String(repeating: "a", count: 200)
        #expect(ControlPayload(reason: long).array == [UInt8](repeating: 0x61, count: 123))
        // 122 bytes and a character of three.
        let euro = String(repeating: "a", count: 122) + "€"
        #expect(ControlPayload(reason: euro).array == [UInt8](repeating: 0x61, count: 122))
        let fits = String(repeating: "a", count: 120) + "€"
        #expect(ControlPayload(reason: fits).array == Array(fits.utf8))
    }
}
