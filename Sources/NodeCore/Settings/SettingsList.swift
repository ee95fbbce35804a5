import WebSocketCore

/// Several texts in one, as people put them into a field that takes text alone.
enum SettingsList {
    /// The elements between spaces, line ends and commas.
    static func elements(_ text: String) -> [String] {
        split(text) { _ in true }
    }

    /// URLs between spaces, line ends and commas. A URL may hold a comma itself: only one that the next URL follows
    /// ends it.
    static func urls(_ text: String) -> [String] {
        split(text) { rest in
            let next = rest.drop { ASCII.isSpace($0) || $0 == UInt8(ascii: ",") }
            return next.isEmpty || next.starts(with: "ws".utf8) || next.starts(with: "WS".utf8)
        }
    }

    /// `isSeparator` is asked of a comma, with what follows it.
    private static func split(_ text: String, _ isSeparator: (ArraySlice<UInt8>) -> Bool) -> [String] {
        let bytes = Array(text.utf8)
        var elements: [String] = []
        var start = 0
        for index in 0...bytes.count {
            let isEnd =
                index == bytes.count || ASCII.isSpace(bytes[index])
                || (bytes[index] == UInt8(ascii: ",") && isSeparator(bytes[(index + 1)...]))
            if !isEnd { continue }
            if start < index { elements.append(String(decoding: bytes[start..<index], as: UTF8.self)) }
            start = index + 1
        }
        return elements
    }
}
