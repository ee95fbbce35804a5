import NodeCore
import WebSocketCore

/// What came whole from the server and takes more than one turn.
enum Arriving {
    /// A compressed message, which the inflater is at.
    case compressed(isText: Bool, MessageBytes)
    /// The rest of an array of requests.
    case documents(isText: Bool, IncomingMessage, EventBytes)
}

/// Turns: whatever is done for a node is drawn from its budget of the loop's present turn. Where that is spent the work
/// stops, the session signals itself, and the loop serves the others first.
extension NodeSession {
    func draw(_ work: TurnBudget.Work, _ count: Int = 1) {
        budget.draw(work, count)
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
        if arriving != nil { mayFrameReplies = mayFrameReplies && isAllSent }
        if continueArriving(), !isEnded { stream?.resume() }
        if !isEnded { pump() }
    }

    /// No message waits to be framed, and none is kept from it by our Close.
    var isAllSent: Bool {
        if case .open(let endpoint) = protocolState, !endpoint.maySendData { return false }
        return node.lock.withLock { node.outbox.isAllFramed && node.mailbox.isEmpty }
    }
}
