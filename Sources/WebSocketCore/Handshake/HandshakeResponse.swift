// SPDX-License-Identifier: Apache-2.0
/// A server's answer to the opening handshake, whatever its status.
public struct HandshakeResponse: Sendable {
    /// 200 to 999, or 101.
    public let status: Int
    /// The phrase behind the status; may be empty.
    public let reason: ForeignText
    /// Header fields in the order they came, values without white space around them.
    let fields: [(name: String, value: String)]
    /// The x of HTTP/1.x.
    let minorVersion: Int

    /// The values of all fields of this name, regardless of case, joined with ", "; nil if there is none.
    public func value(of name: String) -> String? { HTTPHead.value(of: name, in: fields) }

    /// Where a redirect points to.
    public var location: ForeignText? { value(of: "Location").map { ForeignText($0) } }

    /// The delay that the server asks for, in seconds, 0 to 2^31 - 1 (RFC 9110 §10.2.3: a number, or a date); nil
    /// without one, or if it is neither. A date is held against the answer's own Date, because the clocks of gateways
    /// are often wrong. Of several, a proxy's and the server's, or numbers in a list, the longest counts, and what is
    /// none does not.
    /// - Parameter wallSeconds: Unix time, where the answer has no Date.
    public func retryAfterSeconds(wallSeconds: Int64) -> Int? {
        var longest: Int?
        for field in fields where ASCII.equalsIgnoringCase(field.name, "Retry-After") {
            // A date has a comma of its own.
            let whole = delaySeconds(field.value, wallSeconds)
            let seconds =
                whole ?? ASCII.listMembers(field.value).compactMap { delaySeconds($0, wallSeconds) }.max()
            if let seconds { longest = max(longest ?? 0, seconds) }
        }
        return longest
    }

    private func delaySeconds(_ text: String, _ wallSeconds: Int64) -> Int? {
        if text.utf8.isEmpty { return nil }
        if let date = HTTPDate.seconds(text, nowSeconds: wallSeconds) {
            let sent = value(of: "Date").flatMap { HTTPDate.seconds($0, nowSeconds: wallSeconds) }
            let left = date.subtractingReportingOverflow(sent ?? wallSeconds)
            return left.overflow ? nil : Int(min(max(left.partialValue, 0), 0x7FFF_FFFF))
        }
        var seconds = 0
        for byte in text.utf8 {
            guard let digit = ASCII.digit(byte) else { return nil }
            seconds = min(seconds * 10 + Int(digit), 0x7FFF_FFFF)
        }
        return seconds
    }

    /// Checks the answer as RFC 6455 §4.1 asks of a client.
    /// - Parameter wallSeconds: Unix time, against which a date in Retry-After may have to be held.
    /// - Returns: what the server chose.
    public func verified(
        against request: HandshakeRequest, wallSeconds: Int64
    ) throws(HandshakeError) -> NegotiatedConnection {
        // RFC 6455 §4.1, item 1 behind "Once the client's opening handshake has been sent": the status is 101.
        guard status == 101 else {
            throw .unexpectedStatus(
                status, location: location, retryAfterSeconds: retryAfterSeconds(wallSeconds: wallSeconds))
        }
        // RFC 9110 §7.8: HTTP/1.0 has no Upgrade.
        guard minorVersion >= 1 else { throw .httpVersionTooOld }
        // Item 2: Upgrade is "websocket", regardless of case.
        let upgrade = value(of: "Upgrade")
        guard let upgrade, ASCII.equalsIgnoringCase(upgrade, "websocket") else {
            throw .missingUpgrade(found: upgrade.map { ForeignText($0) })
        }
        // Item 3: Connection has the token "Upgrade", regardless of case.
        let connection = value(of: "Connection")
        guard HTTPHead.list(connection, contains: "Upgrade") else {
            throw .missingConnection(found: connection.map { ForeignText($0) })
        }
        // Item 4: Sec-WebSocket-Accept proves that the server has understood the key.
        let accept = value(of: "Sec-WebSocket-Accept")
        guard let accept, ASCII.equals(accept, request.expectedAccept) else {
            throw .wrongAccept(found: accept.map { ForeignText($0) })
        }
        let subprotocol = try verifiedSubprotocol(request)
        return try verifiedExtensions(request, subprotocol: subprotocol)
    }

    /// Item 6: no subprotocol that was not offered; and one at most (§11.3.4), which a joined value shows.
    private func verifiedSubprotocol(_ request: HandshakeRequest) throws(HandshakeError) -> String? {
        guard let chosen = value(of: "Sec-WebSocket-Protocol") else { return nil }
        guard request.subprotocols.contains(where: { ASCII.equals($0, chosen) }) else {
            throw .unexpectedSubprotocol(ForeignText(chosen))
        }
        return chosen
    }

    /// Item 5: no extension that was not offered. Their parameters are the extensions' own business.
    private func verifiedExtensions(
        _ request: HandshakeRequest, subprotocol: String?
    ) throws(HandshakeError) -> NegotiatedConnection {
        guard let chosen = value(of: "Sec-WebSocket-Extensions") else {
            return NegotiatedConnection(subprotocol: subprotocol)
        }
        guard let answer = ExtensionList.parse(chosen) else { throw .malformedExtensions(ForeignText(chosen)) }
        let offered = ExtensionList.parse(request.extensions ?? "")?.members ?? []
        var deflate: DeflateParameters?
        for member in answer.members {
            guard offered.contains(where: { ASCII.equalsIgnoringCase($0.name, member.name) }) else {
                throw .unexpectedExtension(ForeignText(member.name))
            }
            guard request.deflate != nil, ASCII.equalsIgnoringCase(member.name, DeflateParameters.name) else {
                continue
            }
            // RFC 7692 §5: two of them would both claim RSV1.
            if deflate != nil { throw .invalidDeflateAnswer("it comes twice") }
            deflate = try DeflateParameters.agreed(member)
        }
        return NegotiatedConnection(subprotocol: subprotocol, deflate: deflate)
    }
}

/// What client and server have agreed on.
public struct NegotiatedConnection: Equatable, Sendable {
    /// The subprotocol that the server chose, or nil if it chose none.
    public let subprotocol: String?
    /// What permessage-deflate is to be like; nil: the server has declined it, or it was not offered.
    public let deflate: DeflateParameters?

    init(subprotocol: String?, deflate: DeflateParameters? = nil) {
        self.subprotocol = subprotocol
        self.deflate = deflate
    }
}
