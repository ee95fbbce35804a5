// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// The rest of a message that takes more than one turn.
struct Arriving {
    /// Each in a box of its own: laid over one another, their copies look at bits that only the other has set, of which
    /// valgrind complains.
    indirect enum Content {
        case documents(IncomingMessage)
        case acknowledgement(AcknowledgementReader)

        /// The same, of a copy of the bytes.
        func moved(to copy: EventBytes) -> Content {
            let bytes = UnsafeRawBufferPointer(start: copy.pointer, count: copy.count)
            switch self {
            case .documents(var documents):
                documents.move(to: bytes)
                return .documents(documents)
            case .acknowledgement(var reader):
                reader.move(to: bytes)
                return .acknowledgement(reader)
            }
        }
    }

    let isText: Bool
    let content: Content
    let bytes: EventBytes
}

/// Turns: whatever is done for a node is drawn from its budget of the loop's present turn. Where that is spent the work
/// stops, the session signals itself, and the loop serves the others first.
extension NodeSession {
    /// For the next turn. The bytes are the message's, and that goes now.
    /// - Parameter kept: the copy that an earlier turn made.
    /// - Returns: false: there is no memory for a copy. The turn is a long one then.
    func keep(
        _ content: Arriving.Content, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer, _ kept: EventBytes?
    ) -> Bool {
        guard let copy = kept ?? EventBytes(bytes) else { return false }
        arriving = Arriving(isText: kind == .NEURON_WS_TEXT, content: content.moved(to: copy), bytes: copy)
        return true
    }

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
        return backlog.isAllFramed && node.lock.withLock { node.sendQueue.hasNoMail }
    }
}
