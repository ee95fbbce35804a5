// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The server at the other end of one connection: a correct one, which plays what the world has drawn for it.
struct SimulatedServer: ~Copyable {
    /// How it takes the opening handshake.
    enum Welcome: Equatable {
        case accepts(compresses: Bool)
        case answers(String)
        case saysNothing
        /// Its certificate is none that is trusted; where there is no TLS it says nothing.
        case failsTLS
    }

    let welcome: Welcome
    /// It refuses us, and says for how long: nanoseconds.
    var retryAfter: UInt64 = 0
    /// It does not answer Pings.
    var isDeaf = false
    /// Of the Pings that it reads at a time it answers the last (RFC 6455 §5.5.3).
    var answersNewestAlone = false
    /// Else it is deaf for them.
    var answersHeartbeats = true
    /// What it takes; a larger message ends the connection, with this code.
    var messageBytesMax = 64 << 20
    var refusalCode: UInt16 = 1009
    /// It ends TCP once both Close frames are through, as it should.
    var endsTCP = true
    private var handshake: ServerHandshake? = ServerHandshake()
    private var endpoint: WebSocketEndpoint?
    private var writer = FrameWriter(role: .server)
    private var noKeys = MaskingKeyPool()
    /// For the network.
    private(set) var output: [UInt8] = []
    private(set) var hasEnded = false
    /// Commands that it answers when it likes.
    private var owed: [UInt64] = []
    /// The payload of the newest Ping that it has read.
    private var lastPing: [UInt8]?
    /// How many messages its WebSocket layer has read.
    private(set) var messagesRead = 0
    /// What it has said and the node has to tell of; a message larger than the node takes is not among it.
    private(set) var sent = SentNews()

    struct SentNews {
        var messages: [[UInt8]] = []
        var pings = 0
    }

    init(_ welcome: Welcome) { self.welcome = welcome }

    var isOpen: Bool { endpoint?.state == .open }

    mutating func received(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        if handshake != nil {
            guard let request = try? handshake?.bytesReceived(bytes.bytes, from: &offset) else { return }
            handshake = nil
            switch welcome {
            case .saysNothing, .failsTLS: return
            case .answers(let text):
                output += Array(text.utf8)
                hasEnded = true
                return
            case .accepts(let compresses):
                let agrees = compresses && request.value(of: "Sec-WebSocket-Extensions") != nil
                output += (try? request.accepted(extensions: agrees ? "permessage-deflate" : nil)) ?? []
                let limits = EndpointLimits(maxMessageBytes: messageBytesMax, maxFrameBytes: messageBytesMax)
                endpoint = WebSocketEndpoint(role: .server, limits: limits, allowsRSV1: agrees)
            }
        }
        while let event = endpoint?.bytesReceived(bytes.bytes, from: &offset) {
            if case .message = event, !commandRead() { messagesRead += 1 }
            if case .ping(let payload) = event { lastPing = payload.withBytes { $0.withUnsafeBytes { Array($0) } } }
            if !isDeaf, !answersNewestAlone { writeControlFrames() }
        }
        writeControlFrames()
    }

    /// Without all Pongs but the last.
    private static func withNewestPong(_ frames: [UInt8]) -> [UInt8] {
        var (others, pong): ([UInt8], [UInt8]) = ([], [])
        var start = 0
        while start < frames.count {
            let end = start + 2 + Int(frames[start + 1])
            if frames[start] & 0x0F == 10 { pong = Array(frames[start..<end]) } else { others += frames[start..<end] }
            start = end
        }
        return pong + others
    }

    /// A Close for a message that is too large says so in its own way.
    private func refusing(_ frames: [UInt8]) -> [UInt8] {
        var frames = frames
        var start = 0
        while start < frames.count {
            let isClose = frames[start] & 0x0F == 8 && frames[start + 1] >= 2
            if isClose, frames[(start + 2)..<(start + 4)].elementsEqual([3, 241]) {
                (frames[start + 2], frames[start + 3]) = (UInt8(refusalCode >> 8), UInt8(refusalCode & 0xFF))
            }
            start += 2 + Int(frames[start + 1])
        }
        return frames
    }

    /// Whether the message is a command: it is answered as its number says.
    private mutating func commandRead() -> Bool {
        if endpoint?.messageIsCompressed == false, endpoint?.message?.array == World.heartbeatText {
            if answersHeartbeats { send(World.heartbeatAnswer(isRight: true)) }
            return true
        }
        guard endpoint?.messageIsCompressed == false, let id = World.commandID(endpoint?.message?.array ?? []) else {
            return false
        }
        switch World.Answering(id) {
        case .once: send(World.responseText(id))
        case .twice: for _ in 0..<2 { send(World.responseText(id)) }
        case .late: owed.append(id)
        case .wrongly: send(World.wrongText(id))
        case .never: break
        }
        return true
    }

    /// The response to a command that it has kept waiting.
    mutating func answerLate() { if !owed.isEmpty { send(World.responseText(owed.removeFirst())) } }

    /// The client has ended its stream.
    mutating func clientEnded() { hasEnded = true }

    private mutating func writeControlFrames() {
        guard endpoint?.hasControlFrames == true else { return }
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { space in
            var position = 0
            _ = endpoint?.writeControlFrames(into: space, at: &position, keys: &noKeys)
            // A deaf one leaves out all but its Close.
            if isDeaf, endpoint?.state == .open { return }
            let frames = refusing(Array(space[..<position]))
            output += answersNewestAlone ? Self.withNewestPong(frames) : frames
        }
        if endpoint?.state == .closed, endsTCP { hasEnded = true }
    }

    // MARK: What it does by itself

    mutating func send(_ text: String, pieces: Int = 1, pingBetween: Bool = false) {
        guard isOpen else { return }
        let bytes = Array(text.utf8)
        let size = max(1, (bytes.count + pieces - 1) / pieces)
        if bytes.count <= World.receivedBytesMax { sent.messages.append(bytes) }
        var start = 0
        repeat {
            let end = min(bytes.count, start + size)
            frame(start == 0 ? .text : .continuation, Array(bytes[start..<end]), fin: end == bytes.count)
            if pingBetween, end < bytes.count { ping() }
            start = end
        } while start < bytes.count
    }

    mutating func ping() {
        guard isOpen else { return }
        endpoint?.queuePing(ControlPayload(reason: "are you there"))
        sent.pings += 1
        let wasDeaf = isDeaf
        isDeaf = false
        writeControlFrames()
        isDeaf = wasDeaf
    }

    /// A Ping that it has answered, perhaps, is answered once more.
    mutating func answerAgain() {
        if let lastPing { misbehave([0x8A, UInt8(lastPing.count)] + lastPing) }
    }

    mutating func close(_ code: UInt16) {
        endpoint?.queueClose(CloseCode(rawValue: code))
        writeControlFrames()
    }

    /// Bytes that break the protocol, or a Pong that nobody asked for.
    mutating func misbehave(_ bytes: [UInt8]) { if isOpen { output += bytes } }

    private mutating func frame(_ opcode: Opcode, _ payload: [UInt8], fin: Bool) {
        withUnsafeTemporaryAllocation(byteCount: payload.count + 14, alignment: 8) { space in
            var position = 0
            _ = writer.startFrame(
                opcode: opcode, fin: fin, rsv1: false, payloadBytes: payload.count, maskingKey: MaskingKey(word: 0),
                into: space, at: &position)
            payload.withUnsafeBytes { _ = writer.continueFrame(payload: $0, into: space, at: &position) }
            output += space[..<position]
        }
    }

    mutating func takeOutput() -> [UInt8] {
        let taken = output
        output = []
        return taken
    }
}
