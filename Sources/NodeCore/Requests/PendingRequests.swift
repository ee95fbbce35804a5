// SPDX-License-Identifier: Apache-2.0
/// The requests of one node that its host holds, and when each is too late. Times are monotonic nanoseconds.
///
/// Not locked: its owner brings a lock. A request that is too late stays until the host lets go of it, because the host
/// may be reading it.
/// Invariants: `count <= RequestLimits.heldMax`; `heldBytes` is the sum of `Request.memoryBytes`, and grows only as far
/// as the limit of the settings; `operations` has exactly the operations that are still to be answered.
public struct PendingRequests {
    /// How a request stood when the host let go of it.
    public enum State: Sendable {
        case waiting
        /// The library has answered.
        case expired
        /// It was answered by its id.
        case settled
    }

    private struct Entry {
        let handle: UInt
        let request: Request
        /// Nil: it is no operation.
        let operationID: [UInt8]?
        let connection: UInt64
        var arrived: UInt64
        var state = State.waiting
    }

    private var answered = AnsweredOperations()
    /// In the order of their coming; at most a thousand, so that a search costs little.
    private var entries: [Entry] = []
    /// Handles by the ids of operations, which a server makes long and alike.
    private var operations: [[UInt8]: UInt] = [:]
    /// Memory that they take.
    public private(set) var heldBytes = 0
    /// How long a request may wait. A setting, in force for those that wait already, too.
    public var timeout: UInt64

    public init(timeout: UInt64) { self.timeout = timeout }

    public var count: Int { entries.count }

    /// What is left for one more, bytes of memory; 0: there are as many as there may be.
    public func room(memoryBytesMax: Int) -> Int {
        entries.count < RequestLimits.heldMax ? max(0, memoryBytesMax - heldBytes) : 0
    }

    /// The caller has asked for `room`.
    /// - Parameter connection: the number of the one that it came by, from 1 on.
    public mutating func add(_ request: Request, handle: UInt, connection: UInt64 = 1, now: UInt64) {
        precondition(entries.count < RequestLimits.heldMax, "the room was not asked for")
        entries.append(
            Entry(
                handle: handle, request: request, operationID: request.operationID, connection: connection,
                arrived: now))
        heldBytes += request.memoryBytes
        if let id = request.operationID { operations[id] = handle }
    }

    /// Nil: it is not here.
    public func state(_ handle: UInt) -> State? {
        entries.first { $0.handle == handle }?.state
    }

    // MARK: Operations

    /// An operation of this id is still to be answered.
    public func isWaiting(operation id: [UInt8]) -> Bool { operations[id] != nil }

    /// Whether the operation is asked for again.
    /// - Parameter isQueued: whether the message of this number has no outcome yet.
    public func repetition(
        of operation: Request, connection: UInt64, now: UInt64, isQueued: (UInt64) -> Bool
    ) -> OperationRepetition {
        guard let id = operation.operationID, let name = operation.echo.operation?.name else { return .none }
        if isWaiting(operation: id) {
            let waiting = entries.first { $0.handle == operations[id] }
            return waiting?.request.echo.operation?.name == name ? .underWay : .idTaken
        }
        return answered.find(
            id: id, name: name, connection: connection, now: now, timeout: timeout, isQueued: isQueued)
    }

    /// The host's answer to the operation of this handle is `document`, the message of this number.
    /// Nil: it is not kept.
    public mutating func noteAnswered(_ handle: UInt, _ document: EventBytes?, message: UInt64, now: UInt64) {
        guard let entry = entries.first(where: { $0.handle == handle }), let id = entry.operationID,
            let name = entry.request.echo.operation?.name
        else { return }
        guard let document else { return }
        answered.add(
            id: id, name: name, message: message, document: document, connection: entry.connection, now: now)
    }

    /// The same of one that came without the handle: a request of the id that waits is settled by it.
    /// - Returns: that request.
    @discardableResult
    public mutating func settle(
        operation id: [UInt8], name: [UInt8], _ document: EventBytes?, message: UInt64, now: UInt64
    ) -> Request? {
        var settled: Request?
        if let handle = operations.removeValue(forKey: id),
            let index = entries.firstIndex(where: { $0.handle == handle })
        {
            entries[index].state = .settled
            settled = entries[index].request
        }
        if let document {
            answered.add(id: id, name: name, message: message, document: document, connection: 0, now: now)
        }
        return settled
    }

    /// Those that have no answer.
    public var waiting: [(handle: UInt, request: Request)] {
        entries.compactMap { $0.state == .waiting ? ($0.handle, $0.request) : nil }
    }

    /// See `AnsweredOperations`.
    public mutating func connectionOpened(now: UInt64, isQueued: (UInt64) -> Bool) {
        answered.connectionOpened(now: now, isQueued: isQueued)
    }

    /// It is answered, or never will be.
    private mutating func forget(_ entry: Entry) {
        guard let id = entry.operationID, operations[id] == entry.handle else { return }
        operations[id] = nil
    }

    // MARK: Time

    /// It is being worked on: its time begins anew.
    public mutating func touch(_ handle: UInt, now: UInt64) {
        guard let index = entries.firstIndex(where: { $0.handle == handle }) else { return }
        entries[index].arrived = now
    }

    /// The host lets go of it.
    public mutating func remove(_ handle: UInt) {
        guard let index = entries.firstIndex(where: { $0.handle == handle }) else { return }
        let entry = entries.remove(at: index)
        heldBytes -= entry.request.memoryBytes
        forget(entry)
    }

    /// Those that have become too late, so many at most: they are to be answered now.
    public mutating func expire(now: UInt64, countMax: Int = .max) -> [Request] {
        var late: [Request] = []
        for index in entries.indices where entries[index].state == .waiting && entries[index].arrived &+ timeout <= now
        {
            if late.count >= countMax { break }
            entries[index].state = .expired
            forget(entries[index])
            late.append(entries[index].request)
        }
        return late
    }

    /// When the next one is too late; nil: none waits.
    public var nextDeadline: UInt64? {
        var next: UInt64?
        for entry in entries where entry.state == .waiting { next = min(next ?? .max, entry.arrived &+ timeout) }
        return next
    }
}
