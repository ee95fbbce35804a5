import NodeCore

/// Large buffers that streams borrow while they have something to send, so that an idle stream holds none.
/// Loop-bound, but for `free`. Pages of their own: the heap would keep what fifty streams took at once.
final class BufferPool {
    /// Capacity of each buffer in bytes.
    let bufferBytes: Int
    private let keptMax: Int
    private var kept: [UnsafeMutableRawPointer] = []
    private var stock = IdleStock()

    init(bufferBytes: Int, keptMax: Int) {
        self.bufferBytes = bufferBytes
        self.keptMax = keptMax
        kept.reserveCapacity(keptMax)
    }

    deinit {
        for buffer in kept { free(buffer) }
    }

    /// A buffer of `bufferBytes` with undefined content. Goes back by `giveBack`, or by `free` if the pool's loop is
    /// gone.
    func take() -> UnsafeMutableRawPointer {
        if let buffer = kept.popLast() {
            stock.took()
            return buffer
        }
        // As Swift's own allocator: without memory for a send buffer there is no going on.
        guard let buffer = Syscalls.mapMemory(bufferBytes) else { fatalError("no memory for a send buffer") }
        return buffer
    }

    func giveBack(_ buffer: UnsafeMutableRawPointer) {
        if kept.count < keptMax {
            kept.append(buffer)
            stock.put()
        } else {
            free(buffer)
        }
    }

    /// Frees what nobody has needed since the last call.
    func trim() {
        for _ in 0..<stock.takeIdle() {
            guard let buffer = kept.popLast() else { return }
            free(buffer)
        }
    }

    func free(_ buffer: UnsafeMutableRawPointer) {
        Syscalls.unmapMemory(buffer, bufferBytes)
    }
}
