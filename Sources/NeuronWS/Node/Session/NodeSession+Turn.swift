// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// A message that has come whole, until it has found whom it is for.
struct ArrivedMessage {
    let kind: neuron_ws_kind_t
    let bytes: IncomingBytes
    let asker: Asker
    /// It answers none of the commands that went out from this place on, for they did when it had come.
    let limit: UInt64
    /// Of the heartbeat that it may answer.
    let question: Heartbeat.Question?
    /// What stands at the places that commands and the heartbeat ask for.
    var values = MessageValues()
}

/// The rest of a message that takes more than one turn.
struct Arriving {
    /// Each in a box of its own: laid over one another, their copies look at bits that only the other has set, of which
    /// valgrind complains.
    indirect enum Content {
        /// What stands in it that commands and heartbeats ask for is being found out.
        case look(PlaceScan)
        case acknowledgement(AcknowledgementReader)
        /// Those behind this command whose function is to be asked; whether a heartbeat's answer waits for what they
        /// say.
        case functions(CommandTable.Asked, isForHeartbeat: Bool)
        case documents(IncomingMessage)
    }

    let message: ArrivedMessage
    let content: Content
}

/// Turns: whatever is done for a node is drawn from its budget of the loop's present turn. Where that is spent the work
/// stops, the session signals itself, and the loop serves the others first.
extension NodeSession {
    /// For the next turn.
    func keep(_ content: Arriving.Content, _ message: ArrivedMessage) {
        arriving = Arriving(message: message, content: content)
    }

    func draw(_ work: TurnBudget.Work, _ count: Int = 1) {
        turn.budget.draw(work, count)
        lookAtClock()
    }

    func lookAtClock() {
        if turn.budget.wantsTime { turn.budget.timeIs(Clock.monotonicNanoseconds) }
    }

    /// False: there is no time left in this turn of the loop; the session will have another.
    func hasTurn() -> Bool {
        if turn.number != loop.turnNumber {
            turn = SessionTurn(
                number: loop.turnNumber,
                budget: TurnBudget(
                    turnStart: loop.nowNanoseconds, now: Clock.monotonicNanoseconds, busyNodes: loop.busyNodes))
        }
        if !turn.budget.isSpent { return true }
        if turn.leavesWork() { loop.leftWork() }
        signal()
        return false
    }

    /// For what cannot wait: a Close frame, behind which the connection may be gone.
    func extendTurn() {
        if hasTurn() { return }
        turn.budget = TurnBudget(lengthNanoseconds: TurnBudget.leastNanoseconds, now: Clock.monotonicNanoseconds)
    }

    /// Another turn: what was begun goes on, in the order in which it came.
    func takeTurn() {
        // Without a connection too.
        guard hasTurn(), tellOwed(), !isEnded else { return }
        if let link, arriving != nil || link.connection.isInflating, link.connection.repliesGoFirst {
            link.connection.repliesGoFirst = isAllSent(link)
        }
        if continueArriving() { link?.stream?.resume() }
        tendCache()
        pump()
    }

    /// No message waits to be framed, and none is kept from it.
    func isAllSent(_ link: Link) -> Bool {
        let hasMail = node.lock.withLock { node.sendQueue.hasMail(opensCache: cache.mayBeOpened(backlog)) }
        return link.connection.isAllSent(backlog, hasMail: hasMail)
    }
}
