// SPDX-License-Identifier: Apache-2.0
/// The requests of one node that its host holds, and when each is too late. Times are monotonic nanoseconds.
///
/// Not locked: its owner brings a lock. A request that is too late stays until the host lets go of it, because the host
/// may be reading it.
/// Invariants: `count <= RequestLimits.heldMax`; `heldBytes` is the sum of `Request.memoryBytes`, and grows only as far
/// as the limit of the settings; `operations` has exactly the operations that are still to be answered.
public struct PendingRequests {
    /// How a request stood when the host let go of it.
    public enum State: Equatable, Sendable {
        case waiting
        /// It is too late: the library has answered, if `isTold`, or nobody has.
        case expired(isTold: Bool)
        /// It was answered by its id.
        case settled
    }

    private struct Entry {
        let handle: UInt
        let request: Request
        /// Nil: it is no operation.
        let operationID: [UInt8]?
        let connection: UInt64
        /// Who asks, by `ServerNumbers`; 0: nobody knows.
        var server: UInt16
        var arrived: UInt64
        var state = State.waiting

        var key: OperationKey? { operationID.map { OperationKey(server: server, id: $0) } }
    }

    /// Two servers may use the same id.
    private struct OperationKey: Hashable {
        let server: UInt16
        let id: [UInt8]
    }

    private var answered = AnsweredOperations()
    /// In the order of their coming; at most a thousand, so that a search costs little.
    private var entries: [Entry] = []
    /// Handles by the ids of operations, which a server makes long and alike.
    private var operations: [OperationKey: UInt] = [:]
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
    /// - Parameters:
    ///   - connection: the number of the one that it came by, from 1 on.
    ///   - server: that asks, by `ServerNumbers`.
    public mutating func add(
        _ request: Request, handle: UInt, connection: UInt64 = 1, server: UInt16 = 0, now: UInt64
    ) {
        precondition(entries.count < RequestLimits.heldMax, "the room was not asked for")
        let entry = Entry(
            handle: handle, request: request, operationID: request.operationID, connection: connection,
            server: server, arrived: now)
        entries.append(entry)
        heldBytes += request.memoryBytes
        if let key = entry.key { operations[key] = handle }
    }

    /// What is to be known before `add`: the server has begun to number its requests anew, and gives the uuid of some
    /// that wait, of earlier connections, to something else: their answers would be taken for this one's.
    /// - Returns: those, which are too late from now on.
    public mutating func supersede(by new: Request, connection: UInt64, server: UInt16) -> [Request] {
        // Operations have an answer of their own to that.
        guard new.operationID == nil else { return [] }
        var late: [Request] = []
        for index in entries.indices {
            let entry = entries[index]
            guard entry.state == .waiting, entry.server == server, entry.connection != connection,
                entry.operationID == nil, entry.request.echo.id == new.echo.id,
                entry.request.document != new.document
            else { continue }
            entries[index].state = .expired(isTold: false)
            late.append(entry.request)
        }
        return late
    }

    /// Who asked; nil: it is not here.
    public func server(_ handle: UInt) -> UInt16? { entries.first { $0.handle == handle }?.server }

    /// Nil: it is not here.
    public func state(_ handle: UInt) -> State? {
        entries.first { $0.handle == handle }?.state
    }

    // MARK: Operations

    /// An operation of this id is still to be answered.
    public func isWaiting(operation id: [UInt8], server: UInt16 = 0) -> Bool {
        operations[OperationKey(server: server, id: id)] != nil
    }

    /// Whether the operation is asked for again. One that another server asks for, byte for byte, is: a platform may
    /// have several; the answer goes to the one that asked last.
    /// - Parameters:
    ///   - server: that asks.
    ///   - isQueued: whether the message of this number has no outcome yet.
    public mutating func repetition(
        of operation: Request, connection: UInt64, server: UInt16 = 0, now: UInt64, isQueued: (UInt64) -> Bool
    ) -> OperationRepetition {
        guard let id = operation.operationID, let name = operation.echo.operation?.name else { return .none }
        let key = OperationKey(server: server, id: id)
        if let handle = operations[key] {
            let waiting = entries.first { $0.handle == handle }
            return waiting?.request.echo.operation?.name == name ? .underWay : .idTaken
        }
        let same = entries.firstIndex { entry in
            guard let other = entry.key, other.id == id, operations[other] == entry.handle else { return false }
            return entry.request.document == operation.document
        }
        if let same, let former = entries[same].key {
            operations[former] = nil
            entries[same].server = server
            operations[key] = entries[same].handle
            return .underWay
        }
        return answered.find(
            id: id, name: name, connection: connection, server: server, question: Self.question(operation), now: now,
            timeout: timeout, isQueued: isQueued)
    }

    /// What is asked, as a hash.
    private static func question(_ request: Request) -> UInt64 {
        request.document.withUnsafeBytes { NameHash.of($0, seed: 0) }
    }

    /// The host's answer to the operation of this handle is `document`, the message of this number.
    /// Nil: it is not kept.
    public mutating func noteAnswered(_ handle: UInt, _ document: EventBytes?, message: UInt64, now: UInt64) {
        guard let entry = entries.first(where: { $0.handle == handle }), let id = entry.operationID,
            let name = entry.request.echo.operation?.name
        else { return }
        guard let document else { return }
        answered.add(
            id: id, name: name, message: message, document: document, connection: entry.connection,
            server: entry.server, question: Self.question(entry.request), now: now)
    }

    /// Who asked for the operation of this id that is still to be answered: `preferred`, if that is one; 0: nobody.
    public func server(ofOperation id: [UInt8], preferred: UInt16) -> UInt16 {
        if isWaiting(operation: id, server: preferred) { return preferred }
        return entries.first { $0.operationID == id && isWaiting(operation: id, server: $0.server) }?.server ?? 0
    }

    /// The same of one that came without the handle: a request of the id that waits is settled by it.
    /// - Returns: that request.
    @discardableResult
    public mutating func settle(
        operation id: [UInt8], name: [UInt8], _ document: EventBytes?, message: UInt64, server: UInt16 = 0, now: UInt64
    ) -> Request? {
        var settled: Request?
        if let handle = operations.removeValue(forKey: OperationKey(server: server, id: id)),
            let index = entries.firstIndex(where: { $0.handle == handle })
        {
            entries[index].state = .settled
            settled = entries[index].request
        }
        if let document {
            answered.add(
                id: id, name: name, message: message, document: document, connection: 0, server: server,
                question: settled.map(Self.question) ?? 0, now: now)
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
        guard let key = entry.key, operations[key] == entry.handle else { return }
        operations[key] = nil
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

    /// One that has become too late.
    public struct Late {
        public let request: Request
        public let server: UInt16
        /// Its server is to be told. Else another one is connected.
        public let isTold: Bool
    }

    /// Those that have become too late, so many at most: they are to be answered now.
    /// - Parameter connected: the server that is connected; 0: none is.
    public mutating func expire(now: UInt64, countMax: Int = .max, connected: UInt16 = 0) -> [Late] {
        var late: [Late] = []
        for index in entries.indices where entries[index].state == .waiting && entries[index].arrived &+ timeout <= now
        {
            if late.count >= countMax { break }
            let server = entries[index].server
            let isTold = !ServerNumbers.isAnother(connected, than: server)
            entries[index].state = .expired(isTold: isTold)
            forget(entries[index])
            late.append(Late(request: entries[index].request, server: server, isTold: isTold))
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
