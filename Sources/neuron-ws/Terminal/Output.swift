// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The error number of the last system call on this thread.
var systemErrorNumber: Int32 { __errno_location().pointee }

/// What the system says about an error number.
func systemErrorText(_ number: Int32) -> String {
    guard let text = strerror(number) else { return "error \(number)" }
    return String(cString: text)
}

/// A stream that people or programs read: standard output or standard error. Buffered, and safe to use from any
/// thread: connection threads and callbacks print too.
final class Output: @unchecked Sendable {
    static let standard = Output(descriptor: 1)
    static let error = Output(descriptor: 2)

    /// As much is gathered before it is written.
    private static let bufferBytesMax = 64 * 1024

    private let descriptor: Int32
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var buffer: [UInt8] = []
    /// What must not be left behind when the tool ends because nobody takes its output. Set before there are threads.
    var beforeGivingUp: () -> Void = {}

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        pthread_mutex_init(mutex, nil)
        buffer.reserveCapacity(Self.bufferBytesMax)
    }

    /// Whether a person is reading along.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Gathers the text; `flush` sends it on its way.
    func write(_ text: String) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        append(text)
    }

    /// One line, at once.
    func writeLine(_ text: String = "") {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        append(text)
        buffer.append(10)
        drain()
    }

    /// Gathers bytes as they are.
    func write(bytes: UnsafeRawBufferPointer) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytesMax { drain() }
    }

    func flush() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        drain()
    }

    private func append(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bufferBytesMax { drain() }
    }

    private func drain() {
        var done = 0
        while done < buffer.count {
            let count = buffer.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if count >= 0 {
                done += count
                continue
            }
            switch systemErrorNumber {
            case EINTR: continue
            case EAGAIN: waitUntilWritable()
            case let number: giveUp(number)
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Somebody else has made our descriptor non-blocking.
    private func waitUntilWritable() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, -1)
    }

    /// Nobody reads any more, or the disk is full: what we have to say has nowhere to go, so the job has failed. It is
    /// `_exit` because other threads are at work, in OpenSSL too, and must not meet its clean-up.
    private func giveUp(_ number: Int32) {
        guard descriptor == 1 else {
            buffer.removeAll()
            return
        }
        if number != EPIPE {
            let text = "neuron-ws: standard output cannot be written: \(systemErrorText(number))\n"
            _ = text.withCString { CLinux.write(2, $0, strlen($0)) }
        }
        beforeGivingUp()
        _exit(ExitStatus.failed.rawValue)
    }
}

/// What the tool tells the shell.
enum ExitStatus: Int32 {
    /// The job is done.
    case success = 0
    /// The job failed.
    case failed = 1
    /// The command line was wrong.
    case usage = 2
}
