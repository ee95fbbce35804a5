import Testing
import WebSocketCore

@testable import NodeCore

/// A mailbox, an outbox and the server that reads what they frame.
struct OutboxBench: ~Copyable {
    var mailbox = Mailbox(limits: Mailbox.Limits(bytesMax: 8 << 20, messagesMax: 1000))
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
        deflater = makeDeflater(takeover: takeover, threshold: threshold)
        stream = []
        writer = FrameWriter(role: .client)
    }

    @discardableResult
    mutating func push(_ text: String, kind: UInt8 = 1) -> Mailbox.Verdict {
        Array(text.utf8).withUnsafeBytes { raw in
            var chunk: MessageChunk? =
                mailbox.needsChunk(byteCount: raw.count) ? ChunkPool.make(byteCount: raw.count) : nil
            return mailbox.append(raw, kind: kind, chunk: &chunk)
        }
    }

    /// Frames up to `room` bytes and appends them to the stream.
    mutating func fill(room: Int, stopsAtFrameEnd: Bool = false) -> Outbox.Stop {
        outbox.add(mailbox.takeAll())
        let random = [UInt8](repeating: 0x5A, count: 4096)
        keys.refill(random.span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { output.deallocate() }
        var position = 0
        let stop = outbox.fill(
            output, at: &position, streamOffset: UInt64(stream.count), writer: &writer, keys: &keys,
            deflater: deflater, stopsAtFrameEnd: stopsAtFrameEnd)
        stream.append(contentsOf: output[..<position])
        outbox.checkInvariants()
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

    @discardableResult
    mutating func settle(written: Int) -> [Outbox.Run] {
        var runs: [Outbox.Run] = []
        while let run = outbox.nextCompleted(written: UInt64(written)) {
            mailbox.completed(count: run.count, bytes: run.recordBytes)
            runs.append(run)
        }
        return runs
    }
}
