// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// Reads everything that the kernel has taken from the node on one connection, at once and whatever the server does,
/// and holds it against what was promised.
struct Observer {
    private var handshake: ServerHandshake? = ServerHandshake()
    private var endpoint: WebSocketEndpoint?
    private let inflater: Inflater?
    private var walker = FrameWalker()
    var isMidMessage: Bool { walker.isMidMessage }
    /// What the next message has to be, as far as the host refuses none.
    private var next: UInt64
    /// The newest message that came whole; 0: none.
    private(set) var newest: UInt64 = 0
    private(set) var closeCode: UInt16?
    /// The commands that came whole, each time that one did.
    private(set) var commands: [UInt64] = []
    /// How many heartbeats came whole.
    private(set) var heartbeats = 0
    /// Payloads of the node's Pings.
    private(set) var pings: [[UInt8]] = []
    /// All that came whole on this connection, in order.
    private(set) var arrived: [UInt64] = []
    /// Replies that have to be there before a Close.
    var promised: [UInt64] = []

    /// Messages up to here may have come before, and say so; 0: they bear no numbers.
    private let newestEver: UInt64
    /// What the node knew to be acknowledged when the connection began: it must not come again.
    private let acknowledged: Claims

    init(firstID: UInt64, newestEver: UInt64, acknowledged: Claims, compresses: Bool) {
        next = firstID
        self.acknowledged = acknowledged
        self.newestEver = newestEver
        inflater = compresses ? Inflater(agreed: DeflateParameters(), messageBytesMax: 64 << 20) : nil
    }

    /// - Parameters:
    ///   - isRefused: by the host: it must not come.
    ///   - isClaimed: a server has acknowledged it: it need not come.
    /// - Returns: what is wrong, or nil.
    mutating func accepted(
        _ bytes: UnsafeRawBufferPointer, isRefused: (UInt64) -> Bool, isClaimed: (UInt64) -> Bool
    ) -> String? {
        if bytes.isEmpty { return nil }
        var offset = 0
        if handshake != nil {
            do throws(HandshakeError) {
                guard let request = try handshake?.bytesReceived(bytes.bytes, from: &offset) else { return nil }
                try request.verify()
            } catch { return "the opening handshake: \(error)" }
            handshake = nil
            endpoint = WebSocketEndpoint(
                role: .server, limits: EndpointLimits(maxMessageBytes: 64 << 20, maxFrameBytes: 64 << 20),
                allowsRSV1: inflater != nil)
        }
        let behind = walker.walk(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        if behind > 0 { return "\(behind) bytes behind the Close" }
        while let event = endpoint?.bytesReceived(bytes.bytes, from: &offset) {
            switch event {
            case .message:
                if let fault = messageArrived(isRefused, isClaimed) { return fault }
            case .close(let code, _):
                closeCode = code?.rawValue ?? 1005
                if let missing = promised.first(where: { $0 > newest }) {
                    return "the Close went before the reply \(missing), which answers what came before it"
                }
            case .failed(let error): return "the node broke the protocol: \(error)"
            case .ping(let payload): pings.append(payload.withBytes { $0.withUnsafeBytes { Array($0) } })
            case .pong: break
            }
        }
        return nil
    }

    private mutating func messageArrived(
        _ isRefused: (UInt64) -> Bool, _ isClaimed: (UInt64) -> Bool
    ) -> String? {
        guard var endpoint else { return nil }
        var bytes = endpoint.message?.array ?? []
        if endpoint.messageIsCompressed {
            guard let inflater else { return "a compressed message, though that was not agreed on" }
            do throws(ProtocolError) {
                bytes = try Self.inflated(bytes, inflater)
            } catch { return "a message that does not inflate: \(error)" }
        }
        if !endpoint.messageIsCompressed, bytes == World.heartbeatText {
            heartbeats += 1
            return nil
        }
        if !endpoint.messageIsCompressed, let command = World.commandID(bytes) {
            commands.append(command)
            return nil
        }
        guard let id = Message.id(of: bytes) else { return "a message that is none of ours, \(bytes.count) bytes" }
        if id <= newestEver, !Message.isMarked(bytes) { return "message \(id) came before, and does not say so" }
        while next < id, isRefused(next) || isClaimed(next) { next += 1 }
        if acknowledged.has(id) { return "message \(id) comes again, and was acknowledged" }
        if isRefused(id) { return "message \(id), which the host refused" }
        if id != next { return "message \(id) where \(next) has to come" }
        newest = id
        arrived.append(id)
        next = id + 1
        return nil
    }

    private static func inflated(_ bytes: [UInt8], _ inflater: Inflater) throws(ProtocolError) -> [UInt8] {
        let result: Result<[UInt8], ProtocolError> = bytes.withUnsafeBytes { raw in
            do throws(ProtocolError) {
                while true {
                    if let whole = try inflater.inflate(raw, isText: true) { return .success(Array(whole)) }
                }
            } catch { return .failure(error) }
        }
        inflater.forget()
        return try result.get()
    }
}
