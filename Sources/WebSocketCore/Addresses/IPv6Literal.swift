// SPDX-License-Identifier: Apache-2.0
/// An IPv6 address as text (RFC 4291 §2.2).
enum IPv6Literal {
    /// - Parameter text: without brackets and without a zone.
    static func isValid(_ text: ArraySlice<UInt8>) -> Bool {
        let colon = UInt8(ascii: ":")
        var groups = 0
        var hasGap = false
        var index = text.startIndex
        if text.starts(with: [colon, colon]) {
            hasGap = true
            index += 2
        }
        while index < text.endIndex {
            let start = index
            while index < text.endIndex, ASCII.isHexDigit(text[index]) { index += 1 }
            if index < text.endIndex, text[index] == UInt8(ascii: ".") {
                // RFC 4291 §2.2, form 3: the last 32 bits in dotted decimal.
                guard IPv4Literal.isValid(text[start...]) else { return false }
                groups += 2
                index = text.endIndex
                break
            }
            guard index > start, index - start <= 4 else { return false }
            groups += 1
            guard index < text.endIndex else { break }
            guard text[index] == colon else { return false }
            index += 1
            guard index < text.endIndex else { return false }
            if text[index] == colon {
                guard !hasGap else { return false }
                hasGap = true
                index += 1
            }
        }
        return hasGap ? groups <= 7 : groups == 8
    }
}
