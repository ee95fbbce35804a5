// SPDX-License-Identifier: Apache-2.0
/// Counts messages without looking into them, for servers that only count: whole data messages of one masked frame,
/// as a fast client sends them. Everything else is left to `WebSocketEndpoint`.
enum MessageCounter {
    struct Result {
        var messages = 0
        var payloadBytes = 0
    }

    /// Counts from `offset` on, which must be between two messages, and advances it behind the last counted one.
    static func count(_ input: UnsafeRawBufferPointer, from offset: inout Int) -> Result {
        var result = Result()
        while let frame = frame(input, at: offset) {
            offset += frame.headerBytes + frame.payloadBytes
            result.messages += 1
            result.payloadBytes += frame.payloadBytes
        }
        return result
    }

    /// - Returns: nil unless a whole frame stands there that is a message of its own.
    private static func frame(
        _ input: UnsafeRawBufferPointer, at offset: Int
    ) -> (headerBytes: Int, payloadBytes: Int)? {
        let left = input.count - offset
        // RFC 6455 §5.2: FIN, no reserved bits, text or binary; the mask bit; then the length and the key.
        guard left >= 6, input[offset] == 0x81 || input[offset] == 0x82, input[offset + 1] & 0x80 != 0 else {
            return nil
        }
        let short = Int(input[offset + 1] & 0x7F)
        if short < 126 { return left >= 6 + short ? (6, short) : nil }
        // Frames beyond 64 KiB are so few that the endpoint is fast enough for them.
        guard short == 126, left >= 8 else { return nil }
        let length = Int(input[offset + 2]) << 8 | Int(input[offset + 3])
        return length >= 126 && left >= 8 + length ? (8, length) : nil
    }
}
