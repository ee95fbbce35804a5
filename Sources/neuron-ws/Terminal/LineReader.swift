// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Lines of standard input, however long they are (up to a limit) and however they arrive.
struct LineReader: ~Copyable {
    /// A line beyond this is not kept in memory; it is reported as `.tooLong`.
    static let lineBytesMax = 1 << 30

    enum Line {
        /// The line's bytes, without its end, valid during the call.
        case bytes(UnsafeRawBufferPointer)
        case tooLong
    }

    private static let readBytes = 256 * 1024

    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var isSkipping = false
    private var isAtBeginning = true

    /// What went wrong when reading, if something did: then the input was not whole.
    private(set) var failure: String?

    /// Calls `body` with each line in turn, until it returns false. A last line without an end counts as well.
    /// - Parameter beforeWaiting: called before each read, which may wait: what is gathered should go out now.
    mutating func forEachLine(beforeWaiting: () -> Void = {}, _ body: (Line) -> Bool) {
        var searched = 0
        while true {
            if let end = endOfLine(from: max(start, searched)) {
                let goesOn = isSkipping ? body(.tooLong) : deliver(start..<end, body)
                isSkipping = false
                start = end + 1
                searched = start
                if !goesOn { return }
            } else if isAtEnd {
                if isSkipping {
                    _ = body(.tooLong)
                } else if start < buffer.count {
                    _ = deliver(start..<buffer.count, body)
                }
                return
            } else {
                if buffer.count - start > Self.lineBytesMax { isSkipping = true }
                if isSkipping { start = buffer.count }
                buffer.removeFirst(start)
                start = 0
                searched = buffer.count
                beforeWaiting()
                read()
                skipByteOrderMark()
            }
        }
    }

    /// Once the beginning of the input is there.
    private mutating func skipByteOrderMark() {
        guard isAtBeginning, isAtEnd || buffer.count >= ByteOrderMark.byteCount else { return }
        isAtBeginning = false
        if ByteOrderMark.begins(buffer) { start = ByteOrderMark.byteCount }
    }

    private func endOfLine(from index: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, index < bytes.count else { return nil }
            guard let found = memchr(base + index, 10, bytes.count - index) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private func deliver(_ range: Range<Int>, _ body: (Line) -> Bool) -> Bool {
        buffer.withUnsafeBytes { bytes in
            var line = UnsafeRawBufferPointer(rebasing: bytes[range])
            if line.last == 13 { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            return body(.bytes(line))
        }
    }

    /// Until standard input has something, or its end; false: there was an interrupt. A signal that comes just before a
    /// read would not end that, so the signals' pipe is looked at as well.
    private func waitForInput() -> Bool {
        var entries = [
            pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
            pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&entries, 2, -1) < 0, systemErrorNumber == EINTR, !Interrupt.isRequested {}
        return !Interrupt.isRequested
    }

    private mutating func read() {
        guard waitForInput() else {
            isAtEnd = true
            return
        }
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.readBytes))
        let count = buffer.withUnsafeMutableBytes { CLinux.read(0, $0.baseAddress! + old, Self.readBytes) }
        let number = count < 0 ? systemErrorNumber : 0
        buffer.removeLast(Self.readBytes - max(0, count))
        if count == 0 { isAtEnd = true }
        guard number != 0 else { return }
        // Somebody else has taken what there was.
        if number == EINTR || number == EAGAIN { return }
        failure = "standard input cannot be read: \(systemErrorText(number))"
        isAtEnd = true
    }
}

/// The mark that some editors put before a text in UTF-8 (RFC 8259 §8.1); it belongs to no line and no document.
enum ByteOrderMark {
    static let byteCount = 3

    static func begins(_ text: [UInt8]) -> Bool { text.starts(with: [0xEF, 0xBB, 0xBF]) }
}

/// Whole small files.
enum File {
    struct Failure: Error { let text: String }

    static func read(_ path: String, bytesMax: Int = 16 << 20) throws(Failure) -> String {
        guard let stream = fopen(path, "rbe") else {
            throw Failure(text: "\(path): \(systemErrorText(systemErrorNumber))")
        }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = fread(&piece, 1, piece.count, stream)
            // A directory can be opened, but not read.
            guard ferror(stream) == 0 else { throw Failure(text: "\(path): \(systemErrorText(systemErrorNumber))") }
            if count == 0 {
                let start = ByteOrderMark.begins(bytes) ? ByteOrderMark.byteCount : 0
                return String(decoding: bytes[start...], as: UTF8.self)
            }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= bytesMax else { throw Failure(text: "\(path) is larger than \(bytesMax >> 20) MiB") }
        }
    }
}

/// SIGINT, SIGTERM and a terminal that goes away (SIGHUP) as a wish to come to an end. The second one of the first two
/// ends the tool at once.
enum Interrupt {
    /// Written by the signal handler alone; an aligned word, read and written whole.
    nonisolated(unsafe) private static var count: Int32 = 0

    static var isRequested: Bool { count > 0 }

    /// Can be read as soon as an interrupt is requested; -1: nobody listens. Its other end is the handler's.
    nonisolated(unsafe) private(set) static var descriptor: Int32 = -1
    nonisolated(unsafe) private static var handlersDescriptor: Int32 = -1

    static func listen() {
        var ends: [Int32] = [-1, -1]
        if pipe(&ends) == 0 { (descriptor, handlersDescriptor) = (ends[0], ends[1]) }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            Interrupt.request()
            if Interrupt.count > 1 { _exit(ExitStatus.failed.rawValue) }
        }
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
        // Under nohup it is ignored, and stays so.
        guard !ServeSignals.isIgnored(SIGHUP) else { return }
        // It may come from the system and from the shell.
        action.__sigaction_handler.sa_handler = { _ in if Interrupt.count == 0 { Interrupt.request() } }
        sigaction(SIGHUP, &action, nil)
    }

    /// In a signal handler: it leaves the interrupted code's error number alone.
    private static func request() {
        count += 1
        let number = systemErrorNumber
        _ = write(handlersDescriptor, "!", 1)
        __errno_location().pointee = number
    }
}
