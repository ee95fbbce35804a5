// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// Large buffers that streams borrow while they have something to send, so that an idle stream holds none.
/// Loop-bound, but for `free`. Pages of their own: the heap would keep what fifty streams took at once.
final class BufferPool {
    /// Capacity of each buffer in bytes.
    let bufferBytes: Int
    private let keptMax: Int
    private let map: (Int) -> UnsafeMutableRawPointer?
    private var kept: [UnsafeMutableRawPointer] = []
    private var stock = IdleStock()

    /// `map` is for tests, where the system gives nothing.
    init(
        bufferBytes: Int, keptMax: Int,
        map: @escaping (Int) -> UnsafeMutableRawPointer? = { Syscalls.mapMemory($0) }
    ) {
        self.bufferBytes = bufferBytes
        self.keptMax = keptMax
        self.map = map
        kept.reserveCapacity(keptMax)
    }

    deinit {
        for buffer in kept { free(buffer) }
    }

    /// A buffer of `bufferBytes` with undefined content; nil: the system gives none. Goes back by `giveBack`, or by
    /// `free` if the pool's loop is gone.
    func take() -> UnsafeMutableRawPointer? {
        if let buffer = kept.popLast() {
            stock.took()
            return buffer
        }
        return map(bufferBytes)
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
