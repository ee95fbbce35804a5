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
        var value: UInt64 = 0
        let start = index
        while index < message.count, index - start < 19, message[index] &- 0x30 < 10 {
            value = value * 10 + UInt64(message[index] - 0x30)
            index += 1
        }
        return value > 0 ? value : nil
    }
}
