// SPDX-License-Identifier: Apache-2.0
/// Text that has to fit into so many bytes.
public enum CutText {
    /// The longest escape of a foreign text, `\u{10ffff}`.
    private static let escapeBytesMax = 10

    /// How many of the bytes fit, cut neither in a character of UTF-8 nor in an escape (`\u{1b}`, `\xff`), half of
    /// which would read as something else.
    public static func byteCount(_ bytes: [UInt8], atMost most: Int) -> Int {
        guard bytes.count > most else { return bytes.count }
        var count = max(0, most)
        // A continuation byte right behind the cut means that a character would be torn.
        while count > 0, bytes[count] & 0xC0 == 0x80 { count -= 1 }
        for start in stride(from: count - 1, through: max(0, count - escapeBytesMax), by: -1)
        where bytes[start] == UInt8(ascii: "\\") {
            return start + escapeBytes(bytes[start...]) > count ? start : count
        }
        return count
    }

    /// 0: it is no escape, but a backslash that somebody wrote.
    private static func escapeBytes(_ text: ArraySlice<UInt8>) -> Int {
        if text.starts(with: "\\x".utf8) { return 4 }
        guard text.starts(with: "\\u{".utf8),
            let end = text.prefix(escapeBytesMax).firstIndex(of: UInt8(ascii: "}"))
        else { return 0 }
        return end + 1 - text.startIndex
    }
}
