import CNeuronWS
import NodeCore

/// The requests of one node that its host holds: what the node and the handles share, and where answers come in.
///
/// It outlives the node as long as there are handles. Any thread; its lock is taken before the node's, never behind it.
final class NodeRequests: @unchecked Sendable {
    /// The process that the node belongs to; see `Fork`.
    let generation: UInt
    private let lock = Lock()
    private var pending: PendingRequests
    /// Nil once the node is destroyed.
    private var node: Node?

    /// `timeout` in nanoseconds.
    init(generation: UInt, timeout: UInt64) {
        self.generation = generation
        pending = PendingRequests(timeout: timeout)
    }

    func setTimeout(_ timeout: UInt64) { lock.withLock { pending.timeout = timeout } }

    func open(_ node: Node) { lock.withLock { self.node = node } }

    /// From here on nobody hears an answer.
    func close() {
        lock.lock()
        let last = node
        node = nil
        lock.unlock()
        withExtendedLifetime(last) {}
    }

    /// What is left for one more, bytes of memory; see `PendingRequests`.
    func room(memoryBytesMax: Int) -> Int { lock.withLock { pending.room(memoryBytesMax: memoryBytesMax) } }

    /// A handle for the host; nil: it holds too many. What its memory may be was asked before, by `room`, of which
    /// others can only make more.
    func admit(_ request: Request, now: UInt64) -> UInt? {
        lock.lock()
        defer { lock.unlock() }
        guard pending.room(memoryBytesMax: .max) > 0 else { return nil }
        let handle = Runtime.shared.requests.insert(RequestRegistry.Entry(owner: self, request: request))
        pending.add(request, handle: handle, now: now)
        return handle
    }

    func isWaiting(_ handle: UInt) -> Bool { lock.withLock { pending.state(handle) == .waiting } }

    var nextDeadline: UInt64? { lock.withLock { pending.nextDeadline } }

    func expire(now: UInt64) -> [Request] { lock.withLock { pending.expire(now: now) } }

    /// Queues the host's answer, JSON that has been checked. An error leaves the request as it is; every status frees
    /// it.
    func reply(
        _ handle: UInt, _ request: Request, _ json: UnsafeRawBufferPointer
    ) throws(NodeError) -> neuron_ws_status_t {
        var answering: Node?
        // Behind the lock: the host's log may call back.
        defer { answering?.logAnswered(request, json) }
        lock.lock()
        // Kept beyond the lock: the node's last reference must not go with it held.
        let node = self.node
        defer {
            lock.unlock()
            withExtendedLifetime(node) {}
        }
        let status: neuron_ws_status_t
        switch pending.state(handle) {
        case nil: return .NEURON_WS_NOT_FOUND
        case .expired: status = .NEURON_WS_NOT_FOUND
        case .waiting:
            if let node {
                try node.queueAnswer(json)
                answering = node
                status = .NEURON_WS_OK
            } else {
                status = .NEURON_WS_NOT_RUNNING
            }
        }
        removeLocked(handle)
        return status
    }

    /// False: another thread has freed it meanwhile.
    func drop(_ handle: UInt) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard pending.state(handle) != nil else { return false }
        removeLocked(handle)
        return true
    }

    private func removeLocked(_ handle: UInt) {
        pending.remove(handle)
        Runtime.shared.requests.remove(handle)
    }
}
