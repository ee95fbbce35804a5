// SPDX-License-Identifier: Apache-2.0
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
    /// Nil once the node is finished or destroyed.
    private var node: Node?
    private var isClosed = false
    /// What was superseded, and is still to be told; the oldest is the last.
    private var superseded: [Request] = []

    /// `timeout` in nanoseconds.
    init(generation: UInt, timeout: UInt64) {
        self.generation = generation
        pending = PendingRequests(timeout: timeout)
    }

    func setTimeout(_ timeout: UInt64) { lock.withLock { pending.timeout = timeout } }

    func open(_ node: Node) { lock.withLock { self.node = node } }

    /// From here on nobody hears an answer, and none is taken. - Returns: those that have none.
    func close() -> [(handle: UInt, request: Request)] {
        lock.lock()
        let last = node
        node = nil
        // Once: they are told of.
        let left = isClosed ? [] : pending.waiting
        isClosed = true
        lock.unlock()
        withExtendedLifetime(last) {}
        return left
    }

    /// What is left for one more, bytes of memory; see `PendingRequests`.
    func room(memoryBytesMax: Int) -> Int { lock.withLock { pending.room(memoryBytesMax: memoryBytesMax) } }

    /// A handle for the host; nil: it holds too many, or the node ends. What its memory may be was asked before, by
    /// `room`, of which others can only make more.
    func admit(_ request: Request, connection: UInt64, server: UInt16 = 0, now: UInt64) -> UInt? {
        lock.lock()
        defer { lock.unlock() }
        guard !isClosed, pending.room(memoryBytesMax: .max) > 0 else { return nil }
        let handle = Runtime.shared.requests.insert(RequestRegistry.Entry(owner: self, request: request))
        pending.add(request, handle: handle, connection: connection, server: server, now: now)
        return handle
    }

    /// What is to be known before that; see `PendingRequests`.
    func supersede(by new: Request, connection: UInt64, server: UInt16) {
        lock.withLock {
            let late = pending.supersede(by: new, connection: connection, server: server)
            superseded.insert(contentsOf: late.reversed(), at: 0)
        }
    }

    /// The next one that was; it is to be told.
    func takeSuperseded() -> Request? { lock.withLock { superseded.popLast() } }

    /// Whether an operation is asked for again.
    func repetition(of operation: Request, connection: UInt64, server: UInt16) -> OperationRepetition {
        let now = Clock.monotonicNanoseconds
        return lock.withLock {
            pending.repetition(
                of: operation, connection: connection, server: server, now: now, isQueued: isQueuedLocked)
        }
    }

    /// Who is to hear the answer to the operation of this id; 0: whoever is connected.
    func server(ofOperation id: [UInt8], preferred: UInt16) -> UInt16 {
        lock.withLock { pending.server(ofOperation: id, preferred: preferred) }
    }

    /// It has its answer, which did not come by its handle. - Returns: the request, if it is held still.
    func settle(
        operation id: [UInt8], name: [UInt8], _ document: EventBytes?, message: UInt64, server: UInt16
    ) -> Request? {
        let now = Clock.monotonicNanoseconds
        return lock.withLock {
            pending.settle(operation: id, name: name, document, message: message, server: server, now: now)
        }
    }

    func connectionOpened() {
        let now = Clock.monotonicNanoseconds
        lock.withLock { pending.connectionOpened(now: now, isQueued: isQueuedLocked) }
    }

    private func isQueuedLocked(_ message: UInt64) -> Bool {
        guard let node else { return false }
        return node.lock.withLock { node.sendQueue.ledger.isOpen(message) }
    }

    func isWaiting(_ handle: UInt) -> Bool { lock.withLock { pending.state(handle) == .waiting } }

    var nextDeadline: UInt64? { lock.withLock { pending.nextDeadline } }

    /// - Parameter connected: the server that is connected; 0: none is.
    func expire(now: UInt64, countMax: Int = .max, connected: UInt16 = 0) -> [PendingRequests.Late] {
        lock.withLock { pending.expire(now: now, countMax: countMax, connected: connected) }
    }

    /// Queues the host's answer, JSON that has been checked. An error leaves the request as it is; every status frees
    /// it.
    func reply(
        _ handle: UInt, _ request: Request, _ json: JSONDocument, _ bytes: UnsafeRawBufferPointer
    ) throws(NodeError) -> neuron_ws_status_t {
        guard let operation = try operationAnswer(request, json) else {
            return try reply(handle, request, bytes, upload: nil, logged: bytes)
        }
        let replied: Result<neuron_ws_status_t, NodeError> = operation.document.withBytes { document in
            do throws(NodeError) {
                return .success(try reply(handle, request, document, upload: operation.upload, logged: bytes))
            } catch { return .failure(error) }
        }
        return try replied.get()
    }

    /// The node that sends the answer, and the server that it goes to; nil: the request is no longer waiting, or its
    /// node is destroyed.
    private func sender(_ handle: UInt) -> (node: Node, server: UInt16)? {
        lock.withLock {
            guard let node, pending.state(handle) == .waiting else { return nil }
            return (node, pending.server(handle) ?? 0)
        }
    }

    /// `document` is what goes out, `logged` what the host said.
    private func reply(
        _ handle: UInt, _ request: Request, _ document: UnsafeRawBufferPointer, upload: ByteBuffer?,
        logged: UnsafeRawBufferPointer
    ) throws(NodeError) -> neuron_ws_status_t {
        let place = sender(handle)
        let isElsewhere = place.map { $0.node.isAnother(than: $0.server) } ?? false
        let answer = isElsewhere ? nil : try place?.node.prepareAnswer(document, to: place?.server ?? 0)
        // An operation that is asked for again is answered with the same.
        let kept = request.echo.operation == nil ? nil : Self.kept(document)
        let error = RequestAnswer.error(in: logged)
        var end: RequestEnd?
        var answering: Node?
        // Behind the lock: the host's log may call back.
        defer {
            if let answering, let end {
                if let upload, case .answered = end { answering.publish(upload) }
                answering.log(end, of: request)
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
        case .settled: status = .NEURON_WS_NOT_FOUND
        case .expired(let isTold):
            status = .NEURON_WS_NOT_FOUND
            (answering, end) = (node, .answeredLate(error: error, isTold: isTold))
        case .waiting:
            if let node, isElsewhere {
                // Its own server may ask for it again.
                if let kept { pending.noteAnswered(handle, kept, message: 0, now: Clock.monotonicNanoseconds) }
                status = .NEURON_WS_NOT_FOUND
                (answering, end) = (node, .answeredElsewhere(error: error))
            } else if let node, let answer {
                let number = try node.queueAnswer(answer)
                if let kept {
                    pending.noteAnswered(handle, kept, message: number, now: Clock.monotonicNanoseconds)
                }
                (answering, end) = (node, .answered(error: error))
                status = .NEURON_WS_OK
            } else {
                status = .NEURON_WS_NOT_RUNNING
            }
        }
        removeLocked(handle)
        return status
    }

    /// A copy of an answer, for a platform that asks again; nil: it is too long for that, or there is no memory.
    static func kept(_ document: UnsafeRawBufferPointer) -> EventBytes? {
        document.count > RequestLimits.answersKeptBytesMax ? nil : EventBytes(document)
    }

    /// What becomes of the host's answer; nil: it goes as it is, as the platform's own document does.
    private func operationAnswer(_ request: Request, _ json: JSONDocument) throws(NodeError) -> OperationAnswer? {
        guard request.echo.operation != nil, json.root["operation"] == nil else { return nil }
        guard let node = lock.withLock({ self.node }) else { return nil }
        let encoding = node.lock.withLock { node.configuration.settings.encoding }
        do throws(OperationAnswer.Fault) {
            return try OperationAnswer.final(
                json.root, to: request, encoding, timestampMilliseconds: Clock.wallMilliseconds)
        } catch { throw NodeError(error) }
    }

    /// Queues a partial answer; the request's time begins anew. An error leaves it as it is.
    func progress(_ handle: UInt, _ request: Request, _ json: JSONValue) throws(NodeError) -> neuron_ws_status_t {
        let partial: ByteBuffer
        do throws(OperationAnswer.Fault) {
            partial = try OperationAnswer.partial(json, to: request.echo)
        } catch { throw NodeError(error) }
        let queued: Result<neuron_ws_status_t, NodeError> = partial.withBytes { bytes in
            do throws(NodeError) { return .success(try progress(handle, bytes)) } catch { return .failure(error) }
        }
        return try queued.get()
    }

    private func progress(_ handle: UInt, _ partial: UnsafeRawBufferPointer) throws(NodeError) -> neuron_ws_status_t {
        let place = sender(handle)
        let answer = try place?.node.prepareAnswer(partial, to: place?.server ?? 0)
        lock.lock()
        let node = self.node
        defer {
            lock.unlock()
            withExtendedLifetime(node) {}
        }
        guard pending.state(handle) == .waiting else { return .NEURON_WS_NOT_FOUND }
        guard let node, let answer else { return .NEURON_WS_NOT_RUNNING }
        _ = try node.queueAnswer(answer)
        pending.touch(handle, now: Clock.monotonicNanoseconds)
        return .NEURON_WS_OK
    }

    /// The host lets go of it. - Returns: false: another thread has freed it meanwhile.
    func drop(_ handle: UInt, _ request: Request) -> Bool {
        lock.lock()
        let state = pending.state(handle)
        let node = self.node
        if state != nil { removeLocked(handle) }
        lock.unlock()
        if state == .waiting { node?.log(.dropped, of: request) }
        return state != nil
    }

    /// The same of one that the host has never had.
    func remove(_ handle: UInt) {
        lock.withLock { if pending.state(handle) != nil { removeLocked(handle) } }
    }

    private func removeLocked(_ handle: UInt) {
        pending.remove(handle)
        Runtime.shared.requests.remove(handle)
    }
}
