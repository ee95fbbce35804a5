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

    deinit { free(buffer) }

    /// The same bytes until another is marked; nil: there is no memory.
    func marked(_ message: UnsafeRawBufferPointer, id: UInt64) -> UnsafeRawBufferPointer? {
        if id == self.id { return UnsafeRawBufferPointer(start: buffer, count: count) }
        let length = message.count - 1 + Self.text.utf8CodeUnitCount
        if capacity < length {
            forget()
            let size = max(length, 4096)
            guard let room = malloc(size) else { return nil }
            buffer = room
            capacity = size
        }
        guard let buffer, let source = message.baseAddress else { return nil }
        buffer.copyMemory(from: Self.text.utf8Start, byteCount: Self.text.utf8CodeUnitCount)
        (buffer + Self.text.utf8CodeUnitCount).copyMemory(from: source + 1, byteCount: message.count - 1)
        self.id = id
        count = length
        return UnsafeRawBufferPointer(start: buffer, count: count)
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
