// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct EventQueueTests {
    private let state = NodeEvent.state(link: 0, phase: .NEURON_WS_PHASE_IDLE, reason: .NEURON_WS_REASON_NONE)

    private func isReadable(_ queue: EventQueue) -> Bool {
        var one = pollfd(fd: queue.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&one, 1, 0) == 1
    }

    private func bytes(_ text: String) -> EventBytes { Array(text.utf8).withUnsafeBytes { EventBytes($0)! } }

    @Test func theDescriptorIsReadableExactlyWhileSomethingWaits() throws {
        let queue = try EventQueue.make()
        #expect(!isReadable(queue))
        for _ in 0..<2 {
            _ = queue.append(.log(.NEURON_WS_LOG_INFO, .NEURON_WS_CATEGORY_EVENTS, bytes("x")))
        }
        #expect(isReadable(queue))
        #expect(queue.take(singly: false) != nil && isReadable(queue))
        #expect(queue.take(singly: false) != nil && !isReadable(queue))
        #expect(queue.take(singly: false) == nil && !isReadable(queue))
    }

    @Test func itTakesTheKindsOfItsMask() throws {
        let queue = try EventQueue.make()
        #expect(!queue.wants(NEURON_WS_EVENT_LOG))
        queue.setMask(NEURON_WS_EVENT_LOG)
        #expect(queue.wants(NEURON_WS_EVENT_LOG) && !queue.wants(NEURON_WS_EVENT_STATE))
    }

    @Test func removedRequestsAreNamedAndTheRestStays() throws {
        let queue = try EventQueue.make()
        _ = queue.append(.request(7, bytes("{}")))
        _ = queue.append(state)
        #expect(queue.removeRequests() == [7] && isReadable(queue))
        #expect(queue.take(singly: false) != nil && !isReadable(queue))
        _ = queue.append(.request(8, bytes("{}")))
        #expect(queue.removeRequests() == [8] && !isReadable(queue))
    }
}
