// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Several texts in one, as people put them into a field that takes text alone.
struct TextList {
    /// The first of them, borrowed: no more are kept than anybody takes.
    private(set) var elements: [UnsafeRawBufferPointer] = []
    /// How many there are.
    private(set) var count = 0

    private let text: UnsafeRawBufferPointer

    /// The elements between spaces, line ends and commas.
    static func elements(_ text: UnsafeRawBufferPointer, keptMax: Int) -> TextList {
        var list = TextList(text: text)
        list.split(keptMax: keptMax) { _ in true }
        return list
    }

    /// URLs between spaces, line ends and commas. A URL may hold a comma itself: only one that the next URL follows
    /// ends it.
    static func urls(_ text: UnsafeRawBufferPointer, keptMax: Int) -> TextList {
        var list = TextList(text: text)
        list.split(keptMax: keptMax) { next in
            next.isEmpty || next.starts(with: "ws".utf8) || next.starts(with: "WS".utf8)
        }
        return list
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    /// `isSeparator` is asked of a comma, with what follows it and the spaces and commas behind.
    private mutating func split(keptMax: Int, _ isSeparator: (Slice<UnsafeRawBufferPointer>) -> Bool) {
        var start = 0
        // Where the next word begins, once it was looked for: it is the same for each comma before it.
        var next = 0
        for index in 0...text.count {
            var isEnd = index == text.count || ASCII.isSpace(text[index])
            if !isEnd, text[index] == UInt8(ascii: ",") {
                next = max(next, index + 1)
                while next < text.count, ASCII.isSpace(text[next]) || text[next] == UInt8(ascii: ",") { next += 1 }
                isEnd = isSeparator(text[next...])
            }
            if !isEnd { continue }
            if start < index {
                count += 1
                if count <= keptMax { elements.append(UnsafeRawBufferPointer(rebasing: text[start..<index])) }
            }
            start = index + 1
        }
    }
}
