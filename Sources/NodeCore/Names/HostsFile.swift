// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The system's table of names, hosts(5): lines of an address and the names that it has, `#` before a comment.
///
/// The system reads it itself when it is asked for a name. Here it is read for two questions that the system does not
/// answer: whether it will answer without any name server, and what it would answer if there were a thread to ask it.
public enum HostsFile {
    /// More addresses of one name than this are not looked at.
    static let addressesMax = 256
    /// The longest that an address is, zone included.
    private static let addressBytesMax = 128

    /// The addresses that `name` has in `content`, as texts, in the file's order. ASCII case and a dot at its end do
    /// not matter.
    public static func addresses(of name: String, in content: UnsafeRawBufferPointer) -> [String] {
        var name = name
        return name.withUTF8 { name in
            let name = UnsafeBufferPointer(rebasing: name.last == UInt8(ascii: ".") ? name.dropLast() : name[...])
            var found: [String] = []
            var line = Words(bytes: content)
            while line.next < content.count, found.count < addressesMax {
                let address = line.nextWord()
                var isNamed = false
                while let word = line.nextWord() { isNamed = isNamed || isSame(content[word], name) }
                if isNamed, let address, address.count <= addressBytesMax {
                    found.append(String(decoding: content[address], as: UTF8.self))
                }
                line.endLine()
            }
            return found
        }
    }

    /// Walks the words of a line, without memory of its own: some hosts files hold a hundred thousand names.
    private struct Words {
        let bytes: UnsafeRawBufferPointer
        var next = 0

        /// nil: the line, or what of it is not a comment, is at its end.
        mutating func nextWord() -> Range<Int>? {
            while next < bytes.count, isSpace(bytes[next]) { next += 1 }
            let start = next
            while next < bytes.count, !isSpace(bytes[next]), !isEnd(bytes[next]) { next += 1 }
            return start < next ? start..<next : nil
        }

        mutating func endLine() {
            while next < bytes.count, bytes[next] != UInt8(ascii: "\n") { next += 1 }
            next += 1
        }

        private func isSpace(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
        }

        private func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "#") }
    }

    private static func isSame(
        _ word: Slice<UnsafeRawBufferPointer>, _ name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard word.count == name.count else { return false }
        for (left, right) in zip(word, name) where ASCII.lowercased(left) != ASCII.lowercased(right) { return false }
        return true
    }
}
