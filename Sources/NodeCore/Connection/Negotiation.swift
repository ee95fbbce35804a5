import WebSocketCore

/// What has to be agreed on before frames flow: bytes for the peer, then bytes of the peer, until it is done or has
/// failed. One step today, the WebSocket's opening handshake (RFC 6455 §4.1); a proxy's goes before it, in the same
/// shape.
struct Negotiation: Sendable {
    /// What has come of the peer's bytes so far.
    enum Progress: Sendable {
        case needsBytes
        case done(NegotiatedConnection)
        case failed(HandshakeError)
    }

    private let request: HandshakeRequest
    private var parser = HandshakeResponseParser()
    private let output: SecretBytes
    private var outputSent = 0
    /// The status of the peer's answer; 0: none has come.
    private(set) var httpStatus = 0

    init(_ request: HandshakeRequest) {
        self.request = request
        output = request.encoded()
    }

    /// All that will go out, bytes.
    var outputBytes: Int { output.count }

    var isAllSent: Bool { outputSent == output.count }

    /// Writes as much of what is to be said as fits at `space[position...]`, and advances `position`.
    mutating func fill(_ space: UnsafeMutableRawBufferPointer, at position: inout Int) {
        let count = min(output.count - outputSent, space.count - position)
        guard count > 0, let base = space.baseAddress else { return }
        output.withBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            (base + position).copyMemory(from: source + outputSent, byteCount: count)
        }
        outputSent += count
        position += count
    }

    /// Reads on from `input[offset...]` and advances `offset`, at most to behind the answer: what follows are frames.
    /// Not to be called again once it is done or has failed.
    /// - Parameter wallSeconds: Unix time, against which a date in Retry-After may have to be held.
    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> Progress {
        do throws(HandshakeError) {
            guard let response = try parser.bytesReceived(input, from: &offset) else { return .needsBytes }
            httpStatus = response.status
            return .done(try response.verified(against: request, wallSeconds: wallSeconds))
        } catch {
            return .failed(error)
        }
    }
}
