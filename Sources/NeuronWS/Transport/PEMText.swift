/// PEM as it comes out of editors, forms and environment variables, as OpenSSL reads it (RFC 7468): without a byte
/// order mark, each BEGIN and END on a line of its own, lines ended by LF, nothing before them.
enum PEMText {
    static func normalized(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        // Two line ends for each of the few BEGIN and END, and nothing else, is ever added.
        result.reserveCapacity(bytes.count + bytes.count / 8 + 16)
        var index = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        var isInside = false
        while index < bytes.count {
            if let end = boundaryEnd(bytes, index) {
                if let last = result.last, last != lineFeed { result.append(lineFeed) }
                isInside = bytes[index + 5] == UInt8(ascii: "B")
                result.append(contentsOf: bytes[index..<end])
                result.append(lineFeed)
                index = end
                while index < bytes.count, isBlank(bytes[index]) { index += 1 }
                if index < bytes.count, isLineEnd(bytes[index]) {
                    index = behindLineEnd(bytes, index)
                } else if matches(bytes, index, "\\n") {
                    index += 2
                }
                continue
            }
            let byte = bytes[index]
            if isLineEnd(byte) {
                result.append(lineFeed)
                index = behindLineEnd(bytes, index)
            } else if isInside, matches(bytes, index, "\\n") {
                // A line break that somebody escaped twice.
                result.append(lineFeed)
                index += 2
            } else if isBlank(byte), result.last == nil || result.last == lineFeed {
                index += 1
            } else if isInside, isBlank(byte), isBody(result) {
                // A form or a shell has made one line of it; at a line's end it is nothing.
                while index < bytes.count, isBlank(bytes[index]) { index += 1 }
                if index < bytes.count, !isLineEnd(bytes[index]) { result.append(lineFeed) }
            } else {
                result.append(byte)
                index += 1
            }
        }
        return result
    }

    private static let lineFeed = UInt8(ascii: "\n")

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0a || byte == 0x0d }

    private static func behindLineEnd(_ bytes: [UInt8], _ index: Int) -> Int {
        let isPair = bytes[index] == 0x0d && index + 1 < bytes.count && bytes[index + 1] == 0x0a
        return index + (isPair ? 2 : 1)
    }

    /// Whether the line so far is base64 and not a header, `Proc-Type: 4,ENCRYPTED`.
    private static func isBody(_ result: [UInt8]) -> Bool {
        var index = result.count
        while index > 0, result[index - 1] != lineFeed {
            index -= 1
            if result[index] == UInt8(ascii: ":") { return false }
        }
        return true
    }

    /// Where `-----BEGIN …-----` or `-----END …-----` ends that begins at `index`; nil: none does.
    private static func boundaryEnd(_ bytes: [UInt8], _ index: Int) -> Int? {
        guard matches(bytes, index, "-----BEGIN ") || matches(bytes, index, "-----END ") else { return nil }
        var end = index + 9
        // RFC 7468 §3: a label of printable characters.
        while end < bytes.count, end - index < 128, bytes[end] >= 0x20 {
            if matches(bytes, end, "-----") { return end + 5 }
            end += 1
        }
        return nil
    }

    private static func matches(_ bytes: [UInt8], _ index: Int, _ text: StaticString) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        for place in 0..<text.utf8CodeUnitCount where bytes[index + place] != text.utf8Start[place] { return false }
        return true
    }
}
