// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

/// A session that never gets as far as a socket: the host refuses each attempt.
@Suite struct NodeSessionTests {
    private func waits(_ node: Node, _ isReached: (NodeStatus) -> Bool) -> Bool {
        eventually { node.lock.withLock { isReached(node.status) } }
    }

    @Test func itsLifeIsThatOfTheMachine() throws {
        try withBareNode("", { $0.before_connect = { _, _, _ in .NEURON_WS_INVALID_ARGUMENT } }) { node in
            try node.start()
            #expect(node.lock.withLock { node.session != nil && node.backlog == nil })
            #expect(waits(node) { $0.phase == .NEURON_WS_PHASE_WAITING })
            #expect(node.lock.withLock { node.status.ending.reason } == .NEURON_WS_REASON_REFUSED_BY_HOST)
            #expect(node.stop(timeoutMilliseconds: 0) == .NEURON_WS_OK)
            #expect(node.lock.withLock { node.session == nil && node.backlog != nil })
            #expect(node.lock.withLock { node.status.phase } == .NEURON_WS_PHASE_IDLE)
        }
    }

    @Test func aStartBehindAStopIsAnotherLife() throws {
        try withBareNode("", { $0.before_connect = { _, _, _ in .NEURON_WS_INVALID_ARGUMENT } }) { node in
            for _ in 0..<2 {
                try node.start()
                #expect(node.beginStop(timeoutMilliseconds: 0))
                try node.start()
                #expect(waits(node) { $0.phase == .NEURON_WS_PHASE_WAITING })
                #expect(node.stop(timeoutMilliseconds: 0) == .NEURON_WS_OK)
            }
            #expect(!node.beginStop(timeoutMilliseconds: 0))
        }
    }

    @Test func whatWaitsOutlivesTheSession() throws {
        try withBareNode("", { $0.before_connect = { _, _, _ in .NEURON_WS_INVALID_ARGUMENT } }) { node in
            let text: [UInt8] = [0x61]
            try node.start()
            for _ in 0..<3 { _ = try text.withUnsafeBytes { try node.send($0, kind: .NEURON_WS_TEXT) } }
            #expect(node.stop(timeoutMilliseconds: 0) == .NEURON_WS_OK)
            #expect(node.metrics().queuedMessages == 3 && node.metrics().messagesDropped == 0)
            #expect(node.finish(timeoutMilliseconds: 0) == .NEURON_WS_OK)
            #expect(node.metrics().queuedMessages == 0 && node.metrics().messagesDropped == 3)
        }
    }
}
