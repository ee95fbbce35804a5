// SPDX-License-Identifier: Apache-2.0
/// Text as the inside of a JSON string (RFC 8259 §7): quotes, backslashes and control characters escaped, everything
/// else as it is, and what is not UTF-8 replaced by U+FFFD, one for each maximal part of an ill-formed sequence (The
/// Unicode Standard, §3.9, "U+FFFD Substitution of Maximal Subparts"). `/` is not escaped.
enum JSONStringWriter {
    /// The most bytes that one byte of text becomes: \u00XX.
    static let growthMax = 6
    /// How much text is taken per reservation.
    private static let pieceBytes = 4096

    /// Writes the text in quotes.
    static func writeQuoted(_ text: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.writeByte(0x22)
        try write(text, to: &writer)
        try writer.writeByte(0x22)
    }

    /// Writes the text without quotes.
    static func write(_ text: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        guard let start = text.baseAddress else { return }
        var index = 0
        while index < text.count {
            let stop = min(text.count, index + pieceBytes)
            // A sequence of up to four bytes may begin before `stop` and end behind it; and whole words are stored.
            try writer.reserve((stop - index) * growthMax + 32)
            var next = writer.next
            while index < stop {
                let plain = plainPrefix(start + index, count: stop - index, at: next)
                next += plain
                index += plain
                if index < stop { index += writeSpecial(start, index: index, count: text.count, next: &next) }
            }
            writer.next = next
        }
    }

    /// The bytes of a word that cannot stand for themselves have their highest bit set in the result, the lowest of
    /// them exactly: below 0x20, above 0x7f, quotes and backslashes. Above the lowest a borrow may show others.
    @inline(__always)
    static func specials(_ word: UInt64) -> UInt64 {
        let low = word &- 0x2020_2020_2020_2020
        let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslash = (word ^ 0x5c5c_5c5c_5c5c_5c5c) &- 0x0101_0101_0101_0101
        return (word | low | quote | backslash) & 0x8080_8080_8080_8080
    }

    /// Copies the bytes before the first special one and returns how many. May store up to seven bytes more.
    @inline(__always)
    private static func plainPrefix(
        _ source: UnsafeRawPointer, count: Int, at target: UnsafeMutableRawPointer
    ) -> Int {
        var index = 0
        while count - index >= 8 {
            let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            let found = specials(word)
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count {
            let byte = source.load(fromByteOffset: index, as: UInt8.self)
            if byte < 0x20 || byte > 0x7f || byte == 0x22 || byte == 0x5c { return index }
            target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            index += 1
        }
        return index
    }

    /// Writes what begins at `index` with a special byte and returns how many bytes of the text that was.
    private static func writeSpecial(
        _ start: UnsafeRawPointer, index: Int, count: Int, next: inout UnsafeMutableRawPointer
    ) -> Int {
        let byte = start.load(fromByteOffset: index, as: UInt8.self)
        if byte >= 0x80 {
            let sequence = UTF8Sequence.at(start + index, count: count - index)
            if sequence.isValid {
                for offset in 0..<sequence.count {
                    next.storeBytes(
                        of: start.load(fromByteOffset: index + offset, as: UInt8.self), toByteOffset: offset,
                        as: UInt8.self)
                }
                next += sequence.count
            } else {
                // U+FFFD
                next.storeBytes(of: 0xef, as: UInt8.self)
                next.storeBytes(of: 0xbf, toByteOffset: 1, as: UInt8.self)
                next.storeBytes(of: 0xbd, toByteOffset: 2, as: UInt8.self)
                next += 3
            }
            return sequence.count
        }
        next.storeBytes(of: 0x5c, as: UInt8.self)
        if byte >= 0x20 {
            next.storeBytes(of: byte, toByteOffset: 1, as: UInt8.self)
            next += 2
            return 1
        }
        // \u00XX
        next.storeBytes(of: 0x3030_75, toByteOffset: 1, as: UInt32.self)
        next.storeBytes(of: 0x30 | byte >> 4, toByteOffset: 4, as: UInt8.self)
        let digit = byte & 0x0f
        next.storeBytes(of: digit < 10 ? 0x30 | digit : 0x57 + digit, toByteOffset: 5, as: UInt8.self)
        next += 6
        return 1
    }
}

/// What begins at a byte above 0x7f: a well-formed UTF-8 sequence, or the maximal part of an ill-formed one.
struct UTF8Sequence {
    /// Bytes it takes, 1 to 4.
    let count: Int
    let isValid: Bool

    /// Table 3-7 of the Unicode Standard: which second bytes a first byte allows. `count` ≥ 1.
    static func at(_ bytes: UnsafeRawPointer, count: Int) -> UTF8Sequence {
        let first = bytes.load(as: UInt8.self)
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xbf
        switch first {
        case 0xc2...0xdf: length = 2
        case 0xe0...0xef:
            length = 3
            if first == 0xe0 { lowest = 0xa0 }
            if first == 0xed { highest = 0x9f }
        case 0xf0...0xf4:
            length = 4
            if first == 0xf0 { lowest = 0x90 }
            if first == 0xf4 { highest = 0x8f }
        default: return UTF8Sequence(count: 1, isValid: false)
        }
        for index in 1..<length {
            if index >= count { return UTF8Sequence(count: index, isValid: false) }
            let byte = bytes.load(fromByteOffset: index, as: UInt8.self)
            if byte < lowest || byte > highest { return UTF8Sequence(count: index, isValid: false) }
            lowest = 0x80
            highest = 0xbf
        }
        return UTF8Sequence(count: length, isValid: true)
    }
}
