import NodeCore
import WebSocketCore

/// The rest of an array of requests.
struct Arriving {
    let isText: Bool
    let documents: IncomingMessage
    let bytes: EventBytes
}

/// Turns: whatever is done for a node is drawn from its budget of the loop's present turn. Where that is spent the work
/// stops, the session signals itself, and the loop serves the others first.
extension NodeSession {
    func draw(_ work: TurnBudget.Work, _ count: Int = 1) {
        budget.draw(work, count)
        lookAtClock()
    }

    func lookAtClock() {
        if budget.wantsTime { budget.timeIs(Clock.monotonicNanoseconds) }
    }

    /// False: there is no time left in this turn of the loop; the session will have another.
    func hasTurn() -> Bool {
        if turnNumber != loop.turnNumber {
            turnNumber = loop.turnNumber
            hasLeftWork = false
            budget = TurnBudget(
                turnStart: loop.nowNanoseconds, now: Clock.monotonicNanoseconds, busyNodes: loop.busyNodes)
        }
        if !budget.isSpent { return true }
        if !hasLeftWork {
            hasLeftWork = true
            loop.leftWork()
        }
        signal()
        return false
    }

    /// For what cannot wait: a Close frame, behind which the connection may be gone.
    func extendTurn() {
        if hasTurn() { return }
        budget = TurnBudget(lengthNanoseconds: TurnBudget.leastNanoseconds, now: Clock.monotonicNanoseconds)
    }

    /// Another turn: what was begun goes on, in the order in which it came.
    func takeTurn() {
        guard hasTurn() else { return }
        if let link, arriving != nil || link.connection.isInflating, link.connection.repliesGoFirst {
            link.connection.repliesGoFirst = isAllSent
        }
        if continueArriving() { link?.stream?.resume() }
        tendCache()
        pump()
    }

    /// No message waits to be framed, and none is kept from it by our Close.
    var isAllSent: Bool {
        if let link, link.connection.isOpen, !link.connection.maySendMessages { return false }
        return backlog.isAllFramed && node.lock.withLock { node.mailbox.isEmpty }
    }
}
