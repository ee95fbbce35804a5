// SPDX-License-Identifier: Apache-2.0
/// One direction of a TCP connection: the kernel's buffers on both sides, with the bytes that nobody has read.
struct Pipe {
    let capacity: Int
    private var bytes: [UInt8] = []
    private var start = 0
    /// Of all bytes, how many the writing side's kernel has taken.
    private(set) var accepted: UInt64 = 0
    /// Nothing more will be written.
    var hasEnded = false

    init(capacity: Int) { self.capacity = capacity }

    var waiting: Int { bytes.count - start }
    var room: Int { max(0, capacity - waiting) }

    mutating func write(_ more: UnsafeRawBufferPointer, countMax: Int = .max) -> Int {
        let count = min(more.count, room, countMax)
        bytes.append(contentsOf: more[..<count])
        accepted &+= UInt64(count)
        return count
    }

    /// However full it is: of a side whose own buffers are not part of the game.
    mutating func write(_ more: [UInt8]) {
        bytes += more
        accepted &+= UInt64(more.count)
    }

    /// Shows up to `countMax` bytes; `body` returns how many it takes.
    mutating func read<R>(countMax: Int, _ body: (UnsafeRawBufferPointer) -> (taken: Int, R)) -> R {
        let end = start + min(waiting, countMax)
        let (taken, result) = bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        start += taken
        if start > 65_536 || start == bytes.count {
            bytes.removeFirst(start)
            start = 0
        }
        return result
    }
}
