// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The number that a node writes in front of a message: `{"seq":17,…` or `{"resent":true,"seq":17,…`.
enum MessageSequence {
    /// nil: there is none.
    static func number(in message: UnsafeRawBufferPointer) -> UInt64? {
        var index = 0
        func skip(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard message.count - index >= count else { return false }
            for offset in 0..<count where message[index + offset] != text.utf8Start[offset] { return false }
            index += count
            return true
        }
        if !skip("{\"resent\":true,\"seq\":"), !skip("{\"seq\":") { return nil }
        let start = index
        while index < message.count, index - start < 19, ASCII.isDigit(message[index]) { index += 1 }
        return ASCII.decimal(message[start..<index]).flatMap { $0 > 0 ? $0 : nil }
    }
}
