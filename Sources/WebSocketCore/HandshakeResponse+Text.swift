// SPDX-License-Identifier: Apache-2.0
/// What stands behind the head of an answer.
extension HandshakeResponse {
    /// So much of it is looked at.
    private static let textBytesMax = 1024

    /// The beginning of the answer's content where that is text for people, as far as it came with the head: nothing is
    /// waited for. Nil: it is none, or a page, or compressed.
    /// - Parameter start: where the head ends in `input`.
    public func beginningOfText(_ input: RawSpan, from start: Int) -> ForeignText? {
        guard isText, value(of: "Content-Encoding") == nil else { return nil }
        var start = start
        var end = input.byteCount
        if HTTPHead.list(value(of: "Transfer-Encoding"), contains: "chunked") {
            // RFC 9112 section 7.1: the first chunk's size stands in a line of its own.
            var size = 0
            while start < end, size < Self.textBytesMax, let digit = ASCII.hexDigit(input.byte(at: start)) {
                size = size * 16 + Int(digit)
                start += 1
            }
            while start < end, input.byte(at: start) != 0x0A { start += 1 }
            start += 1
            end = min(end, start + size)
        } else if let text = value(of: "Content-Length"), let length = Int(text), length >= 0 {
            end = min(end, start + min(length, Self.textBytesMax))
        }
        end = min(end, start + Self.textBytesMax)
        while end > start, input.byte(at: end - 1) <= 0x20 { end -= 1 }
        guard start < end else { return nil }
        return ForeignText((start..<end).map { input.byte(at: $0) })
    }

    private var isText: Bool {
        guard let type = value(of: "Content-Type") else { return true }
        let bytes = type.utf8.map(ASCII.lowercased)
        return ["text/plain", "application/json", "application/problem+json"].contains { bytes.starts(with: $0.utf8) }
    }
}
