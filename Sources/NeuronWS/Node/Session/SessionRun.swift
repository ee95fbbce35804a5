// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// What lasts from one start of a session to the next: each begins with nothing.
struct SessionRun {
    var end = RunEnd()
    var failures = ServerFailures()
}

/// What the node may still do in one turn of the loop; see `NodeSession.hasTurn`.
struct SessionTurn {
    let number: UInt64
    var budget: TurnBudget
    private var hasLeftWork = false

    init(number: UInt64 = 0, budget: TurnBudget = TurnBudget(lengthNanoseconds: 0, now: 0)) {
        self.number = number
        self.budget = budget
    }

    /// - Returns: true, once: the loop is to know.
    mutating func leavesWork() -> Bool { !exchange(&hasLeftWork, with: true) }
}
