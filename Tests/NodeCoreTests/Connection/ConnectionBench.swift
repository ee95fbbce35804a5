// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

/// A connection with its backlog, and the server at the other end of two arrays.
struct ConnectionBench: ~Copyable {
    let connection: Connection
    var backlog = Backlog()
    var keys = MaskingKeyPool()
    /// Messages are such as bear numbers, though their texts are as they are.
    var isNumbered = false
    var budget = TurnBudget(lengthNanoseconds: .max / 1000, now: 0)
    /// What the connection has sent.
    var sent: [UInt8] = []
    /// What it heard, as text.
    var heard: [String] = []
    /// Of what was handed over last, bytes that were not taken.
    var left = 0

    static let compression = CompressionOptions(
        windowBits: 15, memoryLevel: 8, contextTakeover: true, thresholdBytes: 0)

    init(
        compresses: Bool = false, limits: EndpointLimits = EndpointLimits(), barrier: Barrier? = nil,
        fragmentBytesMax: Int = 0, url text: String = "ws://plant/data", tunnel: Tunnel? = nil
    ) {
        let options = Connection.Options(
            limits: limits, compression: compresses ? Self.compression : nil, fragmentBytesMax: fragmentBytesMax)
        guard let url = try? WebSocketURL.parse(text) else { fatalError("the test's own URL") }
        let request = HandshakeRequest(
            url: url, key: [UInt8](repeating: 7, count: 16), deflate: options.compression?.offer)
        connection = Connection(request, options, barrier: barrier, tunnel: tunnel)
    }

    /// One whose opening handshake is done.
    static func opened(
        compresses: Bool = false, limits: EndpointLimits = EndpointLimits(), barrier: Barrier? = nil,
        fragmentBytesMax: Int = 0
    ) -> ConnectionBench {
        var bench = ConnectionBench(
            compresses: compresses, limits: limits, barrier: barrier, fragmentBytesMax: fragmentBytesMax)
        bench.connection.transportOpened()
        bench.fillAll()
        bench.receive(bench.answer(compresses: compresses))
        bench.sent = []
        #expect(bench.heard == ["negotiated"])
        bench.heard = []
        return bench
    }

    /// The server's 101 to what has been sent.
    func answer(compresses: Bool = false) -> [UInt8] {
        var handshake = ServerHandshake()
        var offset = 0
        do throws(HandshakeError) {
            guard let request = try handshake.bytesReceived(sent.span.bytes, from: &offset) else { return [] }
            return try request.accepted(extensions: compresses ? "permessage-deflate" : nil)
        } catch { return [] }
    }

    static func command(_ text: String, kind: neuron_ws_kind_t = .NEURON_WS_TEXT) -> Command {
        guard let bytes = Array(text.utf8).withUnsafeBytes({ EventBytes($0) }) else { fatalError("no memory") }
        return Command(kind: kind, bytes: bytes, rule: .order, timeoutMilliseconds: 1, retries: 0)
    }

    mutating func push(_ text: String) {
        Array(text.utf8).withUnsafeBytes { raw in
            var mailbox = Mailbox()
            var stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            stamp.isNumbered = isNumbered
            mailbox.put(OutgoingMessage(raw, stamp), id: backlog.endID)
            backlog.add(mailbox.takeAll())
        }
    }

    /// One buffer of `room` bytes, filled and sent.
    mutating func fill(room: Int) -> Outbox.Stop {
        withBuffer(room) { bench, output, position in
            bench.connection.fill(output, at: &position, backlog: &bench.backlog, keys: &bench.keys)
        }
    }

    mutating func fillReplies(room: Int = 4096) -> Outbox.Stop {
        withBuffer(room) { bench, output, position in
            bench.connection.fillReplies(output, at: &position, backlog: &bench.backlog, keys: &bench.keys)
        }
    }

    private mutating func withBuffer(
        _ room: Int, _ body: (inout Self, UnsafeMutableRawBufferPointer, inout Int) -> Outbox.Stop
    ) -> Outbox.Stop {
        keys.refill([UInt8](repeating: 0x5A, count: 4096).span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { output.deallocate() }
        var position = 0
        let stop = body(&self, output, &position)
        sent.append(contentsOf: output[..<position])
        #expect(connection.bytesFramed >= UInt64(position))
        return stop
    }

    func hasOutput(maySendMessages: Bool = true) -> Bool {
        connection.hasOutput(backlog, maySendMessages: maySendMessages)
    }

    mutating func fillAll(room: Int = 4096) {
        while hasOutput() {
            let before = sent.count
            switch fill(room: room) {
            case .deflating: continue
            default: guard sent.count > before else { return }
            }
        }
    }

    /// Hands over bytes of the server, and writes down what they turn out to be.
    mutating func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while true {
                switch connection.bytesReceived(raw, from: &offset, wallSeconds: 0, budget: &budget) {
                case .needsBytes:
                    // What comes before TLS has begun is left for it.
                    #expect(offset == raw.count || heard.last == "tunnel for TLS")
                    left = raw.count - offset
                    return
                case .goesOn: break
                case .event(let event):
                    heard.append(Self.text(of: event))
                    if case .message(_, let bytes) = event { bytes.handled() }
                }
            }
        }
    }

    /// The kernel has everything, and the server answers the last Ping that it read.
    mutating func answerLastPing() {
        _ = connection.barrier?.hasLeft(written: connection.bytesFramed)
        var server = WebSocketEndpoint(role: .server, limits: EndpointLimits())
        var offset = 0
        var last: [UInt8] = []
        while let event = server.bytesReceived(sent.span.bytes, from: &offset) {
            if case .ping(let payload) = event { last = payload.withBytes { $0.withUnsafeBytes { Array($0) } } }
        }
        receive(Self.frame(10, last))
    }

    private static func text(of event: ConnectionEvent) -> String {
        switch event {
        case .negotiated: "negotiated"
        case .tunnelOpened(let startsTLS): "tunnel" + (startsTLS ? " for TLS" : "")
        case .refused(.webSocket(let error)): "refused: \(error)"
        case .refused(.proxy(let error)): "refused by the proxy: \(error)"
        case .message(_, let bytes): bytes.withBytes { String(decoding: $0, as: UTF8.self) }
        case .ping: "ping"
        case .pong: "pong"
        case .close(let code, _): "close \(code?.rawValue ?? 0)"
        case .failed(let error): "failed: \(error)"
        }
    }

    /// What a server makes of all that was sent after the opening handshake.
    func arrived(compresses: Bool = false) -> [String] {
        var server = WebSocketEndpoint(role: .server, limits: EndpointLimits(), allowsRSV1: compresses)
        let inflater = makeInflater(takeover: true, max: 8 << 20)
        var texts: [String] = []
        var offset = 0
        while let event = server.bytesReceived(sent.span.bytes, from: &offset) {
            switch event {
            case .message:
                let message = server.message?.array ?? []
                let isCompressed = server.messageIsCompressed
                let bytes = isCompressed ? (try? inflater.inflated(message).get()) ?? [] : message
                texts.append(String(decoding: bytes, as: UTF8.self))
            case .ping: texts.append("ping")
            case .pong: texts.append("pong")
            case .close(let code, _): texts.append("close \(code?.rawValue ?? 0)")
            case .failed(let error): texts.append("failed: \(error)")
            }
        }
        #expect(offset == sent.count)
        return texts
    }

    // MARK: Frames of the server, unmasked

    static func frame(_ opcode: UInt8, _ payload: [UInt8], fin: Bool = true, rsv1: Bool = false) -> [UInt8] {
        let first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode
        if payload.count < 126 { return [first, UInt8(payload.count)] + payload }
        return [first, 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
    }

    static func text(_ text: String) -> [UInt8] { frame(1, Array(text.utf8)) }
    static func close(_ code: UInt16) -> [UInt8] { frame(8, [UInt8(code >> 8), UInt8(code & 0xFF)]) }
}
