// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Events for a host with a loop of its own: a backlog and an eventfd that is readable while it is not empty.
///
/// Any thread. Its lock may be taken behind the node's. Invariant: the descriptor is readable exactly when the backlog
/// is not empty.
final class EventQueue: @unchecked Sendable {
    let descriptor: Int32
    private let lock = Lock()
    private var mask: UInt32 = 0
    private var backlog = EventBacklog()
    /// The event that was taken last: its bytes are the host's until it takes the next.
    private var lent: NodeEvent?

    static func make() throws(SystemError) -> EventQueue {
        EventQueue(descriptor: try Syscalls.eventDescriptor())
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { Syscalls.close(descriptor) }

    func setMask(_ mask: UInt32) { lock.withLock { self.mask = mask } }

    /// Whether events of this kind come here instead of to the callbacks.
    func wants(_ kind: UInt32) -> Bool { lock.withLock { mask & kind != 0 } }

    var droppedCount: UInt64 { lock.withLock { backlog.droppedCount } }

    /// Runs of outcomes and ends of commands that the host has not read, and whether there is memory for one more.
    var load: (waitingRuns: Int, waitingResponses: Int, mayGrow: Bool) {
        lock.withLock { (backlog.runs, backlog.responses, backlog.mayGrow) }
    }

    func append(_ event: NodeEvent, isNotice: Bool) -> EventBacklog.Verdict {
        lock.lock()
        defer { lock.unlock() }
        let verdict = backlog.append(event, isNotice: isNotice)
        if verdict == .held(wasEmpty: true) { Syscalls.raise(descriptor) }
        return verdict
    }

    /// An event for which there was no memory.
    func lost(isLine: Bool) -> EventBacklog.Verdict { lock.withLock { backlog.lost(isLine: isLine) } }

    /// Forgets the requests that wait here, and names them.
    func removeRequests() -> [UInt] {
        lock.lock()
        defer { lock.unlock() }
        let wasEmpty = backlog.isEmpty
        let handles = backlog.removeRequests()
        if backlog.isEmpty, !wasEmpty { Syscalls.clear(descriptor) }
        return handles
    }

    /// The next event; its bytes live until the next call. One thread at a time.
    /// - Parameter singly: outcomes come one by one.
    func take(singly: Bool) -> NodeEvent? {
        lock.lock()
        defer { lock.unlock() }
        guard let next = backlog.take(singly: singly) else {
            lent = nil
            return nil
        }
        lent = next
        if backlog.isEmpty { Syscalls.clear(descriptor) }
        return next
    }
}
