// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Lines of standard input as they come, for a loop that waits for more than that.
struct InputLines {
    private static let readBytes = 256 * 1024
    /// No message is longer.
    private static let lineBytesMax = 1 << 30

    private var buffer: [UInt8] = []
    /// No end of a line is before this place.
    private var searched = 0
    /// Why there is no more, if it is not the end.
    private(set) var failure: String?

    /// Reads once what is there, and calls `body` with each line that is whole; at the end with the rest.
    /// - Returns: false: that was the end.
    mutating func read(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        let before = buffer.count
        var count = 0
        buffer.append(contentsOf: repeatElement(0, count: Self.readBytes))
        buffer.withUnsafeMutableBytes { count = CLinux.read(0, $0.baseAddress! + before, Self.readBytes) }
        let number = systemErrorNumber
        buffer.removeLast(Self.readBytes - max(0, count))
        if count < 0 {
            if number == EINTR || number == EAGAIN { return true }
            failure = "standard input cannot be read: \(systemErrorText(number))"
        }
        deliver(body)
        if buffer.count > Self.lineBytesMax {
            failure = "a line of standard input is longer than \(Self.lineBytesMax) bytes"
            return false
        }
        guard count <= 0 else { return true }
        if !buffer.isEmpty, failure == nil { buffer.withUnsafeBytes { body(Self.trimmed($0)) } }
        buffer = []
        return false
    }

    private mutating func deliver(_ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var from = searched
            while from < bytes.count, let found = memchr(base + from, 10, bytes.count - from) {
                let end = UnsafeRawPointer(found) - base
                body(Self.trimmed(UnsafeRawBufferPointer(rebasing: bytes[start..<end])))
                start = end + 1
                from = start
            }
        }
        buffer.removeFirst(start)
        searched = buffer.count
    }

    private static func trimmed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        line.last == 13 ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
    }
}
