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
    }

    private struct Entry {
        let handle: UInt
        let request: Request
        var arrived: UInt64
        var isExpired = false
    }

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
    public mutating func add(_ request: Request, handle: UInt, now: UInt64) {
        precondition(entries.count < RequestLimits.heldMax, "the room was not asked for")
        entries.append(Entry(handle: handle, request: request, arrived: now))
        heldBytes += request.memoryBytes
        if request.echo.operation != nil { operations[request.echo.id] = handle }
    }

    /// Nil: it is not here.
    public func state(_ handle: UInt) -> State? {
        entries.first { $0.handle == handle }.map { $0.isExpired ? .expired : .waiting }
    }

    /// An operation of this id is still to be answered.
    public func isWaiting(operation id: [UInt8]) -> Bool { operations[id] != nil }

    /// Its answer comes another way than by its handle.
    public mutating func settle(operation id: [UInt8]) {
        guard let handle = operations.removeValue(forKey: id),
            let index = entries.firstIndex(where: { $0.handle == handle })
        else { return }
        entries[index].isExpired = true
    }

    /// It is answered, or never will be.
    private mutating func forget(_ entry: Entry) {
        guard entry.request.echo.operation != nil, operations[entry.request.echo.id] == entry.handle else { return }
        operations[entry.request.echo.id] = nil
    }

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

    /// Those that have become too late: they are to be answered now.
    public mutating func expire(now: UInt64) -> [Request] {
        var late: [Request] = []
        for index in entries.indices where !entries[index].isExpired && entries[index].arrived &+ timeout <= now {
            entries[index].isExpired = true
            forget(entries[index])
            late.append(entries[index].request)
        }
        return late
    }

    /// When the next one is too late; nil: none waits.
    public var nextDeadline: UInt64? {
        var next: UInt64?
        for entry in entries where !entry.isExpired { next = min(next ?? .max, entry.arrived &+ timeout) }
        return next
    }
}
