// SPDX-License-Identifier: Apache-2.0
/// Prints messages for people, or for the next program.
struct MessagePrinter {
    enum Style { case plain, pretty, raw, json }

    /// More bytes of a binary message are not dumped.
    static let dumpBytesMax = 4096

    let style: Style

    static func style(_ arguments: Arguments) throws(UsageError) -> Style {
        let styles: [(name: String, style: Style)] = [("--pretty", .pretty), ("--raw", .raw), ("--json", .json)]
        let given = styles.filter { arguments.has($0.name) }
        guard given.count <= 1 else {
            throw UsageError(text: "\(given[0].name) and \(given[1].name) exclude each other")
        }
        if given.first?.style == .raw, Output.standard.isTerminal {
            throw UsageError(
                text: "--raw writes bytes as they come, which a terminal would obey: send them to a file or a pipe")
        }
        return given.first?.style ?? .plain
    }

    /// - Parameter connection: the number of the one that it came by, where there are several.
    func print(isText: Bool, _ bytes: UnsafeRawBufferPointer, connection: Int? = nil) {
        switch style {
        case .raw:
            Output.standard.write(bytes: bytes)
            if isText { Output.standard.write("\n") }
        case .json:
            Output.standard.write(Self.line(isText: isText, bytes, connection: connection) + "\n")
        case .plain, .pretty:
            let kind = isText ? "text" : "binary"
            let origin = connection.map { "#\($0) " } ?? ""
            let head =
                "\(Terminal.styled(.faint, Clock.timeOfDay()))  \(origin)\(kind), \(Text.count(bytes.count, "byte"))"
            if !isText {
                Output.standard.write(head + "\n" + HexDump.text(bytes, bytesMax: Self.dumpBytesMax))
            } else if style == .pretty, let root = try? JSON.parse(bytes) {
                Output.standard.write(head + "\n" + PrettyJSON.text(root, isColoured: Terminal.usesColours) + "\n")
            } else {
                Output.standard.write("\(head)  \(Terminal.printable(String(decoding: bytes, as: UTF8.self)))\n")
            }
        }
        Output.standard.flush()
    }

    /// {"time":"14:03:59.127","kind":"text","text":"…"}, or "hex" for bytes. By a numbered connection it is an event
    /// among others: "event":"message","connection":1 behind the time.
    static func line(isText: Bool, _ bytes: UnsafeRawBufferPointer, connection: Int? = nil) -> String {
        let content =
            isText
            ? "\"text\":\(JSONText.quoted(String(decoding: bytes, as: UTF8.self)))"
            : "\"hex\":\"\(bytes.map { HexDump.digits($0) }.joined())\""
        let origin = connection.map { "\"event\":\"message\",\"connection\":\($0)," } ?? ""
        return "{\"time\":\"\(Clock.timeOfDay())\",\(origin)\"kind\":\"\(isText ? "text" : "binary")\",\(content)}"
    }
}

/// Bytes as people read them, sixteen a line.
enum HexDump {
    private static let lineBytes = 16

    static func digits(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// "  00000000  68 69 0a …  |hi.|", each line with its end.
    static func text(_ bytes: UnsafeRawBufferPointer, bytesMax: Int) -> String {
        var lines = ""
        let shown = bytes.prefix(bytesMax)
        for start in stride(from: 0, to: shown.count, by: lineBytes) {
            let part = shown[start..<min(shown.count, start + lineBytes)]
            let offset = String(start, radix: 16)
            let hex = part.map { digits($0) }.joined(separator: " ")
            let letters = part.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
            lines += "  \(String(repeating: "0", count: max(0, 8 - offset.count)))\(offset)  "
            lines += "\(Text.left(hex, lineBytes * 3 - 1))  |\(letters)|\n"
        }
        if bytes.count > bytesMax {
            lines += "  … \(Text.count(bytes.count - bytesMax, "more byte")); --json has them all\n"
        }
        return lines
    }
}

/// A JSON document over several lines.
enum PrettyJSON {
    static func text(_ root: JSON, isColoured: Bool) -> String {
        let plain = String(decoding: root.text(indent: 2), as: UTF8.self)
        let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            "  " + Terminal.printable(String(line))
        }
        return isColoured ? lines.map { coloured($0) }.joined(separator: "\n") : lines.joined(separator: "\n")
    }

    /// A line of it: names cyan, texts green, numbers and words yellow.
    static func coloured(_ line: String) -> String {
        var result = ""
        var rest = line[...]
        while let first = rest.first {
            if first == "\"" {
                let text = quoted(rest)
                rest = rest[text.endIndex...]
                result += paint(rest.hasPrefix(":") ? .cyan : .green, text)
            } else if first.isLetter || first.isNumber || first == "-" {
                let word = rest.prefix { !",]} ".contains($0) }
                rest = rest[word.endIndex...]
                result += paint(.yellow, word)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// The text at the beginning, to its closing quotation mark.
    private static func quoted(_ rest: Substring) -> Substring {
        var isEscaped = false
        for index in rest.indices.dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if rest[index] == "\\" {
                isEscaped = true
            } else if rest[index] == "\"" {
                return rest[...index]
            }
        }
        return rest
    }

    private static func paint(_ style: Terminal.Style, _ text: Substring) -> String {
        "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}
