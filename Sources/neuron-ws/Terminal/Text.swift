// SPDX-License-Identifier: Apache-2.0
/// Small ways of writing things.
enum Text {
    /// With leading zeros.
    static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A number of microseconds as seconds with six decimals; no locale has a say in it.
    static func seconds(microseconds: Int64) -> String {
        "\(microseconds / 1_000_000)." + padded(Int(microseconds % 1_000_000), to: 6)
    }

    /// What stands before and behind the first `mark`; nil: there is none.
    static func cut(_ text: String, at mark: String) -> (before: String, behind: String)? {
        for index in text.indices where text[index...].hasPrefix(mark) {
            return (String(text[..<index]), String(text[index...].dropFirst(mark.count)))
        }
        return nil
    }

    /// Embedded Swift has no `contains` of a text.
    static func contains(_ text: String, _ part: String) -> Bool { part.isEmpty || cut(text, at: part) != nil }

    /// "0.31 ms"
    static func milliseconds(microseconds: Int64) -> String {
        let hundredths = (microseconds + 5) / 10
        return "\(hundredths / 100).\(padded(Int(hundredths % 100), to: 2)) ms"
    }

    /// "12", "0.5" or ".0625" seconds, rounded; nil: something else, or more than anybody waits. Not by `Double`, whose
    /// reading of texts Embedded Swift does not link.
    static func milliseconds(seconds text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = (whole: parts[0], decimals: parts.count > 1 ? parts[1] : "")
        guard !digits.whole.isEmpty || !digits.decimals.isEmpty, digits.whole.utf8.count <= 12,
            (digits.whole + digits.decimals).utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        // One digit more than is kept, to round by.
        let kept = (digits.decimals + "0000").prefix(4)
        guard let whole = Int("0" + digits.whole), let tenths = Int(kept) else { return nil }
        return whole * 1000 + (tenths + 5) / 10
    }

    /// A number of milliseconds as seconds, "1", "0.5".
    static func seconds(milliseconds: Int) -> String {
        var text = "\(milliseconds / 1000)." + padded(milliseconds % 1000, to: 3)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// "1 message", "2 messages".
    static func count(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// 1234567 as 1,234,567.
    static func grouped(_ number: Int) -> String {
        var result = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0 && index % 3 == 0 && digit != "-" { result.append(",") }
            result.append(digit)
        }
        return String(result.reversed())
    }
}
