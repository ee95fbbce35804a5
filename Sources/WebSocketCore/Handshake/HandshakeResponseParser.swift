// SPDX-License-Identifier: Apache-2.0
/// Reads a server's answer to the opening handshake from bytes that may be split anywhere (RFC 6455 §4.1, RFC 9112).
public struct HandshakeResponseParser: Sendable {
    /// The longest status line, in bytes without its line end.
    public static let startLineBytesMax = HTTPHead.startLineBytesMax
    /// The longest header field, in bytes without its line end.
    public static let fieldLineBytesMax = HTTPHead.fieldLineBytesMax
    /// All lines together, interim answers included, in bytes.
    public static let headBytesMax = HTTPHead.headBytesMax
    /// The most header fields.
    public static let fieldsMax = HTTPHead.fieldsMax

    private var head = HTTPHead(prefix: "HTTP/1.")

    public init() {}

    /// Reads on from `input[offset...]` and advances `offset`, at most to behind the blank line: what follows a 101
    /// there are frames already. Not to be called again once it has returned an answer or thrown.
    /// - Returns: the answer when it is complete, else nil: more bytes are needed.
    public mutating func bytesReceived(
        _ input: RawSpan, from offset: inout Int
    ) throws(HandshakeError) -> HandshakeResponse? {
        while try head.bytesReceived(input, from: &offset) {
            let response = try parse()
            // RFC 9110 §15.2: a client has to be ready for interim answers (100, 103) before the one it waits for.
            let isInterim = response.status < 200 && response.status != 101
            guard isInterim else { return response }
            head.startOver()
        }
        return nil
    }

    /// The status line: `HTTP/1.x`, a space, three digits, and optionally a space and a phrase (RFC 9112 §4).
    private func parse() throws(HandshakeError) -> HandshakeResponse {
        let line = head.startLine
        guard line.count >= 12, ASCII.isDigit(line[7]), line[8] == 0x20, line[9..<12].allSatisfy(ASCII.isDigit),
            line[9] != UInt8(ascii: "0"), line.count == 12 || line[12] == 0x20
        else { throw .malformedStartLine }
        var status = 0
        for byte in line[9..<12] { status = status * 10 + Int(ASCII.digit(byte) ?? 0) }
        return HandshakeResponse(
            status: status, reason: ForeignText(ASCII.trimmed(line[12...])),
            fields: head.fields, minorVersion: Int(ASCII.digit(line[7]) ?? 0))
    }
}
