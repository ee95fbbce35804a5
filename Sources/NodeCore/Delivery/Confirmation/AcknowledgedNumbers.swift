// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Numbers of messages that are acknowledged while one before them is not: a bit for each, in a ring that grows with
/// the distance between the first and the last. What is noted costs the same however the numbers come.
///
/// Invariants: the number of `words` is a power of two; each number in it is one of `start..<start + 64 * words`.
struct AcknowledgedNumbers {
    /// Nil: there are none.
    private var words: Words?
    /// Those below have their outcome.
    private var start: UInt64 = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    private var mask: UInt64 { UInt64(words?.count ?? 0) &* 64 &- 1 }

    func contains(_ id: UInt64) -> Bool {
        guard let words, id >= start, id &- start <= mask else { return false }
        let bit = id & mask
        return words[Int(bit / 64)] >> (bit % 64) & 1 == 1
    }

    /// - Parameter first: the first message without outcome; numbers below it are none of these any more.
    /// - Returns: false: there is no memory for it.
    mutating func insert(_ id: UInt64, first: UInt64) -> Bool {
        remove(before: first)
        if id < start || contains(id) { return true }
        guard reach(id), let words else { return false }
        let bit = id & mask
        words[Int(bit / 64)] |= 1 << (bit % 64)
        count += 1
        return true
    }

    /// Those before this one have their outcome.
    mutating func remove(before first: UInt64) {
        guard first > start else { return }
        if let words {
            var id = start
            let end = min(first, start &+ mask &+ 1)
            while id < end, count > 0 {
                let bit = id & mask
                if bit % 64 == 0, end &- id >= 64 {
                    count -= words[Int(bit / 64)].nonzeroBitCount
                    words[Int(bit / 64)] = 0
                    id &+= 64
                    continue
                }
                if words[Int(bit / 64)] >> (bit % 64) & 1 == 1 { count -= 1 }
                words[Int(bit / 64)] &= ~(1 << (bit % 64))
                id &+= 1
            }
        }
        start = first
        if count == 0 { words = nil }
    }

    /// Makes room from `start` to this number.
    private mutating func reach(_ id: UInt64) -> Bool {
        let needed = (id &- start) / 64 &+ 2
        guard needed > UInt64(words?.count ?? 0) else { return true }
        var size = max(16, words?.count ?? 0)
        while UInt64(size) < needed {
            if size > Int.max / 32 { return false }
            size *= 2
        }
        guard let grown = Words(count: size) else { return false }
        let grownMask = UInt64(size) &* 64 &- 1
        if count > 0 {
            for id in start...(start &+ mask) where contains(id) {
                grown[Int((id & grownMask) / 64)] |= 1 << ((id & grownMask) % 64)
            }
        }
        words = grown
        return true
    }

    /// Holds the invariants; for tests and the simulator.
    func checkInvariants() {
        let size = words?.count ?? 0
        precondition(size & (size - 1) == 0 && (words == nil) == (count == 0))
        precondition(count == (0..<size).reduce(0) { $0 + (words?[$1].nonzeroBitCount ?? 0) })
    }
}

/// Words of bits, zero at first: a server decides how many, so that their memory is malloc's, which may have none.
private final class Words {
    let count: Int
    private let start: UnsafeMutablePointer<UInt64>

    init?(count: Int) {
        guard let memory = calloc(count, MemoryLayout<UInt64>.stride) else { return nil }
        start = memory.assumingMemoryBound(to: UInt64.self)
        self.count = count
    }

    deinit { free(start) }

    subscript(index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count)
            return start[index]
        }
        set {
            precondition(index >= 0 && index < count)
            start[index] = newValue
        }
    }
}
