// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A server that reads messages and answers Pings; which messages it has read, it keeps.
struct SimulatedReader: ~Copyable {
    private var handshake: ServerHandshake? = ServerHandshake()
    private var endpoint: WebSocketEndpoint?
    private var noKeys = MaskingKeyPool()
    private(set) var output: [UInt8] = []
    private(set) var numbers: [UInt64] = []
    /// Whether each of them says that it may have come before.
    private(set) var marks: [Bool] = []
    /// Which number each bears; 0: none.
    private(set) var sequences: [UInt64] = []
    private(set) var isBroken = false
    /// Messages that it ends the connection at, and the one at which it did.
    var refuses: Set<UInt64> = []
    private(set) var refused: UInt64?
    /// Bytes that have come.
    private(set) var byteCount: UInt64 = 0

    mutating func received(_ bytes: UnsafeRawBufferPointer) {
        byteCount += UInt64(bytes.count)
        if refused != nil { return }
        var offset = 0
        if handshake != nil {
            guard let request = try? handshake?.bytesReceived(bytes.bytes, from: &offset) else { return }
            handshake = nil
            output += (try? request.accepted(extensions: nil)) ?? []
            endpoint = WebSocketEndpoint(
                role: .server, limits: EndpointLimits(maxMessageBytes: 1 << 20, maxFrameBytes: 1 << 20),
                allowsRSV1: false)
        }
        while let event = endpoint?.bytesReceived(bytes.bytes, from: &offset) {
            switch event {
            case .message:
                let bytes = endpoint?.message?.array ?? []
                let number = Message.content(of: bytes)
                isBroken = isBroken || number == nil
                if let number, refuses.contains(number) {
                    refused = number
                    return answer()
                }
                numbers.append(number ?? 0)
                marks.append(Message.isMarked(bytes))
                sequences.append(Message.sequence(of: bytes))
            case .failed: isBroken = true
            default: break
            }
            answer()
        }
        answer()
    }

    private mutating func answer() {
        guard endpoint?.hasControlFrames == true else { return }
        withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { space in
            var position = 0
            _ = endpoint?.writeControlFrames(into: space, at: &position, keys: &noKeys)
            output += space[..<position]
        }
    }

    mutating func takeOutput() -> [UInt8] {
        let taken = output
        output = []
        return taken
    }
}
