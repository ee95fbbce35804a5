// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ControlFrameQueueTests {
    private func written(_ queue: inout ControlFrameQueue, room: Int = 4096) -> [UInt8] {
        var pool = MaskingKeyPool()
        var output = [UInt8](repeating: 0xEE, count: room)
        var position = 0
        output.withUnsafeMutableBytes { _ = queue.write(role: .server, into: $0, at: &position, keys: &pool) }
        return Array(output[..<position])
    }

    @Test func keepsTheOrder() {
        var queue = ControlFrameQueue()
        queue.queuePing(ControlPayload("a"))
        queue.queuePong(ControlPayload("b"))
        queue.queuePing(ControlPayload("c"))
        queue.queueClose(ControlPayload())
        #expect(written(&queue) == hex("890161 8a0162 890163 8800"))
        #expect(queue.isEmpty)
        #expect(queue.hasClose)
    }

    @Test func answersEachOfSixteenPingsAndOfMoreTheNewest() {
        var queue = ControlFrameQueue()
        for byte in UInt8(1)...20 { queue.queuePong(ControlPayload([byte])) }
        var pongs: [UInt8] = []
        for byte in UInt8(1)...15 { pongs += hex("8a01") + [byte] }
        #expect(written(&queue) == pongs + hex("8a0114"))
        queue.queuePong(ControlPayload("d"))
        #expect(written(&queue) == hex("8a0164"))
    }

    @Test func holdsEightPingsAndReplacesTheNewest() {
        var queue = ControlFrameQueue()
        queue.queuePong(ControlPayload("p"))
        for byte in UInt8(1)...20 { queue.queuePing(ControlPayload([byte])) }
        let pings = hex("890101 890102 890103 890104 890105 890106 890107 890114")
        #expect(written(&queue) == hex("8a0170") + pings)
    }

    @Test func putsNothingBehindAClose() {
        var queue = ControlFrameQueue()
        queue.queueClose(ControlPayload("1"))
        queue.queuePing(ControlPayload("2"))
        queue.queuePong(ControlPayload("3"))
        queue.queueClose(ControlPayload("4"))
        #expect(written(&queue) == hex("880131"))
        queue.queuePing(ControlPayload("5"))
        queue.queueClose(ControlPayload("6"))
        #expect(queue.isEmpty)
    }

    @Test func writesOnlyWholeFrames() {
        var queue = ControlFrameQueue()
        queue.queuePing(ControlPayload("abc"))
        queue.queuePing(ControlPayload("d"))
        #expect(written(&queue, room: 0) == [])
        #expect(written(&queue, room: 4) == [])
        #expect(written(&queue, room: 7) == hex("8903616263"))
        #expect(written(&queue, room: 3) == hex("890164"))
    }
}
