// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// PEM as it comes out of editors, forms and environment variables, as OpenSSL reads it (RFC 7468): without a byte
/// order mark, each BEGIN and END on a line of its own, lines ended by LF, nothing before them.
enum PEMText {
    static func normalized(_ bytes: UnsafeRawBufferPointer) throws(OutOfMemory) -> SecretBytes {
        // Two line ends for each BEGIN and END, of fourteen bytes at least, and nothing else, is ever added.
        let result = try SecretBytes.make(capacity: bytes.count + bytes.count / 4 + 16, memory: .heap) { room in
            var normalizer = Normalizer(bytes: bytes, room: room)
            normalizer.run()
            return normalizer.count
        }
        return result ?? ""
    }

    private struct Normalizer {
        let bytes: UnsafeRawBufferPointer
        let room: UnsafeMutableRawBufferPointer
        var count = 0
        private var index = 0
        private var isInside = false
        /// The line so far is no base64 but a header, `Proc-Type: 4,ENCRYPTED`.
        private var isHeader = false

        init(bytes: UnsafeRawBufferPointer, room: UnsafeMutableRawBufferPointer) {
            self.bytes = bytes
            self.room = room
        }

        mutating func run() {
            if matches(0, "\u{FEFF}") { index = 3 }
            while index < bytes.count {
                if let end = boundaryEnd() {
                    boundary(end)
                } else if isLineEnd {
                    put(lineFeed)
                    skipLineEnd()
                } else if isInside, matches(index, "\\n") {
                    // A line break that somebody escaped twice.
                    put(lineFeed)
                    index += 2
                } else if isBlank, count == 0 || room[count - 1] == lineFeed {
                    index += 1
                } else if isBlank, isInside, !isHeader {
                    // A form or a shell has made one line of it; at a line's end it is nothing.
                    while isBlank { index += 1 }
                    if index < bytes.count, !isLineEnd { put(lineFeed) }
                } else {
                    put(bytes[index])
                    index += 1
                }
            }
        }

        private mutating func boundary(_ end: Int) {
            if count > 0, room[count - 1] != lineFeed { put(lineFeed) }
            isInside = bytes[index + 5] == UInt8(ascii: "B")
            while index < end {
                put(bytes[index])
                index += 1
            }
            put(lineFeed)
            while isBlank { index += 1 }
            if isLineEnd { skipLineEnd() } else if matches(index, "\\n") { index += 2 }
        }

        private mutating func put(_ byte: UInt8) {
            guard count < room.count else { return }
            room[count] = byte
            count += 1
            if byte == lineFeed { isHeader = false } else if byte == UInt8(ascii: ":") { isHeader = true }
        }

        private let lineFeed = UInt8(ascii: "\n")

        private var isBlank: Bool { index < bytes.count && (bytes[index] == 0x20 || bytes[index] == 0x09) }

        private var isLineEnd: Bool { index < bytes.count && (bytes[index] == 0x0a || bytes[index] == 0x0d) }

        private mutating func skipLineEnd() { index += matches(index, "\r\n") ? 2 : 1 }

        /// Where `-----BEGIN …-----` or `-----END …-----` ends that begins at `index`; nil: none does.
        private func boundaryEnd() -> Int? {
            guard matches(index, "-----BEGIN ") || matches(index, "-----END ") else { return nil }
            var end = index + 9
            // RFC 7468 §3: a label of printable characters.
            while end < bytes.count, end - index < 128, bytes[end] >= 0x20 {
                if matches(end, "-----") { return end + 5 }
                end += 1
            }
            return nil
        }

        private func matches(_ place: Int, _ text: StaticString) -> Bool {
            guard place + text.utf8CodeUnitCount <= bytes.count else { return false }
            for offset in 0..<text.utf8CodeUnitCount where bytes[place + offset] != text.utf8Start[offset] {
                return false
            }
            return true
        }
    }
}
