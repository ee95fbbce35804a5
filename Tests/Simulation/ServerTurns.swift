// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// Whose turn it is among a node's URLs, judged by what is promised alone: none that may be tried again is passed over
/// for long, and none is tried before the time that its server asked for.
struct ServerTurns {
    private struct Turn {
        var failures: UInt64 = 0
        /// Whatever was drawn, it may be tried from then on.
        var readyBy: UInt64 = 0
        /// Its server asked to be left alone until then.
        var notBefore: UInt64 = 0
        /// Attempts at others that began since it could have been tried.
        var passedOver = 0
    }

    private var turns: [Turn]
    /// A good connection broke, and all wait for its server.
    private var waitsForOne = false

    init(count: Int) { turns = Array(repeating: Turn(), count: max(1, count)) }

    /// An attempt at this URL begins.
    /// - Returns: what is wrong with that.
    mutating func begun(_ index: Int, now: UInt64) -> String? {
        guard turns.indices.contains(index) else { return "URL \(index) is tried, of \(turns.count)" }
        if now < turns[index].notBefore {
            return "URL \(index) is tried \((turns[index].notBefore - now) / 1_000_000) ms before its server allows it"
        }
        turns[index].passedOver = 0
        waitsForOne = false
        for other in turns.indices where other != index && turns[other].readyBy < now {
            turns[other].passedOver += 1
            if turns[other].passedOver >= turns.count {
                return "URL \(other) is passed over \(turns[other].passedOver) times"
            }
        }
        return nil
    }

    /// Others are the URLs now; of each, where it stood.
    mutating func rearranged(_ places: [Int?]) {
        if turns.count > 1 || places != [0] { row = nil }
        turns = places.map { place in place.map { turns[$0] } ?? Turn() }
        // Their order is another one, in which it goes on.
        for index in turns.indices { turns[index].passedOver = 0 }
    }

    /// The host started a node that had not come to its end: waits may be over, and need not.
    /// - Parameter isFresh: it had come to its end.
    mutating func started(isFresh: Bool) {
        row = isFresh ? 0 : nil
        for index in turns.indices { (turns[index].notBefore, turns[index].passedOver) = (0, 0) }
    }

    /// The node waits, though this URL may be tried; nil: there is none.
    func ready(now: UInt64) -> Int? { waitsForOne ? nil : turns.indices.first { turns[$0].readyBy < now } }

    /// Failures in a row of the only URL, so that its wait is known by what was drawn; nil: not known.
    private var row: UInt64? = 0

    /// The wait behind the failure of the only URL, by what was drawn for it.
    /// - Returns: what is wrong with it.
    mutating func waits(
        until moment: UInt64?, _ policy: Backoff.Policy, drawn: UInt64, openFor: UInt64?, minimum: UInt64,
        maximum: UInt64, now: UInt64
    ) -> String? {
        guard turns.count == 1, let before = row, let moment else {
            row = nil
            return nil
        }
        let failures = (openFor ?? 0) >= 60_000_000_000 ? 1 : before + 1
        row = failures
        var (asked, most) = (UInt64(0), maximum)
        switch policy {
        case .usual: break
        case .patient: most *= 6
        case .atLeast(let time, let isPatient): (asked, most) = (time, isPatient ? maximum * 6 : maximum)
        }
        let bound = min(minimum << min(failures - 1, 20), most)
        if most > maximum { asked = max(asked, minimum) }
        let right = now &+ asked &+ drawn % (bound + 1)
        if moment == right { return nil }
        return "\((moment - now) / 1000) us are waited behind failure \(failures), for \((right - now) / 1000)"
    }

    /// The attempt at this URL failed, or its connection ended.
    /// - Parameters:
    ///   - retryAfter: what its server asked for, nanoseconds.
    ///   - wasGood: it had been open so long that it is tried first again.
    mutating func ended(
        _ index: Int, retryAfter: UInt64, wasGood: Bool, minimum: UInt64, maximum: UInt64, now: UInt64
    ) {
        guard turns.indices.contains(index) else { return }
        let growth = UInt64(1) << min(turns[index].failures, 20)
        turns[index].failures += 1
        // Patience makes six of it at most.
        turns[index].readyBy = now &+ max(retryAfter, minimum) &+ min(minimum &* growth, maximum &* 6)
        turns[index].notBefore = retryAfter == 0 ? 0 : now &+ retryAfter
        waitsForOne = wasGood
        if wasGood { for other in turns.indices { turns[other].passedOver = 0 } }
    }
}
