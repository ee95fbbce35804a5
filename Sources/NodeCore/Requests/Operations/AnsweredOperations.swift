// SPDX-License-Identifier: Apache-2.0
/// Operations that have their final answer, so that a platform which asks again, because a connection took the answer
/// with it or crossed it, is told the same and nothing is done twice. Times are monotonic nanoseconds.
///
/// Asked again on the connection that it came by, an operation is a new one: some platforms use an id twice. Asked by
/// another server, it is the same where it is so byte for byte: a platform may have several.
///
/// Invariants: `count <= RequestLimits.heldMax`, `byteCount <= RequestLimits.answersKeptBytesMax`.
struct AnsweredOperations {
    private struct Entry {
        let id: [UInt8]
        let name: [UInt8]
        /// The answer's number.
        let message: UInt64
        let document: EventBytes
        let connection: UInt64
        /// Who asked, by `ServerNumbers`; 0: whoever it was.
        let server: UInt16
        /// What was asked, as a hash.
        let question: UInt64
        /// From when on it is known for so long.
        var time: UInt64

        var byteCount: Int { id.count + name.count + document.count }
    }

    private var entries: [Entry] = []
    private(set) var byteCount = 0

    var count: Int { entries.count }

    /// - Parameters:
    ///   - name: as it stands in the request.
    ///   - connection: that the request came by; 0: none of this node's life.
    ///   - server: that asked; 0: nobody knows.
    mutating func add(
        id: [UInt8], name: [UInt8], message: UInt64, document: EventBytes, connection: UInt64, server: UInt16 = 0,
        question: UInt64 = 0, now: UInt64
    ) {
        if let place = entries.firstIndex(where: { $0.id == id && $0.server == server }) {
            byteCount -= entries.remove(at: place).byteCount
        }
        let new = Entry(
            id: id, name: name, message: message, document: document, connection: connection, server: server,
            question: question, time: now)
        if new.byteCount > RequestLimits.answersKeptBytesMax { return }
        while entries.count >= RequestLimits.heldMax
            || byteCount + new.byteCount > RequestLimits.answersKeptBytesMax
        { byteCount -= entries.removeFirst().byteCount }
        entries.append(new)
        byteCount += new.byteCount
    }

    /// There is a new connection: what waited for it is sent only now.
    mutating func connectionOpened(now: UInt64, isQueued: (UInt64) -> Bool) {
        for place in entries.indices where isQueued(entries[place].message) { entries[place].time = now }
    }

    /// What is known of an operation that is asked for.
    /// - Parameters:
    ///   - server: that asks.
    ///   - question: what it asks, as a hash.
    ///   - timeout: for how long an answer counts, nanoseconds.
    ///   - isQueued: whether the message of this number has no outcome yet.
    func find(
        id: [UInt8], name: [UInt8], connection: UInt64, server: UInt16 = 0, question: UInt64 = 0, now: UInt64,
        timeout: UInt64, isQueued: (UInt64) -> Bool
    ) -> OperationRepetition {
        let known = entries.last { entry in
            entry.id == id && entry.name == name
                && (entry.server == server || entry.server == 0 || server == 0 || entry.question == question)
        }
        guard let entry = known else { return .none }
        // One that is queued for another server does not come here.
        if isQueued(entry.message), entry.server == server || entry.server == 0 { return .underWay }
        if connection == entry.connection || now &- entry.time >= timeout { return .none }
        return .answered(entry.document)
    }
}

/// Whether an operation is asked for again.
public enum OperationRepetition: Equatable, Sendable {
    /// It is a new one.
    case none
    /// The host works on it, or its answer waits in the queue: that one answer serves both.
    case underWay
    /// It is over; this was its answer.
    case answered(EventBytes)
    /// Another operation, by its name, has this id and is still to be answered: of two answers with one id the platform
    /// could not tell which is whose.
    case idTaken
}
