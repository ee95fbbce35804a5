// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// An integer of 64 bits in a text: decimal with or without a minus, or hexadecimal after 0x.
struct IntegerText: Equatable {
    let isNegative: Bool
    let magnitude: UInt64

    /// Nil when the text is none, or the integer has more than 64 bits.
    static func parse(_ text: UnsafeRawBufferPointer) -> IntegerText? {
        if text.count > 2, text[0] == UInt8(ascii: "0"), ASCII.lowercased(text[1]) == UInt8(ascii: "x") {
            if text.count > 18 { return nil }
            return ASCII.hexadecimal(text[2...]).map { IntegerText(isNegative: false, magnitude: $0) }
        }
        let isNegative = text.first == UInt8(ascii: "-")
        guard let magnitude = ASCII.decimal(isNegative ? text[1...] : text[...]) else { return nil }
        return IntegerText(isNegative: isNegative, magnitude: magnitude)
    }
}
