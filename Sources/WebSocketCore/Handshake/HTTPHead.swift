// SPDX-License-Identifier: Apache-2.0
/// A start line and header fields up to the blank line, read from bytes that may be split anywhere (RFC 9112 §2): what
/// the request and the response of the opening handshake have in common.
struct HTTPHead: Sendable {
    static let startLineBytesMax = 1024
    static let fieldLineBytesMax = 8192
    static let headBytesMax = 65536
    static let fieldsMax = 128

    typealias Field = (name: String, value: String)

    private(set) var startLine: [UInt8] = []
    private(set) var fields: [Field] = []
    private let prefix: StaticString
    private var line: [UInt8] = []
    /// Of the last field, its continuations included.
    private var fieldBytes = 0
    private var bytesRead = 0
    private var isStartLineRead = false

    /// - Parameter prefix: how the start line has to begin; another first byte is refused as soon as it comes.
    init(prefix: StaticString) { self.prefix = prefix }

    /// Reads on from `input[offset...]` and advances `offset`, at most to behind the blank line.
    /// - Returns: true when the head is complete.
    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int) throws(HandshakeError) -> Bool {
        while offset < input.byteCount {
            let byte = input.byte(at: offset)
            offset += 1
            bytesRead += 1
            guard bytesRead <= Self.headBytesMax else { throw .headerTooBig }
            if byte == UInt8(ascii: "\n") {
                // RFC 9112 §2.2: a recipient may take a single LF as the end of a line.
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                if try lineEnded() { return true }
            } else {
                try take(byte)
            }
        }
        return false
    }

    /// Starts over for another head; what has been read counts on towards `headBytesMax`.
    mutating func startOver() {
        startLine = []
        fields = []
        line = []
        isStartLineRead = false
    }

    private mutating func take(_ byte: UInt8) throws(HandshakeError) {
        if !isStartLineRead, line.count < prefix.utf8CodeUnitCount {
            guard byte == prefix.utf8Start[line.count] else { throw .notHTTP }
        }
        // The limits do not count the line's end, so that its CR may stand one behind them.
        let room = byte == UInt8(ascii: "\r") ? 1 : 0
        let most = (isStartLineRead ? Self.fieldLineBytesMax : Self.startLineBytesMax) + room
        guard line.count < most else { throw isStartLineRead ? .fieldTooLong : .startLineTooLong }
        line.append(byte)
    }

    /// - Returns: true at the blank line.
    private mutating func lineEnded() throws(HandshakeError) -> Bool {
        defer { line.removeAll(keepingCapacity: true) }
        guard isStartLineRead else {
            guard line.count >= prefix.utf8CodeUnitCount else { throw .notHTTP }
            guard !line.isEmpty, line.allSatisfy(ASCII.isFieldValueByte) else { throw .malformedStartLine }
            startLine = line
            isStartLineRead = true
            return false
        }
        guard !line.isEmpty else { return true }
        if line[0] == 0x20 || line[0] == 0x09 {
            try continueField()
            return false
        }
        guard fields.count < Self.fieldsMax else { throw .tooManyFields }
        let field = try parseField()
        fieldBytes = line.count
        fields.append(field)
        return false
    }

    /// RFC 9112 §5: a name that is a token, a colon right behind it, a value.
    private func parseField() throws(HandshakeError) -> Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy(ASCII.isTokenCharacter),
            line[colon...].allSatisfy(ASCII.isFieldValueByte)
        else { throw .malformedField }
        let value = ASCII.trimmed(line[(colon + 1)...])
        return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// RFC 9112 §5.2: a line that begins with white space continues the field before it, with a space in between.
    /// Behind the start line there is no such field (§2.2).
    private mutating func continueField() throws(HandshakeError) {
        guard let last = fields.last, line.allSatisfy(ASCII.isFieldValueByte) else { throw .malformedField }
        fieldBytes += line.count
        guard fieldBytes <= Self.fieldLineBytesMax else { throw .fieldTooLong }
        let more = String(decoding: ASCII.trimmed(line[...]), as: UTF8.self)
        if more.utf8.isEmpty { return }
        fields[fields.count - 1].value = last.value.utf8.isEmpty ? more : last.value + " " + more
    }

    /// All values of a field, joined with ", " (RFC 9110 §5.2); nil if there is none.
    static func value(of name: String, in fields: [Field]) -> String? {
        let values = fields.lazy.filter { ASCII.equalsIgnoringCase($0.name, name) }.map { $0.value }
        guard let first = values.first else { return nil }
        // No longer than the head: a text that grows bit by bit would take twice that.
        var joined = ""
        joined.reserveCapacity(values.reduce(0) { $0 + $1.utf8.count + 2 })
        joined += first
        for value in values.dropFirst() {
            joined += ", "
            joined += value
        }
        return joined
    }

    /// Whether a comma-separated field has a member, regardless of case.
    static func list(_ text: String?, contains member: String) -> Bool {
        guard let text else { return false }
        return ASCII.listMembers(text).contains { ASCII.equalsIgnoringCase($0, member) }
    }
}
