/// Numbers of messages that are acknowledged while one before them is not: a bit for each, in a ring that grows with
/// the distance between the first and the last. What is noted costs the same however the numbers come.
///
/// Invariants: the number of `words` is a power of two; each number in it is one of `start..<start + 64 * words`.
struct AcknowledgedNumbers {
    private var words: [UInt64] = []
    /// Those below have their outcome.
    private var start: UInt64 = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    private var mask: UInt64 { UInt64(words.count) &* 64 &- 1 }

    func contains(_ id: UInt64) -> Bool {
        guard count > 0, id >= start, id &- start <= mask else { return false }
        let bit = id & mask
        return words[Int(bit / 64)] >> (bit % 64) & 1 == 1
    }

    /// - Parameter first: the first message without outcome; numbers below it are none of these any more.
    /// - Returns: false: there is no memory for it.
    mutating func insert(_ id: UInt64, first: UInt64) -> Bool {
        remove(before: first)
        if id < start || contains(id) { return true }
        guard reach(id) else { return false }
        let bit = id & mask
        words[Int(bit / 64)] |= 1 << (bit % 64)
        count += 1
        return true
    }

    /// Those before this one have their outcome.
    mutating func remove(before first: UInt64) {
        guard first > start else { return }
        if count > 0 {
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
        if count == 0 { words = [] }
    }

    /// Makes room from `start` to this number.
    private mutating func reach(_ id: UInt64) -> Bool {
        let needed = (id &- start) / 64 &+ 2
        guard needed > UInt64(words.count) || words.isEmpty else { return true }
        var size = max(16, words.count)
        while UInt64(size) < needed {
            if size > Int.max / 32 { return false }
            size *= 2
        }
        guard Headroom.has(size * 8) else { return false }
        var grown = [UInt64](repeating: 0, count: size)
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
        precondition(words.count & (words.count - 1) == 0)
        precondition(count == words.reduce(0) { $0 + $1.nonzeroBitCount })
    }
}
