// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// What all nodes of a process share: the loop and its thread.
///
/// The loop starts with the first running node and ends with the last. Any thread.
final class Runtime: @unchecked Sendable {
    static let shared = Runtime()

    /// What the hosts of this process hold of servers' requests.
    let requests = RequestRegistry()
    let tlsContexts = TLSContextCache()

    private let lock = Lock()
    private var loop: EventLoop?
    private var maskingKeys: MaskingKeys?
    private var users = 0
    private var observesFork = false

    /// Those that exist, in the order of their creation. Taken before a node's lock, never behind it.
    private let nodesLock = Lock()
    private var nodes: [Unmanaged<Node>] = []

    private init() {}

    /// The loop with what its nodes share there, started if this is the first who wants it. Give it back by `release`.
    func acquireLoop() throws(SystemError) -> (loop: EventLoop, maskingKeys: MaskingKeys) {
        lock.lock()
        defer { lock.unlock() }
        observeForkLocked()
        if let loop, let maskingKeys {
            users += 1
            return (loop, maskingKeys)
        }
        let new = EventLoop()
        try new.start()
        MemoryKeeper.start(on: new)
        let keys = MaskingKeys()
        loop = new
        maskingKeys = keys
        users = 1
        return (new, keys)
    }

    /// The last one ends the loop's thread, and waits for its end unless this is that thread.
    func releaseLoop() {
        lock.lock()
        users -= 1
        let ended = users == 0 ? loop : nil
        if users == 0 {
            loop = nil
            maskingKeys = nil
        }
        lock.unlock()
        guard let ended else { return }
        ended.stopAndJoin()
        MessagePool.shared.removeAll()
    }

    /// Nodes ask before they exist, so that a fork is noticed from the first node on.
    func prepare() {
        lock.withLock { observeForkLocked() }
    }

    private func observeForkLocked() {
        if observesFork { return }
        observesFork = true
        Fork.observe(
            prepare: { Runtime.shared.forkPrepares() },
            parent: { Runtime.shared.forkEnded(inChild: false) },
            child: { Runtime.shared.forkEnded(inChild: true) })
    }

    // MARK: Nodes

    func add(_ node: Node) {
        nodesLock.withLock { nodes.append(Unmanaged.passUnretained(node)) }
    }

    /// Before the node's memory may go.
    func remove(_ node: Node) {
        let gone = Unmanaged.passUnretained(node).toOpaque()
        nodesLock.withLock { nodes.removeAll { $0.toOpaque() == gone } }
    }

    /// The metrics of all nodes of this process.
    func metrics() -> [MetricsText.Sample] {
        nodesLock.lock()
        defer { nodesLock.unlock() }
        return nodes.map { node in
            node._withUnsafeGuaranteedRef { MetricsText.Sample(node: $0.name, metrics: $0.metrics()) }
        }
    }

    // MARK: Fork

    func forkPrepares() {
        // First: who reads metrics holds it and wants a node's lock, and who starts a node holds that and wants `lock`.
        nodesLock.lock()
        lock.lock()
        MessagePool.shared.forkPrepares()
        requests.forkPrepares()
        tlsContexts.forkPrepares()
        Resolver.shared.forkPrepares()
        Spool.forkPrepares()
    }

    /// The child has no loop thread: it starts its own when it needs one. The parent's loop object stays, unused.
    func forkEnded(inChild: Bool) {
        if inChild {
            if let loop { _ = Unmanaged.passRetained(loop) }
            loop = nil
            // A key must not be given out twice, nor in two processes.
            maskingKeys = nil
            users = 0
            // The parent's; their locks may be held for ever.
            nodes = []
        }
        Spool.forkEnded()
        Resolver.shared.forkEnded(inChild: inChild)
        requests.forkEnded()
        tlsContexts.forkEnded()
        MessagePool.shared.forkEnded()
        lock.unlock()
        nodesLock.unlock()
    }
}
