// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// TLS and the opening handshake, as a good server does it or as it was told to.
extension ServerConnection {
    /// TLS, if it is TLS.
    func secure() -> Bool {
        let deadline = Self.milliseconds() + Self.handshakeMilliseconds
        while true {
            switch stream.shakeHands() {
            case .bytes:
                record.clientCertificate = stream.clientCertificate
                return true
            case .notNow:
                guard wait(reading: !stream.waitsForWriting, until: deadline) else { return false }
            case .end: return over("the client left during the TLS handshake")
            case .failed(let why): return over(why)
            }
        }
    }

    /// The opening handshake.
    /// - Returns: how many bytes of `input` came behind it; nil when there is no WebSocket.
    func shakeHands(_ behaviour: ServerBehaviour) -> Range<Int>? {
        var handshake = ServerHandshake()
        let deadline = Self.milliseconds() + Self.handshakeMilliseconds
        while true {
            switch stream.read(into: input) {
            case .bytes(let count):
                var offset = 0
                do throws(HandshakeError) {
                    let bytes = UnsafeRawBufferPointer(rebasing: input[..<count])
                    guard let request = try handshake.bytesReceived(bytes.bytes, from: &offset) else { continue }
                    return try answer(request, behaviour) ? offset..<count : nil
                } catch {
                    send(WebAnswer.refusal(error).bytes())
                    finish("the handshake: \(error.text)")
                    return nil
                }
            case .notNow:
                guard wait(reading: true, until: deadline) else { return nil }
            case .end:
                _ = over("the client left during the handshake")
                return nil
            case .failed(let why):
                _ = over(why)
                return nil
            }
        }
    }

    /// - Returns: whether the WebSocket is open.
    private func answer(_ request: ClientRequest, _ behaviour: ServerBehaviour) throws(HandshakeError) -> Bool {
        record.resource = request.resource
        record.headers = request.fields
        if let pages = server.pages {
            let gate = WebGate(token: pages.token, isTLS: stream.isTLS)
            switch gate.entry(for: request) {
            case .gateway: break
            case .page(let host):
                showPage(pages.host, to: request, host: host)
                return false
            case .live: return try openPage(pages, request)
            case .refused(let refusal):
                answer(request, with: refusal)
                return false
            }
        }
        var subprotocol = behaviour.subprotocol
        if let wanted = subprotocol, !request.offeredSubprotocols.contains(wanted) { subprotocol = nil }
        switch behaviour.handshake(forRequest: server.nextRequestNumber()) {
        case .accept:
            // In one piece, so that a client finds the frames behind the answer.
            send(try request.accepted(subprotocol: subprotocol) + behaviour.bytesAfterHandshake)
            record.subprotocol = subprotocol ?? ""
            return true
        case .silent:
            while wait(reading: false, until: Int64.max) {}
        case .refuse(let status, let reason, let headers):
            send(ClientRequest.refusal(status: status, reason: reason, headers: headers))
            finish("refused with \(status)")
        case .wrongAccept:
            let right = String(decoding: try request.accepted(), as: UTF8.self)
            let lines = right.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
                line.hasPrefix("Sec-WebSocket-Accept") ? "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=" : line
            }
            send(Array(lines.joined(separator: "\r\n").utf8))
            finish("answered with a wrong Sec-WebSocket-Accept")
        case .cut(let count):
            send(Array(try request.accepted().prefix(count)))
            finish("ended behind \(count) bytes of the answer")
        case .bytes(let bytes):
            send(bytes)
            finish("answered with bytes of its own")
        case .endless(let bytes):
            while send(bytes) {}
        }
        return false
    }

    // MARK: Pages

    private func showPage(_ host: any PageHost, to request: ClientRequest, host name: String) {
        let nonce = ServerRandom.hex(bytes: 16)
        let page = WebAnswer.page(host.html(nonce: nonce), nonce: nonce, host: name, isTLS: stream.isTLS)
        answer(request, with: page)
    }

    private func answer(_ request: ClientRequest, with answer: WebAnswer) {
        if answer.status < 400 { isWeb = true }
        send(answer.bytes(isHead: request.method == "HEAD"))
        finish("answered with \(answer.status)")
    }

    private func openPage(_ pages: ServerPages, _ request: ClientRequest) throws(HandshakeError) -> Bool {
        let accepted = try request.accepted()
        guard server.pageOpens(record.number, pagesMax: pages.pagesMax) else {
            answer(request, with: .tooManyPages(pages.pagesMax))
            return false
        }
        isWeb = true
        becomePage(of: pages)
        return send(accepted)
    }
}
