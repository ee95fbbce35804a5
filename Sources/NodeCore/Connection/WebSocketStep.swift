// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The client's opening handshake (RFC 6455 §4.1) as a step.
struct WebSocketStep: NegotiationStep {
    private let request: HandshakeRequest
    private var parser = HandshakeResponseParser()
    var output: StepOutput
    private(set) var httpStatus = 0
    /// What the server says about its refusal, as far as it has come.
    private(set) var said: ForeignText?
    /// The refusal whose text is still to come.
    private var refusal: (response: HandshakeResponse, error: HandshakeError)?
    private var text: [UInt8] = []
    /// Of the text, with what frames it: more is not waited for.
    private static let textBytesMax = 1200

    init(_ request: HandshakeRequest) {
        self.request = request
        output = StepOutput(request.encoded())
    }

    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> StepProgress {
        if let refusal { return textReceived(input, &offset, refusal.response, refusal.error) }
        var refusing: HandshakeResponse?
        do throws(HandshakeError) {
            guard let response = try parser.bytesReceived(input, from: &offset) else { return .needsBytes }
            httpStatus = response.status
            if response.status >= 400 { refusing = response }
            return .done(try response.verified(against: request, wallSeconds: wallSeconds))
        } catch {
            guard let refusing else { return .failed(.webSocket(error)) }
            return textReceived(input, &offset, refusing, error)
        }
    }

    /// A text may come in a packet of its own behind the head.
    private mutating func textReceived(
        _ input: RawSpan, _ offset: inout Int, _ response: HandshakeResponse, _ error: HandshakeError
    ) -> StepProgress {
        input.withUnsafeBytes { text += $0[offset...].prefix(Self.textBytesMax - text.count) }
        offset = input.byteCount
        said = response.beginningOfText(text.span.bytes, from: 0)
        guard text.count < Self.textBytesMax, response.awaitsText(text.span.bytes, from: 0) else {
            refusal = nil
            return .failed(.webSocket(error))
        }
        refusal = (response, error)
        return .needsBytes
    }

    /// The server has refused, and not said all; nil: it has not refused.
    var refused: NegotiationError? { refusal.map { .webSocket($0.error) } }
}
