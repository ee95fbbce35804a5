// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

/// A node's messages from the mailbox to the outbox, and the server that reads what is framed.
struct OutboxBench: ~Copyable {
    var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 8 << 20, messagesMax: 1000))
    var mailbox = Mailbox()
    var backlog = Backlog()
    var outbox = Outbox()
    /// nil: messages go out as they are.
    var deflater: Deflater?
    var writer = FrameWriter(role: .client)
    var keys = MaskingKeyPool()
    var stream: [UInt8] = []

    init() {}

    init(compressingFrom threshold: Int, takeover: Bool = true) { connect(threshold: threshold, takeover: takeover) }

    /// A new connection, on which permessage-deflate is agreed on.
    mutating func connect(threshold: Int = 20, takeover: Bool = true) {
        connectPlainly()
        deflater = makeDeflater(takeover: takeover, threshold: threshold)
    }

    mutating func connectPlainly() {
        deflater = nil
        stream = []
        writer = FrameWriter(role: .client)
        let fragmentBytesMax = outbox.fragmentBytesMax
        outbox = Outbox()
        outbox.fragmentBytesMax = fragmentBytesMax
    }

    /// The connection ends. - Returns: how many messages were begun and have no outcome.
    @discardableResult
    mutating func cut(_ ending: Ending = .stopped, acknowledged: UInt64? = nil) -> UInt64 {
        let count = backlog.begunEnd &- backlog.openID
        _ = backlog.connectionEnded(ending, acknowledged: acknowledged)
        return count
    }

    /// - Returns: the message's number; nil: there is no room.
    @discardableResult
    mutating func push(
        _ text: String, kind: UInt8 = 1, time: Int64 = 0, group: UInt16 = 0, server: UInt16 = 0
    ) -> UInt64? {
        Array(text.utf8).withUnsafeBytes { raw in
            guard ledger.hasRoom(byteCount: raw.count) else { return nil }
            let id = ledger.accept(byteCount: raw.count)
            var stamp = MessageStamp(kind: kind, timeMilliseconds: time, group: group)
            stamp.server = server
            mailbox.put(OutgoingMessage(raw, stamp), id: id)
            return id
        }
    }

    /// With its number in it.
    @discardableResult
    mutating func pushNumbered(_ text: String) -> UInt64? {
        Array(text.utf8).withUnsafeBytes { raw in
            let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            guard var message = OutgoingMessage(numbered: raw, stamp) else { return nil }
            message.number(ledger.acceptedCount + 1, stream: 0xAB)
            guard ledger.hasRoom(byteCount: message.byteCount) else { return nil }
            let id = ledger.accept(byteCount: message.byteCount)
            mailbox.put(message, id: id)
            return id
        }
    }

    /// Frames up to `room` bytes and appends them to the stream.
    mutating func fill(room: Int, stopsAtFrameEnd: Bool = false) -> Outbox.Stop {
        backlog.add(mailbox.takeAll())
        let random = [UInt8](repeating: 0x5A, count: 4096)
        keys.refill(random.span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { output.deallocate() }
        var position = 0
        let stop = outbox.fill(
            output, at: &position, streamOffset: UInt64(stream.count), from: &backlog, writer: &writer,
            keys: &keys, deflater: deflater, stopsAtFrameEnd: stopsAtFrameEnd)
        stream.append(contentsOf: output[..<position])
        backlog.checkInvariants()
        return stop
    }

    /// What a server makes of the stream; a "~" before those that came compressed.
    func messages(takeover: Bool = true) -> [String] {
        var server = WebSocketEndpoint(role: .server, limits: EndpointLimits(), allowsRSV1: deflater != nil)
        let inflater = makeInflater(takeover: takeover, max: 8 << 20)
        var texts: [String] = []
        var offset = 0
        while let event = server.bytesReceived(stream.span.bytes, from: &offset) {
            guard case .message = event else {
                texts.append("\(event)")
                continue
            }
            if server.messageIsCompressed {
                let message = try? inflater.inflated(server.message?.array ?? [], isText: true).get()
                texts.append("~" + String(decoding: message ?? [], as: UTF8.self))
            } else {
                texts.append(String(decoding: server.message?.array ?? [], as: UTF8.self))
            }
        }
        return texts
    }

    var isEmpty: Bool { backlog.isEmpty }

    func interrupted(acknowledged: UInt64) -> RefusalWatch.Suspect? {
        backlog.interrupted(acknowledged: acknowledged)
    }

    @discardableResult
    mutating func settle(written: Int) -> [Backlog.Run] {
        backlog.written(UInt64(written))
        return carryOut()
    }

    /// - Returns: the outcomes.
    @discardableResult
    mutating func carryOut(countMax: UInt64 = .max) -> [Backlog.Run] {
        var runs: [Backlog.Run] = []
        while let action = backlog.nextAction(countMax: countMax) {
            switch consume action {
            case .conclude(let run):
                ledger.ended(run)
                runs.append(run)
            case .release(var chunks): chunks.removeAll()
            }
            backlog.checkInvariants()
            ledger.checkInvariants()
        }
        return runs
    }
}
