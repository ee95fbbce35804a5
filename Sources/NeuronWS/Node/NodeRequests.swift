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

    /// An operation of this id is with the host.
    func isWaiting(operation id: [UInt8]) -> Bool { lock.withLock { pending.isWaiting(operation: id) } }

    /// It has its answer, which did not come by its handle.
    func settle(operation id: [UInt8]) { lock.withLock { pending.settle(operation: id) } }

    func isWaiting(_ handle: UInt) -> Bool { lock.withLock { pending.state(handle) == .waiting } }

    var nextDeadline: UInt64? { lock.withLock { pending.nextDeadline } }

    func expire(now: UInt64) -> [Request] { lock.withLock { pending.expire(now: now) } }

    /// Queues the host's answer, JSON that has been checked. An error leaves the request as it is; every status frees
    /// it.
    func reply(
        _ handle: UInt, _ request: Request, _ json: JSONDocument, _ bytes: UnsafeRawBufferPointer
    ) throws(NodeError) -> neuron_ws_status_t {
        let operation = try operationAnswer(request, json)
        if let node = lock.withLock({ self.node }) {
            if let operation { try node.inspectAnswer(operation.document) } else { try node.inspectAnswer(bytes) }
        }
        var answering: Node?
        // Behind the lock: the host's log may call back.
        defer {
            if let answering {
                if let upload = operation?.upload { answering.publish(upload) }
                answering.logAnswered(request, bytes)
            }
        }
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
                if let operation {
                    try node.queueAnswer(operation.document, isInspected: true)
                } else {
                    try node.queueAnswer(bytes, isInspected: true)
                }
                answering = node
                status = .NEURON_WS_OK
            } else {
                status = .NEURON_WS_NOT_RUNNING
            }
        }
        removeLocked(handle)
        return status
    }

    /// What becomes of the host's answer; nil: it goes as it is, as the platform's own document does.
    private func operationAnswer(_ request: Request, _ json: JSONDocument) throws(NodeError) -> OperationAnswer? {
        guard request.echo.operation != nil, json.root["operation"] == nil else { return nil }
        guard let node = lock.withLock({ self.node }) else { return nil }
        let gateway = node.lock.withLock { node.configuration.settings.encoding.openGate }
        do throws(OperationAnswer.Fault) {
            return try OperationAnswer.final(
                json.root, to: request, gateway: gateway, timestampMilliseconds: Clock.wallMilliseconds)
        } catch { throw NodeError(error) }
    }

    /// Queues a partial answer; the request's time begins anew. An error leaves it as it is.
    func progress(_ handle: UInt, _ request: Request, _ json: JSONValue) throws(NodeError) -> neuron_ws_status_t {
        let partial: [UInt8]
        do throws(OperationAnswer.Fault) {
            partial = try OperationAnswer.partial(json, to: request.echo)
        } catch { throw NodeError(error) }
        if let node = lock.withLock({ self.node }) { try node.inspectAnswer(partial) }
        lock.lock()
        let node = self.node
        defer {
            lock.unlock()
            withExtendedLifetime(node) {}
        }
        guard pending.state(handle) == .waiting else { return .NEURON_WS_NOT_FOUND }
        guard let node else { return .NEURON_WS_NOT_RUNNING }
        try node.queueAnswer(partial, isInspected: true)
        pending.touch(handle, now: Clock.monotonicNanoseconds)
        return .NEURON_WS_OK
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
