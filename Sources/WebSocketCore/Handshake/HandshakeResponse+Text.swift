// SPDX-License-Identifier: Apache-2.0
/// What stands behind the head of an answer.
extension HandshakeResponse {
    /// So much of it is looked at.
    private static let textBytesMax = 1024

    /// The beginning of the answer's content where that is text for people, as far as it has come. Nil: it is none, or
    /// a page, or compressed.
    /// - Parameter start: where the head ends in `input`.
    public func beginningOfText(_ input: RawSpan, from start: Int) -> ForeignText? {
        guard let (range, _) = text(input, from: start) else { return nil }
        var end = range.upperBound
        while end > range.lowerBound, input.byte(at: end - 1) <= 0x20 { end -= 1 }
        guard range.lowerBound < end else { return nil }
        return ForeignText((range.lowerBound..<end).map { input.byte(at: $0) })
    }

    /// The head says that there is text for people, and not all of it that is looked at has come. Without a word of how
    /// much there is nobody waits.
    public func awaitsText(_ input: RawSpan, from start: Int) -> Bool {
        text(input, from: start).map { !$0.isWhole } ?? false
    }

    private func text(_ input: RawSpan, from start: Int) -> (range: Range<Int>, isWhole: Bool)? {
        guard isText, value(of: "Content-Encoding") == nil else { return nil }
        var start = start
        var end = input.byteCount
        var wanted = 0
        if HTTPHead.list(value(of: "Transfer-Encoding"), contains: "chunked") {
            // RFC 9112 section 7.1: the first chunk's size stands in a line of its own.
            var size = 0
            while start < end, size < Self.textBytesMax, let digit = ASCII.hexDigit(input.byte(at: start)) {
                size = size * 16 + Int(digit)
                start += 1
            }
            while start < end, input.byte(at: start) != 0x0A { start += 1 }
            guard start < end else { return (end..<end, false) }
            start += 1
            wanted = min(size, Self.textBytesMax)
            end = min(end, start + wanted)
        } else if let text = value(of: "Content-Length"), let length = Int(text), length >= 0 {
            wanted = min(length, Self.textBytesMax)
            end = min(end, start + wanted)
        }
        end = min(end, start + Self.textBytesMax)
        return (start..<end, end - start >= wanted)
    }

    private var isText: Bool {
        guard let type = value(of: "Content-Type") else { return true }
        let bytes = type.utf8.map(ASCII.lowercased)
        return ["text/plain", "application/json", "application/problem+json"].contains { bytes.starts(with: $0.utf8) }
    }
}
