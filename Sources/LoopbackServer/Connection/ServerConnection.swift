// SPDX-License-Identifier: Apache-2.0
import CLinux
import WebSocketCore

/// One client, on a thread of its own.
final class ServerConnection: @unchecked Sendable {
    /// What other threads want of it.
    enum Wish { case none, end, reset }

    /// How a turn of the loop left things.
    enum Progress { case moved, waits, over }

    private static let readBytes = 256 * 1024
    /// No more is read while so much waits to be written: a client that does not read its answers gets no more.
    static let outputBytesMax = 4 << 20
    /// A page's host is not asked for more while so much waits to be written.
    private static let pageOutputBytesMax = 64 * 1024
    /// So much may wait to be sent to a client that does not read.
    private static let outboxBytesMax = 1 << 20
    static let handshakeMilliseconds: Int64 = 10_000
    static let farewellMilliseconds: Int64 = 1_000
    /// A client has so long to answer our Close frame (RFC 6455 §7.1.1 lets a server end the connection itself).
    private static let closeAnswerMilliseconds: Int64 = 5_000

    /// Kept for as long as the connection's thread may run; the server lets go of connections that are over.
    let server: LoopbackWebSocketServer
    let stream: ServerStream
    let waker = ServerWaker()
    private let lock = ServerLock()
    private var wish = Wish.none
    /// Set and read under the server's lock or after the thread's end.
    var thread: pthread_t?

    var record: ConnectionRecord
    private var endpoint: WebSocketEndpoint
    private var keys = MaskingKeyPool()
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: ServerConnection.readBytes, alignment: 16)
    var output: [UInt8] = []
    var outputStart = 0
    var nextPingMilliseconds: Int64 = 0
    var isReset = false
    var isStalled = false
    /// The server ends: neither a stall nor a pace counts any more.
    private var isEnding = false
    var closeDeadline = Int64.max
    var pace: ReadPace?
    /// What of the input was read from the socket, and not decoded yet.
    private var unread = 0..<0
    private var batch = MessageBatch()
    /// What is acknowledged next; 0: nothing.
    private var newestSequence: UInt64 = 0
    /// What others want sent; touched under the lock.
    private var outbox: [[UInt8]] = []
    private var outboxBytes = 0
    /// It is a page's live socket, of which no gateway's fault is to be seen.
    private(set) var pages: ServerPages?
    /// A page or what belongs to one, which is told to nobody.
    var isWeb = false
    /// When the page's host has something to say.
    var hostDeadline = Int64.max
    private var isBetweenMessages = true

    init(server: LoopbackWebSocketServer, stream: ServerStream, number: Int, peer: String, maxMessageBytes: Int) {
        self.server = server
        self.stream = stream
        record = ConnectionRecord(number: number, peer: peer)
        record.isTLS = stream.isTLS
        let limits = EndpointLimits(maxMessageBytes: maxMessageBytes, maxFrameBytes: maxMessageBytes)
        endpoint = WebSocketEndpoint(role: .server, limits: limits)
    }

    deinit { input.deallocate() }

    /// From any thread: a Close frame and an orderly end.
    func end() { ask(.end) }

    /// From any thread: an RST.
    func reset() { ask(.reset) }

    /// From any thread: a text message to the client.
    /// - Returns: false if the client does not read what it was sent before.
    func post(_ text: [UInt8]) -> Bool {
        let isTaken = lock.locked {
            guard outbox.isEmpty || outboxBytes + text.count <= Self.outboxBytesMax else { return false }
            outbox.append(text)
            outboxBytes += text.count
            return true
        }
        waker.wake()
        return isTaken
    }

    /// From any thread: the page's host has something to say.
    func wake() { waker.wake() }

    /// From now on it is a page.
    func becomePage(of pages: ServerPages) {
        self.pages = pages
        endpoint = WebSocketEndpoint(
            role: .server,
            limits: EndpointLimits(maxMessageBytes: pages.messageBytesMax, maxFrameBytes: pages.messageBytesMax))
    }

    private func ask(_ new: Wish) {
        lock.locked { wish = new }
        waker.wake()
    }

    var currentWish: Wish { lock.locked { wish } }

    // MARK: The thread

    func run() {
        if secure(), let leftOver = shakeHands(server.behaviour) {
            record.isOpen = true
            if let pages { pages.host.pageOpened(record.number) } else { server.connectionOpened(record) }
            serve(leftOver)
            record.isOpen = false
        }
        if isReset { stream.armReset() }
        stream.closeDescriptor()
        server.connectionEnded(self)
    }

    // MARK: Messages

    private var behaviour: ServerBehaviour { pages == nil ? server.behaviour : .ofPages }

    private func serve(_ leftOver: Range<Int>) {
        let behaviour = behaviour
        nextPingMilliseconds = Self.milliseconds() + Int64(behaviour.pingIntervalMilliseconds ?? 0)
        unread = leftOver
        carryOut(behaviour.ending(atMessage: 0))
        while true {
            switch turn(self.behaviour) {
            case .moved: continue
            case .waits: break
            case .over: return
            }
        }
    }

    private func turn(_ behaviour: ServerBehaviour) -> Progress {
        switch currentWish {
        case .none: break
        case .end:
            isEnding = true
            endpoint.queueClose(.goingAway)
        case .reset: isReset = true
        }
        if isReset {
            record.ending = "reset by us"
            return .over
        }
        pingIfDue(behaviour)
        writeControlFrames(behaviour)
        if let pages { askHost(pages.host) } else { emptyOutbox() }
        guard let moved = drain() else { return .over }
        if case .closed = endpoint.state, pendingBytes == 0 {
            finish(record.closeCode == nil ? "closed by us" : "closed")
            return .over
        }
        if case .closeSent = endpoint.state {
            closeDeadline = min(closeDeadline, Self.milliseconds() + Self.closeAnswerMilliseconds)
            if Self.milliseconds() >= closeDeadline {
                finish("closed by us, and not by the client")
                return .over
            }
        }
        let readable = readableBytes(behaviour)
        if readable > 0, let progress = read(readable, behaviour) { return progress }
        if moved { return .moved }
        return pause(behaviour, reads: readable > 0)
    }

    /// How much may be read now. After a Close of ours has been asked for, the client's must be read even by a server
    /// that reads nothing, or slowly.
    private func readableBytes(_ behaviour: ServerBehaviour) -> Int {
        guard pendingBytes < Self.outputBytesMax else { return 0 }
        if isEnding { return Self.readBytes }
        guard behaviour.reads, !isStalled else { return 0 }
        guard let bytesPerSecond = behaviour.readBytesPerSecond else { return Self.readBytes }
        let now = Self.milliseconds()
        if pace?.bytesPerSecond != bytesPerSecond {
            pace = ReadPace(bytesPerSecond: bytesPerSecond, nowMilliseconds: now)
        }
        return min(Self.readBytes, pace?.allowance(nowMilliseconds: now) ?? 0)
    }

    /// - Returns: nil if there was nothing.
    private func read(_ bytesMax: Int, _ behaviour: ServerBehaviour) -> Progress? {
        if !unread.isEmpty {
            let range = unread
            unread = 0..<0
            pace?.spent(range.count)
            take(range, behaviour)
            return .moved
        }
        switch stream.read(into: UnsafeMutableRawBufferPointer(rebasing: input[..<bytesMax])) {
        case .bytes(let count):
            pace?.spent(count)
            take(0..<count, behaviour)
            return .moved
        case .notNow: return nil
        case .end:
            if record.ending.isEmpty { record.ending = "the client left without a Close frame" }
        case .failed(let why): record.ending = why
        }
        return .over
    }

    /// Decodes what was read, and answers.
    private func take(_ range: Range<Int>, _ behaviour: ServerBehaviour) {
        let bytes = UnsafeRawBufferPointer(rebasing: input[range])
        var offset = 0
        let onlyCounts = behaviour.onlyCounts && server.onEvent == nil && pages == nil
        while !isReset {
            if isStalled && !isEnding {
                unread = range.lowerBound + offset..<range.upperBound
                break
            }
            if onlyCounts && isBetweenMessages && endpoint.state == .open { count(bytes, from: &offset) }
            let start = offset
            guard let event = endpoint.bytesReceived(bytes.bytes, from: &offset) else {
                if offset > start { isBetweenMessages = false }
                break
            }
            // Only a message's end is known to be such a place: a control frame may stand within a message.
            isBetweenMessages = false
            switch event {
            case .message(let kind):
                handle(kind, behaviour)
                isBetweenMessages = true
            case .ping: writeControlFrames(behaviour)
            case .pong: record.pongs += 1
            case .close(let code, let reason):
                record.closeCode = code?.rawValue ?? CloseCode.noStatusReceived.rawValue
                record.closeReason = reason.withBytes { span in
                    span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                }
            case .failed(let error): record.ending = error.text
            }
        }
        if newestSequence > 0 {
            let text = Array("{\"ack\":\(newestSequence)}".utf8)
            newestSequence = 0
            text.withUnsafeBytes { sendMessage(.text, $0, behaviour.fragmentBytes) }
        }
        server.messagesReceived(&batch, record)
    }

    private func count(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) {
        let counted = MessageCounter.count(bytes, from: &offset)
        record.messages += counted.messages
        record.payloadBytes += counted.payloadBytes
        batch.count += counted.messages
        batch.payloadBytes += counted.payloadBytes
    }

    /// What a page is to be told, as far as it takes it.
    private func askHost(_ host: any PageHost) {
        hostDeadline = Int64.max
        while pendingBytes < Self.pageOutputBytesMax, endpoint.maySendData {
            switch host.nextStep(record.number, nowMilliseconds: Self.milliseconds()) {
            case .send(let text): text.withUnsafeBytes { sendMessage(.text, $0, nil) }
            case .wait(let untilMilliseconds):
                hostDeadline = untilMilliseconds
                return
            case .idle: return
            case .close(let code, let reason):
                endpoint.queueClose(CloseCode(rawValue: code), reason: ControlPayload(reason: reason))
                writeControlFrames(.ofPages)
            }
        }
    }

    private func emptyOutbox() {
        guard pendingBytes < Self.outputBytesMax, !isStalled else { return }
        let texts = lock.locked {
            defer {
                outbox = []
                outboxBytes = 0
            }
            return outbox
        }
        for text in texts { text.withUnsafeBytes { sendMessage(.text, $0, nil) } }
    }

    private func handle(_ kind: MessageKind, _ behaviour: ServerBehaviour) {
        if let pages {
            return endpoint.withMessage { span in
                span.withUnsafeBytes { pages.host.pageReceived(record.number, isText: kind == .text, $0) }
            }
        }
        record.messages += 1
        let isText = kind == .text
        endpoint.withMessage { span in
            span.withUnsafeBytes { bytes in
                record.payloadBytes += bytes.count
                batch.count += 1
                batch.payloadBytes += bytes.count
                if behaviour.collects {
                    batch.messages.append(
                        ReceivedMessage(
                            connection: record.number, resource: record.resource, isText: isText,
                            bytes: Array(bytes)))
                }
                server.onEvent?(.message(connection: record.number, isText: isText, bytes: bytes))
                if case .acknowledgement = behaviour.answer {
                    newestSequence = MessageSequence.number(in: bytes) ?? newestSequence
                }
                if case .echo = behaviour.answer { sendMessage(kind, bytes, behaviour.fragmentBytes) }
            }
        }
        if case .text(var text) = behaviour.answer {
            text.withUTF8 { sendMessage(.text, UnsafeRawBufferPointer($0), behaviour.fragmentBytes) }
        }
        carryOut(behaviour.ending(atMessage: record.messages))
    }

    private func carryOut(_ ending: ServerBehaviour.Ending.How?) {
        switch ending {
        case .none: break
        case .close(let code, let reason):
            endpoint.queueClose(CloseCode(rawValue: code), reason: ControlPayload(reason: reason))
        case .reset: isReset = true
        case .stall:
            isStalled = true
            server.onEvent?(.stalled(record))
        }
    }

    private func sendMessage(_ kind: MessageKind, _ bytes: UnsafeRawBufferPointer, _ fragmentBytes: Int?) {
        guard endpoint.maySendData else { return }
        let pieceMax = max(1, fragmentBytes ?? Int.max)
        var start = 0
        repeat {
            let count = min(pieceMax, bytes.count - start)
            let header = FrameHeader(
                fin: start + count == bytes.count, opcode: start == 0 ? kind.opcode : .continuation,
                payloadLength: UInt64(count))
            withUnsafeTemporaryAllocation(byteCount: FrameHeader.encodedLengthMax, alignment: 8) { space in
                let length = header.write(into: space.baseAddress!)
                output.append(contentsOf: space[..<length])
            }
            output.append(contentsOf: bytes[start..<start + count])
            start += count
        } while start < bytes.count
    }

    private func pingIfDue(_ behaviour: ServerBehaviour) {
        guard let interval = behaviour.pingIntervalMilliseconds, Self.milliseconds() >= nextPingMilliseconds else {
            return
        }
        nextPingMilliseconds = Self.milliseconds() + Int64(interval)
        endpoint.queuePing(ControlPayload(reason: "ping"))
    }

    private func writeControlFrames(_ behaviour: ServerBehaviour) {
        guard endpoint.hasControlFrames, !isStalled || isEnding else { return }
        // The queue is bounded to 8 Pings, a Pong and a Close of at most 127 bytes each.
        withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 8) { space in
            var position = 0
            _ = endpoint.writeControlFrames(into: space, at: &position, keys: &keys)
            let frames = UnsafeRawBufferPointer(rebasing: space[..<position])
            PongFrames.append(frames, as: behaviour.pongs, to: &output)
        }
    }
}
