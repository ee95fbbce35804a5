// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ClosePayloadTests {
    private func decoded(_ bytes: [UInt8]) -> Seen {
        do throws(ProtocolError) {
            let (code, reason) = try ClosePayload.decode(ControlPayload(bytes))
            return .close(code?.rawValue, String(decoding: reason.array, as: UTF8.self))
        } catch {
            return .failed(error)
        }
    }

    @Test func readsCodeAndReason() {
        #expect(decoded([]) == .close(nil, ""))
        #expect(decoded(hex("03e8")) == .close(1000, ""))
        #expect(decoded(hex("03e9 627965")) == .close(1001, "bye"))
        #expect(decoded(hex("1387 c3a4")) == .close(4999, "ä"))
    }

    @Test func refusesASingleByte() {
        #expect(decoded(hex("03")) == .failed(.invalidCloseFrame))
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] as [UInt16])
    func refusesIllegalCodes(code: UInt16) {
        #expect(decoded([UInt8(code >> 8), UInt8(code & 0xFF)]) == .failed(.invalidCloseCode))
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] as [UInt16])
    func acceptsLegalCodes(code: UInt16) {
        #expect(decoded([UInt8(code >> 8), UInt8(code & 0xFF)]) == .close(code, ""))
    }

    @Test func refusesAReasonThatIsNotUTF8() {
        #expect(decoded(hex("03e8 c3")) == .failed(.invalidCloseReason))
        #expect(decoded(hex("03e8 eda080")) == .failed(.invalidCloseReason))
    }

    @Test func writesCodeAndReason() {
        #expect(ClosePayload.encode(nil, reason: ControlPayload("x")).array == [])
        #expect(ClosePayload.encode(.goingAway, reason: ControlPayload("bye")).array == hex("03e9627965"))
    }

    @Test func writesNothingForACodeThatMustNotBeSent() {
        for code in [CloseCode.noStatusReceived, .abnormalClosure, .tlsHandshake, CloseCode(rawValue: 12)] {
            #expect(ClosePayload.encode(code, reason: ControlPayload("x")).array == [])
        }
    }

    @Test func cutsAReasonOf124Or125BytesAtACharacter() {
        let ascii = ControlPayload(String(repeating: "a", count: 125))
        #expect(ClosePayload.encode(.normalClosure, reason: ascii).count == 125)
        let euro = ControlPayload(String(repeating: "a", count: 122) + "€")
        #expect(ClosePayload.encode(.normalClosure, reason: euro).count == 124)
    }

    @Test func leavesOutAReasonThatIsNotUTF8() {
        let reason = ControlPayload(hex("61c3"))
        #expect(ClosePayload.encode(.normalClosure, reason: reason).array == hex("03e8"))
    }
}
