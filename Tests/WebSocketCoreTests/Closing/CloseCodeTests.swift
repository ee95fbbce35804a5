// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct CloseCodeTests {
    @Test func allowsExactlyTheRegisteredAndThePrivateCodesOnTheWire() {
        let allowed = (UInt16(0)...UInt16.max).filter { CloseCode(rawValue: $0).isAllowedOnWire }
        let registered: [UInt16] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
        #expect(allowed == registered + Array(3000...4999))
    }

    @Test func hasTheRegisteredNumbers() {
        let codes: [CloseCode] = [
            .normalClosure, .goingAway, .protocolError, .unsupportedData, .noStatusReceived, .abnormalClosure,
            .invalidFramePayloadData, .policyViolation, .messageTooBig, .mandatoryExtension, .internalServerError,
            .serviceRestart, .tryAgainLater, .badGateway, .tlsHandshake,
        ]
        #expect(codes.map(\.rawValue) == [1000, 1001, 1002, 1003] + Array(1005...1015))
    }
}
