// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import NeuronWS

typealias NodePointer = UnsafeMutablePointer<neuron_ws_node_t>
typealias RequestPointer = UnsafeMutablePointer<neuron_ws_request_t>

/// A node as a C host has it, with what its callbacks told. The callbacks come on the loop thread: all is locked.
final class TestNode: @unchecked Sendable {
    /// Callbacks in which the node can be told to destroy itself.
    enum Callback { case state, message, delivery, log, beforeConnect, beforeSend, request }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var pointer: NodePointer?
    private var _messages: [[UInt8]] = []
    private var _deliveries: [(id: UInt64, outcome: neuron_ws_outcome_t)] = []
    private var _states: [(phase: neuron_ws_phase_t, reason: neuron_ws_reason_t, text: String)] = []
    private var _lines: [String] = []
    private var _callsAfterDestroy: [Callback] = []
    private var _destroyReturned = false
    private var _requests: [RequestPointer] = []
    private var _described: [String] = []

    /// Set before `start`.
    var destroysIn: Callback?
    var echoes = false
    /// Called in on_message, before anything else.
    var heard: (() -> Void)?
    /// In on_log.
    var logged: ((String) -> Void)?
    /// In on_state.
    var startsWhenClosing = false
    var startsWhenIdle = false
    /// Called in on_delivery with the node, also while it is being destroyed.
    var again: ((NodePointer) -> Void)?
    var refuses: ([UInt8]) -> Bool = { _ in false }
    /// What becomes of a request in its callback; true: it is kept in `requests`.
    var answers: (RequestPointer, neuron_ws_request_info_t) -> Bool = { _, _ in true }
    var beforeConnect: ((UnsafeMutablePointer<neuron_ws_attempt_t>) -> neuron_ws_status_t)?
    /// What callbacks given elsewhere have as their context: it lives as long as they may come.
    var contexts: [AnyObject] = []

    /// Settings as JSON members without braces, behind the url.
    static func make(
        _ url: String, _ more: String = "", subscribes: Bool = true, takesRequests: Bool = false,
        logLevel: String = "debug"
    ) -> TestNode {
        let node = TestNode()
        let separator = more.isEmpty ? "" : ","
        let settings =
            "{\"url\":\"\(url)\",\"reconnect-min\":0.01,\"reconnect-max\":0.05,\"log-level\":\"\(logLevel)\""
            + "\(takesRequests && !more.contains("allow-requests") ? ",\"allow-requests\":\"all\"" : "")"
            + "\(separator)\(more)}"
        var host = neuron_ws_host_t()
        host.size = MemoryLayout<neuron_ws_host_t>.size
        host.context = Unmanaged.passUnretained(node).toOpaque()
        host.on_state = { _, state, context in
            let state = state!.pointee
            let test = TestNode.from(context)
            test.called(.state) { $0._states.append((state.phase, state.reason, state.messageText)) }
            if test.startsWhenClosing, state.phase == .NEURON_WS_PHASE_CLOSING { test.start() }
            if test.startsWhenIdle, state.phase == .NEURON_WS_PHASE_IDLE { test.start() }
        }
        host.on_message = { _, _, bytes, length, context in
            let message = Array(UnsafeBufferPointer(start: bytes, count: length))
            let node = TestNode.from(context)
            node.heard?()
            node.called(.message) { $0._messages.append(message) }
            if node.echoes { node.send(String(decoding: message, as: UTF8.self)) }
        }
        host.on_delivery = { node, id, outcome, _, context in
            let test = TestNode.from(context)
            test.called(.delivery) { $0._deliveries.append((id, outcome)) }
            test.again?(node!)
        }
        host.on_log = { _, _, text, context in
            let line = String(cString: text!)
            let node = TestNode.from(context)
            node.logged?(line)
            node.called(.log) { $0._lines.append(line) }
        }
        host.before_connect = { _, attempt, context in
            let node = TestNode.from(context)
            let verdict = node.beforeConnect?(attempt!) ?? .NEURON_WS_OK
            node.called(.beforeConnect) { _ in }
            return verdict
        }
        host.before_send = { _, _, bytes, length, context in
            let node = TestNode.from(context)
            let isRefused = node.refuses(Array(UnsafeBufferPointer(start: bytes, count: length)))
            node.called(.beforeSend) { _ in }
            return !isRefused
        }
        if takesRequests {
            host.on_request = { _, request, info, context in
                let node = TestNode.from(context)
                let isKept = node.answers(request!, info!.pointee)
                let shown = "\(String(cString: info!.pointee.uuid)) \(info!.pointee.kind.rawValue)"
                node.called(.request) {
                    if isKept { $0._requests.append(request!) }
                    $0._described.append(shown)
                }
            }
        }
        let status = neuron_ws_node_create("test", settings, &host, &node.pointer)
        precondition(status == .NEURON_WS_OK, String(cString: neuron_ws_last_error()))
        if subscribes { precondition(neuron_ws_node_subscribe(node.pointer, "*", "*", nil) == .NEURON_WS_OK) }
        return node
    }

    private init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        destroy()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> TestNode {
        Unmanaged<TestNode>.fromOpaque(context!).takeUnretainedValue()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    private func called(_ callback: Callback, _ note: (TestNode) -> Void) {
        let doomed = locked { () -> NodePointer? in
            note(self)
            guard let pointer else {
                _callsAfterDestroy.append(callback)
                return nil
            }
            guard destroysIn == callback else { return nil }
            self.pointer = nil
            return pointer
        }
        // The outcomes of the queued messages come while the destroy runs; nothing may come after it.
        guard let doomed else { return }
        neuron_ws_node_destroy(doomed)
        locked {
            _callsAfterDestroy = []
            _destroyReturned = true
        }
    }

    var handle: NodePointer? { locked { pointer } }
    var messages: [String] { locked { _messages.map { String(decoding: $0, as: UTF8.self) } } }
    var deliveries: [(id: UInt64, outcome: neuron_ws_outcome_t)] { locked { _deliveries } }
    var states: [(phase: neuron_ws_phase_t, reason: neuron_ws_reason_t, text: String)] { locked { _states } }
    var phases: [neuron_ws_phase_t] { states.map(\.phase) }
    var lines: [String] { locked { _lines } }
    /// Handles of requests that have not been answered by `answers`, and "uuid kind" of all.
    var requests: [RequestPointer] { locked { _requests } }
    var described: [String] { locked { _described } }
    /// The destroy in a callback is over.
    var destroyReturned: Bool { locked { _destroyReturned } }
    /// While it is destroyed too, unless that began in a callback.
    var kindsAfterDestroy: [Callback] { locked { _callsAfterDestroy } }
    var callsAfterDestroy: Int { kindsAfterDestroy.count }

    func start() { precondition(neuron_ws_node_start(handle) == .NEURON_WS_OK) }

    @discardableResult
    func stop(_ timeoutMilliseconds: UInt32 = 2000) -> neuron_ws_status_t {
        neuron_ws_node_stop(handle, timeoutMilliseconds)
    }

    func beginStop(_ timeoutMilliseconds: UInt32) -> neuron_ws_status_t {
        neuron_ws_node_stop_begin(handle, timeoutMilliseconds)
    }

    func destroy() {
        let doomed = locked { () -> NodePointer? in
            defer { pointer = nil }
            return pointer
        }
        neuron_ws_node_destroy(doomed)
    }

    @discardableResult
    func send(_ text: String) -> neuron_ws_status_t {
        var text = text
        return text.withUTF8 { neuron_ws_node_send(handle, .NEURON_WS_TEXT, $0.baseAddress, $0.count, nil) }
    }

    /// One group with one INT64 tag `n`.
    @discardableResult
    func push(_ value: Int64) -> neuron_ws_status_t {
        "n".withCString { name in
            "plc".withCString { driver in
                "grp".withCString { group in
                    var tag = neuron_ws_tag_t()
                    tag.name = name
                    tag.type = .NEURON_WS_TYPE_INT64
                    tag.value.i64 = value
                    return withUnsafePointer(to: tag) { tags in
                        var whole = neuron_ws_group_t()
                        whole.size = MemoryLayout<neuron_ws_group_t>.size
                        whole.driver = driver
                        whole.group = group
                        whole.timestamp_ms = 1
                        whole.tags = tags
                        whole.tag_count = 1
                        whole.tag_size = MemoryLayout<neuron_ws_tag_t>.stride
                        return neuron_ws_node_push(handle, &whole, nil)
                    }
                }
            }
        }
    }

    static func text(_ value: Int64) -> String {
        "{\"node\":\"plc\",\"group\":\"grp\",\"timestamp\":1,\"values\":{\"n\":\(value)},\"errors\":{},\"metas\":{}}"
    }

    @discardableResult
    func flush(_ timeoutMilliseconds: UInt32 = 10_000) -> neuron_ws_status_t {
        neuron_ws_node_flush(handle, .NEURON_WS_LEVEL_WRITTEN, timeoutMilliseconds)
    }

    var state: neuron_ws_state_t {
        var state = neuron_ws_state_t()
        state.size = MemoryLayout<neuron_ws_state_t>.size
        precondition(neuron_ws_node_state(handle, &state) == .NEURON_WS_OK)
        return state
    }

    var metrics: neuron_ws_metrics_t {
        var metrics = neuron_ws_metrics_t()
        metrics.size = MemoryLayout<neuron_ws_metrics_t>.size
        precondition(neuron_ws_node_metrics(handle, &metrics) == .NEURON_WS_OK)
        return metrics
    }

    func waitForLink(_ link: Int32 = 1) -> Bool { eventually { self.state.link == link } }
}

/// Whether it comes true within 20 s.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<4000 {
        if condition() { return true }
        usleep(5000)
    }
    return condition()
}

func startServer(_ change: (inout ServerConfiguration) -> Void = { _ in }) throws -> LoopbackWebSocketServer {
    var configuration = ServerConfiguration()
    change(&configuration)
    return try LoopbackWebSocketServer.start(configuration)
}

extension neuron_ws_state_t {
    var messageText: String {
        withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
