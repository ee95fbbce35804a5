// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer
import Synchronization

/// Trials of atomics, locks and reference counts, in the manner of litmus tests: threads that touch the same memory
/// without waiting for each other, and outcomes that no order of their steps allows.
struct Stress: Sendable {
    let threads: Int
    let rounds: Int

    /// So many cells are walked through before the threads meet: their memory is more than any processor's cache.
    private static let cellsMax = 1 << 16

    /// Runs `body` on each of so many threads, with its number, and waits for all.
    /// - Returns: false if the system had not so many threads to give; those that it gave have run.
    static func together(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Bool {
        return withExtendedLifetime(Gate()) { gate in
            let started = (0..<count).map { number in
                ServerThread.start {
                    while gate.isOpen.load(ordering: .acquiring) == 0 { sched_yield() }
                    body(number)
                }
            }
            gate.isOpen.store(1, ordering: .releasing)
            for case let thread? in started { pthread_join(thread, nil) }
            return !started.contains { $0 == nil }
        }
    }

    /// All threads begin at the same time.
    private final class Gate: Sendable {
        let isOpen = Atomic<Int>(0)
    }

    /// Each on lines of its own.
    private final class Cell: @unchecked Sendable {
        let first = Atomic<Int>(0)
        private let between = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let second = Atomic<Int>(0)
        private let behind = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        /// Not atomic: written before `first` is set, and read behind it.
        var plain = 0
        var seen = (first: 0, second: 0)
    }

    private final class Tally: Sendable {
        let wrong = Atomic<Int>(0)
        func add(_ count: Int) { wrong.wrappingAdd(count, ordering: .relaxed) }
        var count: Int { wrong.load(ordering: .relaxed) }
    }

    private static let noThreads = "the system gives no more threads"

    private func inBatches(_ body: ([Cell]) -> Bool) -> String? {
        var left = rounds
        while left > 0 {
            let cells = (0..<min(left, Self.cellsMax)).map { _ in Cell() }
            if !body(cells) { return Self.noThreads }
            left -= cells.count
        }
        return nil
    }

    /// One writes a value and then says so; whoever hears of it must see the value.
    func messagePassing() -> String? {
        let wrong = Tally()
        let failure = inBatches { cells in
            Self.together(threads) { number in
                if number == 0 {
                    for (index, cell) in cells.enumerated() {
                        cell.plain = index + 1
                        cell.first.store(1, ordering: .releasing)
                    }
                    return
                }
                var missed = 0
                for (index, cell) in cells.enumerated() {
                    while cell.first.load(ordering: .acquiring) == 0 { sched_yield() }
                    if cell.plain != index + 1 { missed += 1 }
                }
                wrong.add(missed)
            }
        }
        return failure ?? (wrong.count == 0 ? nil : "\(Text.count(wrong.count, "value")) not seen")
    }

    /// Two set a flag of their own and look at the other's: one of them must see it.
    func storeBuffering() -> String? {
        var wrong = 0
        let failure = inBatches { cells in
            let ran = Self.together(2) { number in
                for cell in cells {
                    if number == 0 {
                        cell.first.store(1, ordering: .sequentiallyConsistent)
                        cell.seen.first = cell.second.load(ordering: .sequentiallyConsistent)
                    } else {
                        cell.second.store(1, ordering: .sequentiallyConsistent)
                        cell.seen.second = cell.first.load(ordering: .sequentiallyConsistent)
                    }
                }
            }
            for cell in cells where cell.seen == (0, 0) { wrong += 1 }
            return ran
        }
        return failure ?? (wrong == 0 ? nil : "\(Text.count(wrong, "time")) neither saw the other")
    }

    /// No addition is lost.
    func counting() -> String? {
        let sum = Tally()
        guard Self.together(threads, { _ in for _ in 0..<rounds { sum.add(1) } }) else { return Self.noThreads }
        return sum.count == threads * rounds ? nil : "\(sum.count) instead of \(threads * rounds)"
    }

    /// A lock made of one word keeps others out, and what one wrote inside it the next one sees.
    func spinning() -> String? {
        let cell = Cell()
        let turns = max(1, rounds / threads)
        let ran = Self.together(threads) { _ in
            for _ in 0..<turns {
                while !cell.first.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged {
                    sched_yield()
                }
                cell.plain += 1
                cell.first.store(0, ordering: .releasing)
            }
        }
        guard ran else { return Self.noThreads }
        return cell.plain == threads * turns ? nil : "\(cell.plain) instead of \(threads * turns)"
    }

    func locking() -> String? {
        let cell = Cell()
        let mutex = Mutex()
        let turns = max(1, rounds / threads)
        let ran = Self.together(threads) { _ in
            for _ in 0..<turns { mutex.withLock { cell.plain += 1 } }
        }
        guard ran else { return Self.noThreads }
        return cell.plain == threads * turns ? nil : "\(cell.plain) instead of \(threads * turns)"
    }

    /// Counts its own end.
    private final class Owned: Sendable {
        let ends: Tally
        init(ends: Tally) { self.ends = ends }
        deinit { ends.add(1) }
    }

    /// What all threads hold and let go of ends once, and behind the last of them.
    func references() -> String? {
        let ends = Tally()
        let early = Tally()
        let turns = max(1, rounds / threads)
        let owned = Owned(ends: ends)
        let ran = Self.together(threads) { [owned] _ in
            var held: [Owned] = []
            for turn in 0..<turns {
                held.append(owned)
                if turn % 8 == 7 { held.removeAll(keepingCapacity: true) }
                if turn % 1024 == 0 { early.add(ends.count) }
            }
        }
        guard ran else { return Self.noThreads }
        return withExtendedLifetime(owned) { early.count + ends.count == 0 } ? nil : "it ended while it was held"
    }
}
