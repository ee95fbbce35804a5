// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// An integer of 64 bits in a text: decimal with or without a minus, or hexadecimal after 0x.
struct IntegerText: Equatable {
    let isNegative: Bool
    let magnitude: UInt64

    /// Nil when the text is none, or the integer has more than 64 bits.
    static func parse(_ text: UnsafeRawBufferPointer) -> IntegerText? {
        if text.count > 2, text[0] == 0x30, text[1] | 0x20 == UInt8(ascii: "x") {
            return hexadecimal(text[2...]).map { IntegerText(isNegative: false, magnitude: $0) }
        }
        let isNegative = text.first == UInt8(ascii: "-")
        guard let magnitude = LargeIntegers.decimal(isNegative ? text[1...] : text[...]) else { return nil }
        return IntegerText(isNegative: isNegative, magnitude: magnitude)
    }

    private static func hexadecimal(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64? {
        if digits.count > 16 { return nil }
        var number: UInt64 = 0
        for byte in digits {
            guard let digit = ASCII.hexDigit(byte) else { return nil }
            number = number << 4 | UInt64(digit)
        }
        return number
    }
}
