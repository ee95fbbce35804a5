// SPDX-License-Identifier: Apache-2.0
/// Since when the messages of a queue wait: which number came at which time, for some of them, so that the memory does
/// not depend on the queue.
///
/// Invariants: numbers and times grow; `marks.count <= marksMax`. What it tells is too long by `spacing` at most, which
/// grows with the whole time so that it stays below a tenth of that.
struct WaitingMarks {
    private static let marksMax = 64
    /// Nanoseconds: 10 ms.
    private static let spacingMin: UInt64 = 10_000_000

    private var marks: [(id: UInt64, time: UInt64)] = []

    /// A message came. - Parameter now: monotonic nanoseconds.
    mutating func came(_ id: UInt64, now: UInt64) {
        if let first = marks.first, let last = marks.last {
            let spacing = max(Self.spacingMin, (now &- min(now, first.time)) / UInt64(Self.marksMax / 2))
            if now < last.time &+ spacing { return }
        }
        if marks.count == Self.marksMax { thin() }
        marks.append((id, now))
    }

    /// Those before this one wait no longer.
    mutating func left(before id: UInt64) {
        // The last mark that is not behind it is the one that tells of it.
        var gone = 0
        while gone + 1 < marks.count, marks[gone + 1].id <= id { gone += 1 }
        if gone > 0 { marks.removeFirst(gone) }
    }

    /// None waits.
    mutating func removeAll() { marks.removeAll(keepingCapacity: true) }

    /// Since when the oldest waits; nil: none does.
    var oldest: UInt64? { marks.first?.time }

    private mutating func thin() {
        var kept: [(id: UInt64, time: UInt64)] = []
        for index in stride(from: 0, to: marks.count, by: 2) { kept.append(marks[index]) }
        marks = kept
    }
}
