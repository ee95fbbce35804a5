// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The client's opening handshake (RFC 6455 §4.1) as a step.
struct WebSocketStep: NegotiationStep {
    private let request: HandshakeRequest
    private var parser = HandshakeResponseParser()
    var output: StepOutput
    private(set) var httpStatus = 0
    /// What the server says about its refusal, as far as it came with the head of its answer.
    private(set) var said: ForeignText?

    init(_ request: HandshakeRequest) {
        self.request = request
        output = StepOutput(request.encoded())
    }

    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> StepProgress {
        do throws(HandshakeError) {
            guard let response = try parser.bytesReceived(input, from: &offset) else { return .needsBytes }
            httpStatus = response.status
            if response.status >= 400 { said = response.beginningOfText(input, from: offset) }
            return .done(try response.verified(against: request, wallSeconds: wallSeconds))
        } catch {
            return .failed(.webSocket(error))
        }
    }
}
