// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct LogLineKindTests {
    @Test func anEndingByTLSIsAMatterOfTLSAndAnyOtherOfTheConnection() {
        func category(_ reason: neuron_ws_reason_t) -> neuron_ws_log_category_t {
            LogLineKind.ending(Ending(reason: reason, text: "").kind, url: 0).category
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
        #expect(LogLineKind.verifyOff.category == .NEURON_WS_CATEGORY_TLS)
        #expect(LogLineKind.ignoredMessage.category == .NEURON_WS_CATEGORY_DELIVERY)
    }
}
