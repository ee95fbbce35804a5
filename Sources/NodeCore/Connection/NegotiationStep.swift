// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// One of the things to be agreed on before frames flow: bytes for the peer, then bytes of the peer, until it is done
/// or has failed.
protocol NegotiationStep: Sendable {
    /// What is to be sent now; more may come about by what the peer answers.
    var output: StepOutput { get set }

    /// The status of the peer's answer in HTTP; 0: none has come, or it is not HTTP.
    var httpStatus: Int { get }

    /// Reads on from `input[offset...]` and advances `offset`, at most to behind the answer. Not to be called again
    /// once it is done or has failed.
    /// - Parameter wallSeconds: Unix time, against which a date in Retry-After may have to be held.
    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> StepProgress
}

/// What has come of the peer's bytes so far.
enum StepProgress: Sendable {
    case needsBytes
    /// A proxy's step has nothing to say but that.
    case done(NegotiatedConnection?)
    case failed(NegotiationError)
}

/// Bytes of a step on their way out. They may be secret.
struct StepOutput: Sendable {
    private let bytes: SecretBytes
    private var sent = 0

    init(_ bytes: SecretBytes) { self.bytes = bytes }

    var count: Int { bytes.count }
    var isAllSent: Bool { sent == bytes.count }

    /// Writes as much as fits at `space[position...]`, and advances `position`.
    mutating func fill(_ space: UnsafeMutableRawBufferPointer, at position: inout Int) {
        let count = min(bytes.count - sent, space.count - position)
        guard count > 0, let base = space.baseAddress else { return }
        bytes.withBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            (base + position).copyMemory(from: source + sent, byteCount: count)
        }
        sent += count
        position += count
    }
}

/// Why it came to no connection before frames could flow.
public enum NegotiationError: Error, Equatable, Sendable {
    case webSocket(HandshakeError)
    case proxy(ProxyError)

    /// With "…" for each of our secrets that the other end repeats.
    public func masked(by mask: SecretMask) -> NegotiationError {
        switch self {
        case .webSocket(let error): .webSocket(error.masked(by: mask))
        case .proxy(let error): .proxy(error.masked(by: mask))
        }
    }
}
