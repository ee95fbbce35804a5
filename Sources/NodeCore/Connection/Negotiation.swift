// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// What has to be agreed on before frames flow, step by step: a proxy's, then the opening handshake.
///
/// Where TLS has to begin between two of them it says so, and says nothing more before it has been told that it is
/// there. TLS to the proxy or, without a proxy, to the server is the transport's own, before the first step.
///
/// A class: a connection that is open holds none of it.
final class Negotiation {
    /// What has come of the peer's bytes so far.
    enum Progress: Sendable {
        case needsBytes
        /// The proxy has opened the way to the server.
        case tunnelOpened(startsTLS: Bool)
        case done(NegotiatedConnection)
        case failed(NegotiationError)
    }

    private enum Step: Sendable {
        case httpConnect(HTTPConnectStep)
        case socks5(SOCKS5Step)
        case webSocket
    }

    private var step: Step
    private var webSocket: WebSocketStep
    private let startsTLS: Bool
    /// TLS is to begin, and was not told to be there.
    private var awaitsTLS = false
    /// The most that a step has to send at its beginning, bytes.
    let outputBytes: Int

    init(_ request: HandshakeRequest, _ tunnel: Tunnel? = nil) {
        webSocket = WebSocketStep(request)
        startsTLS = request.url.isSecure
        guard let tunnel else {
            step = .webSocket
            outputBytes = webSocket.output.count
            return
        }
        let url = request.url
        if tunnel.proxy.kind == .socks5 {
            step = .socks5(SOCKS5Step(host: url.host, port: url.port, tunnel.proxy))
            outputBytes = max(webSocket.output.count, SOCKS5Step.outputBytesMax)
        } else {
            let connect = HTTPConnectStep(url, authorization: tunnel.authorization, userAgent: tunnel.userAgent)
            step = .httpConnect(connect)
            outputBytes = max(webSocket.output.count, connect.output.count)
        }
    }

    /// What it is about, for who looks at the node.
    var phase: neuron_ws_phase_t { isBeforeTunnel ? .NEURON_WS_PHASE_PROXY : .NEURON_WS_PHASE_HANDSHAKING }

    /// A proxy has not opened the way yet.
    var isBeforeTunnel: Bool { if case .webSocket = step { false } else { true } }

    /// The status of the newest answer in HTTP; 0: none has come.
    var httpStatus: Int {
        switch step {
        case .httpConnect(let step): step.httpStatus
        case .socks5: 0
        case .webSocket: webSocket.httpStatus
        }
    }

    /// What the server says about its refusal; nil: nothing that can be shown.
    var said: ForeignText? { webSocket.said }

    /// The server has refused, and its text is still to come; nil: it has not.
    var refused: NegotiationError? { webSocket.refused }

    var isAllSent: Bool {
        if awaitsTLS { return true }
        return switch step {
        case .httpConnect(let step): step.output.isAllSent
        case .socks5(let step): step.output.isAllSent
        case .webSocket: webSocket.output.isAllSent
        }
    }

    /// Nothing secret comes any more.
    var isLastAllSent: Bool { !isBeforeTunnel && webSocket.output.isAllSent }

    /// The transport has what the next step needs.
    func transportOpened() { awaitsTLS = false }

    /// Writes as much of what is to be said as fits at `space[position...]`, and advances `position`.
    func fill(_ space: UnsafeMutableRawBufferPointer, at position: inout Int) {
        if awaitsTLS { return }
        switch step {
        case .httpConnect(var current):
            current.output.fill(space, at: &position)
            step = .httpConnect(current)
        case .socks5(var current):
            current.output.fill(space, at: &position)
            step = .socks5(current)
        case .webSocket: webSocket.output.fill(space, at: &position)
        }
    }

    /// Reads on from `input[offset...]` and advances `offset`, at most to behind the answer of the present step. Not to
    /// be called again once it is done or has failed.
    func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> Progress {
        let progress: StepProgress
        switch step {
        case .httpConnect(var current):
            progress = current.bytesReceived(input, from: &offset, wallSeconds: wallSeconds)
            step = .httpConnect(current)
        case .socks5(var current):
            progress = current.bytesReceived(input, from: &offset, wallSeconds: wallSeconds)
            step = .socks5(current)
        case .webSocket: progress = webSocket.bytesReceived(input, from: &offset, wallSeconds: wallSeconds)
        }
        switch progress {
        case .needsBytes: return .needsBytes
        case .failed(let error): return .failed(error)
        case .done(let agreed?): return .done(agreed)
        case .done(nil):
            step = .webSocket
            awaitsTLS = startsTLS
            return .tunnelOpened(startsTLS: startsTLS)
        }
    }
}
