/// Large buffers that streams borrow while they have something to send, so that an idle stream holds none.
/// Loop-bound.
final class BufferPool {
    /// Capacity of each buffer in bytes.
    let bufferBytes: Int
    private let keptMax: Int
    private var kept: [UnsafeMutableRawPointer] = []

    init(bufferBytes: Int, keptMax: Int) {
        self.bufferBytes = bufferBytes
        self.keptMax = keptMax
        kept.reserveCapacity(keptMax)
    }

    deinit {
        for buffer in kept { buffer.deallocate() }
    }

    /// A buffer of `bufferBytes` with undefined content. Goes back by `giveBack`, or by `deallocate` if the pool's loop
    /// is gone.
    func take() -> UnsafeMutableRawPointer {
        kept.popLast() ?? .allocate(byteCount: bufferBytes, alignment: 64)
    }

    func giveBack(_ buffer: UnsafeMutableRawPointer) {
        if kept.count < keptMax {
            kept.append(buffer)
        } else {
            buffer.deallocate()
        }
    }
}
