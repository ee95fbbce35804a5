// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The copy of a message that is sent again and says so: `{"resent":true,` in place of its opening brace. Only those
/// with a number are marked, which begin with one. Loop-bound; belongs to one connection.
final class RepeatMark {
    private static let text: StaticString = "{\"resent\":true,"
    /// What is not given back between two messages, bytes.
    private static let keptBytesMax = 64 * 1024

    private var buffer: UnsafeMutableRawPointer?
    private var capacity = 0
    private var id: UInt64 = 0
    private var count = 0
    /// So much of it is there.
    private var copied = 0

    enum Marked {
        /// The same bytes until another is marked.
        case whole(UnsafeRawBufferPointer)
        /// To be called again.
        case unfinished
        case noMemory
    }

    deinit { free(buffer) }

    /// One is marked, or being marked, and not framed.
    var isBegun: Bool { id != 0 }

    /// - Parameter bytesLeft: so much is copied at most; what was is taken from it.
    func marked(_ message: UnsafeRawBufferPointer, id: UInt64, bytesLeft: inout Int) -> Marked {
        if id != self.id {
            guard begin(message.count - 1 + Self.text.utf8CodeUnitCount) else { return .noMemory }
            self.id = id
        }
        guard let buffer, let source = message.baseAddress else { return .noMemory }
        let piece = min(count - copied, max(0, bytesLeft))
        if piece > 0 {
            // The brace is the mark's.
            let from = source + 1 + (copied - Self.text.utf8CodeUnitCount)
            (buffer + copied).copyMemory(from: from, byteCount: piece)
            copied += piece
            bytesLeft -= piece
        }
        return copied == count ? .whole(UnsafeRawBufferPointer(start: buffer, count: count)) : .unfinished
    }

    /// The mark itself. - Returns: false: there is no memory.
    private func begin(_ length: Int) -> Bool {
        if capacity < length {
            forget()
            let size = max(length, 4096)
            guard let room = malloc(size) else { return false }
            buffer = room
            capacity = size
        }
        guard let buffer else { return false }
        copied = Self.text.utf8CodeUnitCount
        buffer.copyMemory(from: Self.text.utf8Start, byteCount: copied)
        count = length
        return true
    }

    /// The message is framed.
    func framed() {
        id = 0
        if capacity > Self.keptBytesMax { forget() }
    }

    private func forget() {
        free(buffer)
        buffer = nil
        capacity = 0
        id = 0
    }
}
