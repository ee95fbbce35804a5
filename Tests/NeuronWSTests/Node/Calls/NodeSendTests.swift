// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

/// What a push comes to before there is a connection.
@Suite struct NodeSendTests {
    private func status(_ body: () throws -> UInt64) -> neuron_ws_status_t {
        do { _ = try body() } catch let error as NodeError { return error.status } catch { return .NEURON_WS_SYSTEM }
        return .NEURON_WS_OK
    }

    private func push(_ node: Node, _ json: String) -> neuron_ws_status_t {
        status { try Array(json.utf8).withUnsafeBytes { bytes in try node.push(json: bytes) } }
    }

    private func send(_ node: Node, _ bytes: [UInt8]) -> neuron_ws_status_t {
        status { try bytes.withUnsafeBytes { bytes in try node.send(bytes, kind: .NEURON_WS_TEXT) } }
    }

    private func subscribe(_ node: Node, _ driver: String) throws {
        try Array(driver.utf8).withUnsafeBytes { driver in
            try Array("*".utf8).withUnsafeBytes { try node.subscribe(driver: driver, group: $0, parameters: nil) }
        }
    }

    private let group = #"{"node":"plc","group":"g","timestamp":1,"values":{"n":1}}"#

    @Test func aGroupNeedsASubscription() throws {
        try withBareNode { node in
            #expect(push(node, group) == .NEURON_WS_NOT_SUBSCRIBED)
            try subscribe(node, "plc")
            #expect(push(node, group) == .NEURON_WS_OK)
            #expect(push(node, #"{"node":"plc","group":"g","values":{}}"#) == .NEURON_WS_SKIPPED)
            #expect(push(node, "no JSON") == .NEURON_WS_INVALID_JSON)
            let metrics = node.metrics()
            #expect(metrics.messagesAccepted == 1 && metrics.messagesSkipped == 2 && metrics.messagesRejected == 1)
            #expect(metrics.queuedMessages == 1)
        }
    }

    /// What a push has taken with it serves the next one, whatever became of it.
    @Test func aPushGivesBackWhatItTook() throws {
        try withBareNode(#""queue-max-messages":2"#) { node in
            try subscribe(node, "plc")
            for wanted in [neuron_ws_status_t.NEURON_WS_OK, .NEURON_WS_OK, .NEURON_WS_QUEUE_FULL] {
                #expect(push(node, group) == wanted)
                #expect(node.scratch.count == 1)
            }
            #expect(node.sendQueue.counts.full == 1)
        }
    }

    @Test func aTextIsUTF8() throws {
        try withBareNode { node in
            #expect(send(node, [0x61, 0xFF]) == .NEURON_WS_INVALID_ARGUMENT)
            #expect(send(node, [0x61]) == .NEURON_WS_OK)
        }
    }

    @Test func smallAndLargeMessagesLieInTheOrderOfTheirNumbers() throws {
        try withBareNode { node in
            let sizes = [1, Mailbox.aloneBytesMin, 2, Mailbox.aloneBytesMin + 1, 3]
            for size in sizes { #expect(send(node, [UInt8](repeating: 0x61, count: size)) == .NEURON_WS_OK) }
            var backlog = Backlog()
            backlog.add(node.sendQueue.takeMessages())
            #expect(backlog.openID == 1 && backlog.endID == 6)
        }
    }

    @Test func aFlushSaysWhyItCannotWait() throws {
        try withBareNode { node in
            #expect(send(node, [0x61]) == .NEURON_WS_OK)
            func flush(_ level: neuron_ws_level_t) -> neuron_ws_status_t {
                status {
                    try node.flush(level, timeoutMilliseconds: 0)
                    return 0
                }
            }
            #expect(flush(.NEURON_WS_LEVEL_ACCEPTED) == .NEURON_WS_OK)
            #expect(flush(.NEURON_WS_LEVEL_WRITTEN) == .NEURON_WS_NOT_RUNNING)
        }
    }

    @Test func aNodeThatWasFinishedTakesNothing() throws {
        try withBareNode { node in
            #expect(node.finish(timeoutMilliseconds: 0) == .NEURON_WS_OK)
            #expect(send(node, [0x61]) == .NEURON_WS_NOT_RUNNING)
        }
    }
}
