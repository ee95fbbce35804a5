// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct LogLineKindTests {
    @Test func anEndingByTLSIsAMatterOfTLSAndAnyOtherOfTheConnection() {
        func category(_ reason: neuron_ws_reason_t) -> neuron_ws_log_category_t {
            Ending(reason: reason, text: "").category
        }
        #expect(category(.NEURON_WS_REASON_TLS) == .NEURON_WS_CATEGORY_TLS)
        #expect(category(.NEURON_WS_REASON_DNS) == .NEURON_WS_CATEGORY_CONNECTION)
        #expect(category(.NEURON_WS_REASON_NORMAL) == .NEURON_WS_CATEGORY_CONNECTION)
    }

    @Test func requestsHaveACategoryOfTheirOwn() {
        let kinds: [LogLineKind] = [
            .malformedRequest(hasUUID: true), .refusedRequest(.NEURON_WS_REQUEST_WRITE),
            .answeredRequest(.NEURON_WS_REQUEST_READ), .busyRequest, .expiredRequest, .lostAnswer,
        ]
        #expect(kinds.allSatisfy { $0.category == .NEURON_WS_CATEGORY_REQUESTS })
        let tls: [LogLineKind] = [.verifyOff, .commonName, .keyLog]
        #expect(tls.allSatisfy { $0.category == .NEURON_WS_CATEGORY_TLS })
        #expect(LogLineKind.redirect.category == .NEURON_WS_CATEGORY_CONNECTION)
        let delivery: [LogLineKind] = [.ignoredMessage, .givenUpMessage, .level(isWritten: true)]
        #expect(delivery.allSatisfy { $0.category == .NEURON_WS_CATEGORY_DELIVERY })
    }
}
