// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Ciphertext on its way to the kernel, and which plaintext lies in it. Borrows a buffer of the loop's while there is
/// something to send. Loop-bound.
///
/// 0 ≤ start ≤ end ≤ capacity; plaintextBytesSent ≤ plaintextBytesTaken; marks rise in all members.
struct TLSOutputMark {
    /// Where the record ends in all the ciphertext of the connection.
    let ciphertextEnd: UInt64
    /// Where its plaintext ends in all the plaintext.
    let plaintextEnd: UInt64
    /// How many of the connection's answers, in bytes, stand before its end.
    let answersEnd: UInt64
}

final class TLSOutput {
    /// What may wait of that which the peer alone made us write (alerts, KeyUpdates, certificates that it asked for),
    /// bytes: more than any handshake takes. A peer that makes us write more, and does not read it, is let go.
    static let answerBytesMax = 64 * 1024

    private let pool: BufferPool
    private var buffer: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0
    private var ciphertextProduced: UInt64 = 0
    private var ciphertextMoved: UInt64 = 0
    /// The system gave no memory for what was to be appended: the connection cannot go on.
    private(set) var isOutOfMemory = false
    private(set) var plaintextBytesTaken: UInt64 = 0
    private(set) var plaintextBytesSent: UInt64 = 0
    private var answersProduced: UInt64 = 0
    private var answersSent: UInt64 = 0
    /// Records that were not sent to their last byte, from `firstMark` on.
    private var marks: [TLSOutputMark] = []
    private var firstMark = 0

    init(pool: BufferPool) {
        self.pool = pool
    }

    /// Perhaps when the loop is gone: nothing goes back to the pool.
    deinit {
        guard let buffer else { return }
        if capacity == pool.bufferBytes { pool.free(buffer) } else { free(buffer) }
    }

    var count: Int {
        end - start
    }

    var bytes: UnsafeRawBufferPointer {
        guard let buffer else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: buffer + start, count: end - start)
    }

    /// How much more fits. What was sent is room again; it is gained by moving the rest.
    var room: Int {
        buffer == nil ? pool.bufferBytes : max(0, capacity - (end - start))
    }

    /// Bytes that wait and carry no data of ours. Counts a little too much while a record waits behind them.
    var answerBytesWaiting: UInt64 {
        answersProduced &- answersSent
    }

    var isFloodedWithAnswers: Bool {
        answerBytesWaiting > UInt64(Self.answerBytesMax)
    }

    /// - Parameter isAnswer: not part of a record of data, but something that TLS has to say.
    /// - Returns: false: nothing was appended, see `isOutOfMemory`.
    func append(_ bytes: UnsafeRawBufferPointer, isAnswer: Bool) -> Bool {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return true }
        guard let target = reserve(bytes.count) else {
            isOutOfMemory = true
            return false
        }
        (target + end).copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
        ciphertextProduced &+= UInt64(bytes.count)
        if isAnswer { answersProduced &+= UInt64(bytes.count) }
        return true
    }

    /// All ciphertext so far carries `plaintextBytes` more of the plaintext.
    func recordEnded(plaintextBytes: Int) {
        plaintextBytesTaken &+= UInt64(plaintextBytes)
        marks.append(
            TLSOutputMark(
                ciphertextEnd: ciphertextProduced, plaintextEnd: plaintextBytesTaken, answersEnd: answersProduced))
    }

    /// The kernel has taken so many bytes.
    func sent(_ count: Int) {
        moved(count)
        settled(through: ciphertextMoved)
    }

    /// So many bytes lie elsewhere now, on their way to the kernel: in another layer of TLS.
    func moved(_ count: Int) {
        precondition(count >= 0 && count <= end - start, "more was sent than there was")
        start += count
        ciphertextMoved &+= UInt64(count)
        if start == end { release() }
    }

    /// The kernel has taken the ciphertext up to there.
    func settled(through ciphertextEnd: UInt64) {
        if ciphertextEnd == ciphertextProduced {
            // Alerts and KeyUpdates carry no plaintext, so the last mark is not always at the end.
            plaintextBytesSent = plaintextBytesTaken
            answersSent = answersProduced
            marks.removeAll(keepingCapacity: true)
            firstMark = 0
            return
        }
        while firstMark < marks.count, marks[firstMark].ciphertextEnd <= ciphertextEnd {
            plaintextBytesSent = marks[firstMark].plaintextEnd
            answersSent = marks[firstMark].answersEnd
            firstMark += 1
        }
        if firstMark > 1024, firstMark > marks.count / 2 {
            marks.removeFirst(firstMark)
            firstMark = 0
        }
    }

    /// Drops what is there and gives the buffer back.
    func release() {
        start = 0
        end = 0
        guard let buffer else { return }
        self.buffer = nil
        // One that had to grow is not of the pool's size.
        if capacity == pool.bufferBytes { pool.giveBack(buffer) } else { free(buffer) }
    }

    /// The buffer, with room for `count` bytes behind `end`; nil: there is no memory.
    private func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
        let current: UnsafeMutableRawPointer
        if let buffer {
            current = buffer
        } else {
            guard let new = pool.take() else { return nil }
            current = new
            capacity = pool.bufferBytes
            buffer = current
        }
        if capacity - end >= count { return current }
        let length = end - start
        if capacity - length >= count {
            current.copyMemory(from: current + start, byteCount: length)
        } else {
            // `write` asks for room first, so only handshake messages beyond all measure come here.
            guard let larger = malloc((length + count) * 2) else { return nil }
            larger.copyMemory(from: current + start, byteCount: length)
            release()
            buffer = larger
            capacity = (length + count) * 2
            start = 0
            end = length
            return larger
        }
        start = 0
        end = length
        return current
    }
}
