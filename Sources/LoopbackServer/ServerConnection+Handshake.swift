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
                    send(ClientRequest.refusal(status: 400, reason: "Bad Request"))
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
        var subprotocol = behaviour.subprotocol
        if let wanted = subprotocol, !request.offeredSubprotocols.contains(wanted) { subprotocol = nil }
        switch behaviour.handshake(forRequest: server.nextRequestNumber()) {
        case .accept:
            // In one piece, so that a client finds the frames behind the answer.
            send(try request.accepted(subprotocol: subprotocol) + behaviour.bytesAfterHandshake)
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
}
