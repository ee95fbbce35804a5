// SPDX-License-Identifier: Apache-2.0
/// Says which of many log lines of one kind are worth telling: the first (of an audit the first `each`), then those
/// whose count is a power of two, 2, 4, 8…, so that nobody can fill a log. After a quiet time a kind is told as if it
/// were new. Times are monotonic nanoseconds.
///
/// Holds at most `kindsMax` kinds, and forgets the one that has been quiet for longest: however many there are, they
/// cannot make it grow.
public struct RepeatedLines<Kind: Equatable & Sendable>: Sendable {
    private struct Entry {
        let kind: Kind
        var count: UInt64
        var last: UInt64
    }

    /// So long without a line of a kind, and the next one is told: a minute.
    public static var quietNanoseconds: UInt64 { 60_000_000_000 }
    public static var kindsMax: Int { 32 }

    private var entries: [Entry] = []

    public init() {}

    /// Counts a line. Returns how many of this kind there have been since it was quiet, if this one is to be told; nil
    /// if it is not.
    public mutating func came(_ kind: Kind, now: UInt64, each: UInt64 = 1) -> UInt64? {
        guard let index = entries.firstIndex(where: { $0.kind == kind }) else {
            makeRoom()
            entries.append(Entry(kind: kind, count: 1, last: now))
            return 1
        }
        let isQuiet = now >= entries[index].last && now - entries[index].last >= Self.quietNanoseconds
        entries[index].count = isQuiet ? 1 : entries[index].count &+ 1
        entries[index].last = now
        let count = entries[index].count
        return count <= each || count & (count &- 1) == 0 ? count : nil
    }

    private mutating func makeRoom() {
        guard entries.count >= Self.kindsMax else { return }
        var oldest = 0
        for index in entries.indices where entries[index].last < entries[oldest].last { oldest = index }
        entries.remove(at: oldest)
    }
}
