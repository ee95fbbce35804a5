/// Ciphertext on its way to the kernel, and which plaintext lies in it. Borrows a buffer of the loop's while there is
/// something to send. Loop-bound.
///
/// 0 ≤ start ≤ end ≤ capacity; plaintextBytesSent ≤ plaintextBytesTaken; marks rise in both members.
struct TLSOutputMark {
    /// Where the record ends in all the ciphertext of the connection.
    let ciphertextEnd: UInt64
    /// Where its plaintext ends in all the plaintext.
    let plaintextEnd: UInt64
}

final class TLSOutput {
    private let pool: BufferPool
    private var buffer: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0
    private var ciphertextProduced: UInt64 = 0
    private var ciphertextSent: UInt64 = 0
    private(set) var plaintextBytesTaken: UInt64 = 0
    private(set) var plaintextBytesSent: UInt64 = 0
    /// Records that were not sent to their last byte, from `firstMark` on.
    private var marks: [TLSOutputMark] = []
    private var firstMark = 0

    init(pool: BufferPool) {
        self.pool = pool
    }

    deinit {
        buffer?.deallocate()
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

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let target = reserve(bytes.count)
        (target + end).copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
        ciphertextProduced &+= UInt64(bytes.count)
    }

    /// All ciphertext so far carries `plaintextBytes` more of the plaintext.
    func recordEnded(plaintextBytes: Int) {
        plaintextBytesTaken &+= UInt64(plaintextBytes)
        marks.append(TLSOutputMark(ciphertextEnd: ciphertextProduced, plaintextEnd: plaintextBytesTaken))
    }

    func sent(_ count: Int) {
        precondition(count >= 0 && count <= end - start, "more was sent than there was")
        start += count
        ciphertextSent &+= UInt64(count)
        if start == end {
            // Alerts and KeyUpdates carry no plaintext, so the last mark is not always at the end.
            plaintextBytesSent = plaintextBytesTaken
            marks.removeAll(keepingCapacity: true)
            firstMark = 0
            release()
            return
        }
        while firstMark < marks.count, marks[firstMark].ciphertextEnd <= ciphertextSent {
            plaintextBytesSent = marks[firstMark].plaintextEnd
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
        if capacity == pool.bufferBytes { pool.giveBack(buffer) } else { buffer.deallocate() }
    }

    /// The buffer, with room for `count` bytes behind `end`.
    private func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        let current: UnsafeMutableRawPointer
        if let buffer {
            current = buffer
        } else {
            current = pool.take()
            capacity = pool.bufferBytes
            buffer = current
        }
        if capacity - end >= count { return current }
        let length = end - start
        if capacity - length >= count {
            current.copyMemory(from: current + start, byteCount: length)
        } else {
            // `write` asks for room first, so only handshake messages beyond all measure come here.
            let larger = UnsafeMutableRawPointer.allocate(byteCount: (length + count) * 2, alignment: 64)
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
