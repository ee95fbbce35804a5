// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Synchronization

/// Events for a host with a loop of its own: a backlog and an eventfd that is readable while it is not empty.
///
/// Any thread. Its lock may be taken behind the node's. Invariant: the descriptor is readable exactly when the backlog
/// is not empty.
final class EventQueue: @unchecked Sendable {
    let descriptor: Int32
    private let lock = Lock()
    /// Written under the lock, and asked for each thing that is told.
    private let mask = Atomic<UInt32>(0)
    private var backlog = EventBacklog()
    /// The event that was taken last: its bytes are the host's until it takes the next.
    private var lent: NodeEvent?

    static func make() throws(SystemError) -> EventQueue {
        EventQueue(descriptor: try Syscalls.eventDescriptor())
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { Syscalls.close(descriptor) }

    func setMask(_ mask: UInt32) {
        lock.lock()
        defer { lock.unlock() }
        let wasEmpty = backlog.isEmpty
        self.mask.store(mask, ordering: .relaxed)
        backlog.tellsDrops = mask & (NEURON_WS_EVENT_DROPPED | NEURON_WS_EVENT_LOG) != 0
        if backlog.isEmpty, !wasEmpty { Syscalls.clear(descriptor) }
    }

    /// Whether events of this kind come here instead of to the callbacks.
    func wants(_ kind: UInt32) -> Bool { mask.load(ordering: .relaxed) & kind != 0 }

    var droppedCount: UInt64 { lock.withLock { backlog.droppedCount } }

    /// Runs of outcomes and ends of commands that the host has not read, and whether there is memory for one more.
    var load: (waitingRuns: Int, waitingResponses: Int, mayGrow: Bool) {
        lock.withLock { (backlog.runs, backlog.responses, backlog.mayGrow) }
    }

    func append(_ event: NodeEvent) -> EventBacklog.Verdict { change { $0.append(event) } }

    /// An event for which there was no memory.
    func lost() -> EventBacklog.Verdict { change { $0.lost() } }

    private func change(_ body: (inout EventBacklog) -> EventBacklog.Verdict) -> EventBacklog.Verdict {
        lock.lock()
        defer { lock.unlock() }
        let wasEmpty = backlog.isEmpty
        let verdict = body(&backlog)
        if wasEmpty, !backlog.isEmpty { Syscalls.raise(descriptor) }
        return verdict
    }

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
        lent = nil
        while let next = backlog.take(singly: singly) {
            if backlog.isEmpty { Syscalls.clear(descriptor) }
            guard let told = told(next) else { continue }
            lent = told
            return told
        }
        return nil
    }

    /// As this host hears of it: one that does not take news of drops as such may take lines of the log. nil: neither.
    private func told(_ event: NodeEvent) -> NodeEvent? {
        guard case .dropped(let count) = event, !wants(NEURON_WS_EVENT_DROPPED) else { return event }
        guard wants(NEURON_WS_EVENT_LOG) else { return nil }
        var text =
            "\(count) events were dropped here: the host did not take them (neuron_ws_node_next_event) as fast as they "
            + "came, or memory was exhausted."
        let line = text.withUTF8 { EventBytes(UnsafeRawBufferPointer($0)) }
        return line.map { .log(.NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_EVENTS, $0) }
    }
}
