// SPDX-License-Identifier: Apache-2.0
/// How many things lie in a stock, and how many of them nobody has needed since the last look: those can go.
///
/// `0 <= least <= count`.
public struct IdleStock: Sendable {
    public private(set) var count = 0
    /// The fewest that there were since the last look.
    private var least = 0

    public init() {}

    public mutating func put() { count += 1 }

    public mutating func took() {
        count -= 1
        least = min(least, count)
    }

    /// How many have lain there all the time since the last call; they are counted as taken.
    public mutating func takeIdle() -> Int {
        let idle = least
        count -= idle
        least = count
        return idle
    }

    public mutating func takeAll() {
        count = 0
        least = 0
    }
}
