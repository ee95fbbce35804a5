// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// What neuron_ws.h says about the library as a whole.
enum Library {
    static var version: String { String(cString: neuron_ws_version()) }

    /// This thread's last failure.
    static var lastError: String { String(cString: neuron_ws_last_error()) }
}

/// A call into the library that failed.
struct LibraryError: Error {
    let status: neuron_ws_status_t
    let text: String

    /// To be made on the thread of the call, right behind it.
    init(_ status: neuron_ws_status_t) {
        self.status = status
        let detail = Library.lastError
        let text = detail.isEmpty ? String(cString: neuron_ws_status_text(status)) : detail
        // What a program would do, as who types says it.
        let advice = Text.cut(text, at: "send it as NEURON_WS_BINARY")
        self.text = advice.map { "\($0.before)--binary sends bytes\($0.behind)" } ?? text
    }
}

/// A node of the library, as a C host would use it.
final class Node {
    let pointer: UnsafeMutablePointer<neuron_ws_node_t>

    private init(pointer: UnsafeMutablePointer<neuron_ws_node_t>) { self.pointer = pointer }

    deinit { neuron_ws_node_destroy(pointer) }

    /// - Parameter observer: gets the node's states and messages on the library's thread; kept by the caller as long as
    ///   the node.
    /// - Parameter takesMessages: false: it gets states alone, and the library answers what is asked by itself.
    /// - Parameter takesRequests: the observer gets what the server asks, too.
    static func create(
        name: String, settings: String, observer: NodeObserver? = nil, takesMessages: Bool = true,
        takesRequests: Bool = false
    ) throws(LibraryError) -> Node {
        var host = neuron_ws_host_t()
        host.size = MemoryLayout<neuron_ws_host_t>.size
        if let observer {
            host.context = Unmanaged.passUnretained(observer).toOpaque()
            host.on_state = { _, state, context in
                guard let state, let context else { return }
                let observer = Unmanaged<NodeObserver>.fromOpaque(context).takeUnretainedValue()
                observer.stateChanged(NodeState(state.pointee))
            }
        }
        if observer != nil, takesMessages {
            host.on_message = { _, kind, bytes, length, context in
                guard let context else { return }
                let observer = Unmanaged<NodeObserver>.fromOpaque(context).takeUnretainedValue()
                observer.messageReceived(
                    isText: kind == .NEURON_WS_TEXT, UnsafeRawBufferPointer(start: bytes, count: length))
            }
        }
        if takesRequests {
            host.on_request = { _, request, info, context in
                guard let request, let info, let context else { return }
                let observer = Unmanaged<NodeObserver>.fromOpaque(context).takeUnretainedValue()
                guard let asked = NodeRequest(request, info.pointee) else {
                    _ = neuron_ws_request_drop(request)
                    return
                }
                observer.requestReceived(asked)
            }
        }
        var pointer: UnsafeMutablePointer<neuron_ws_node_t>?
        let status = neuron_ws_node_create(name, settings, &host, &pointer)
        guard status == .NEURON_WS_OK, let pointer else { throw LibraryError(status) }
        return Node(pointer: pointer)
    }

    func start() throws(LibraryError) { try check(neuron_ws_node_start(pointer)) }

    /// Ends the connection in an orderly way.
    func stop(timeoutMilliseconds: UInt32) { _ = neuron_ws_node_stop(pointer, timeoutMilliseconds) }

    func subscribe(driver: String, group: String) throws(LibraryError) {
        try check(neuron_ws_node_subscribe(pointer, driver, group, nil))
    }

    /// Waits until all that was pushed before is in the kernel's hands.
    func flush(
        _ level: neuron_ws_level_t = .NEURON_WS_LEVEL_WRITTEN, timeoutMilliseconds: UInt32
    ) -> neuron_ws_status_t {
        neuron_ws_node_flush(pointer, level, timeoutMilliseconds)
    }

    /// From now on events of these kinds wait to be taken, and the descriptor is readable while they do.
    func eventDescriptor(mask: UInt32) throws(LibraryError) -> Int32 {
        var descriptor: Int32 = -1
        try check(neuron_ws_node_event_fd(pointer, mask, &descriptor))
        return descriptor
    }

    /// As a text message.
    func send(_ text: UnsafeBufferPointer<UInt8>) -> neuron_ws_status_t {
        neuron_ws_node_send(pointer, .NEURON_WS_TEXT, text.baseAddress, text.count, nil)
    }

    /// False: there is no open connection.
    func ping() -> Bool { neuron_ws_node_ping(pointer) == .NEURON_WS_OK }

    var state: NodeState {
        var state = neuron_ws_state_t()
        state.size = MemoryLayout<neuron_ws_state_t>.size
        _ = neuron_ws_node_state(pointer, &state)
        return NodeState(state)
    }

    var metrics: neuron_ws_metrics_t {
        var metrics = neuron_ws_metrics_t()
        metrics.size = MemoryLayout<neuron_ws_metrics_t>.size
        _ = neuron_ws_node_metrics(pointer, &metrics)
        return metrics
    }

    private func check(_ status: neuron_ws_status_t) throws(LibraryError) {
        if status != .NEURON_WS_OK { throw LibraryError(status) }
    }
}

/// Hears of a node's states and messages, on the library's thread.
class NodeObserver {
    func stateChanged(_ state: NodeState) {}
    func messageReceived(isText: Bool, _ bytes: UnsafeRawBufferPointer) {}
    func requestReceived(_ request: NodeRequest) {}
}

/// What the tool wants of a node's state, as Swift values.
struct NodeState: Sendable {
    let isOpen: Bool
    let phase: neuron_ws_phase_t
    /// What is known of a message when it counts as delivered.
    let level: neuron_ws_level_t
    let reason: neuron_ws_reason_t
    let tlsFailure: neuron_ws_tls_failure_t
    let httpStatus: Int
    let closeCode: Int
    let systemError: Int32
    let isTLS: Bool
    let isTLSVerified: Bool
    let url: String
    let peerAddress: String
    let subprotocol: String
    let tlsVersion: String
    let tlsCipher: String
    let tlsPeer: String
    let tlsIssuer: String
    /// Unix time in seconds; 0: unknown.
    let tlsNotAfter: Int64
    let tlsChainLength: Int
    let extensions: String
    let message: String
    /// Without secrets; "": none.
    let proxy: String
    /// Since a connection was last open.
    let attempts: UInt64

    init(_ state: neuron_ws_state_t) {
        isOpen = state.link == 1
        phase = state.phase
        level = state.level
        reason = state.reason
        tlsFailure = state.tls_failure
        httpStatus = Int(state.http_status)
        closeCode = Int(state.close_code)
        systemError = state.system_error
        isTLS = state.tls
        isTLSVerified = state.tls_verified
        url = Self.text(state.url)
        peerAddress = Self.text(state.peer_address)
        subprotocol = Self.text(state.subprotocol)
        tlsVersion = Self.text(state.tls_version)
        tlsCipher = Self.text(state.tls_cipher)
        tlsPeer = Self.text(state.tls_peer)
        tlsIssuer = Self.text(state.tls_issuer)
        tlsNotAfter = state.tls_not_after_s
        tlsChainLength = Int(state.tls_chain_length)
        extensions = Self.text(state.extensions)
        message = Self.text(state.message)
        proxy = Self.text(state.proxy)
        attempts = state.attempts
    }

    /// The server's Close frame complained: its code is none of 1000, 1001 and 1005 (RFC 6455 §7.4.1).
    var isClosedWithError: Bool { closeCode != 0 && ![1000, 1001, 1005].contains(closeCode) }

    /// How long the server's certificate is good for; nil: unknown.
    var tlsDaysLeft: Int? { tlsNotAfter == 0 ? nil : Int((tlsNotAfter - Clock.unixSeconds()) / 86_400) }

    /// How the last connection or attempt ended, of what `message` says: without the rest of the closing handshake, the
    /// time of the next attempt, or the attempt that has begun meanwhile, perhaps to another server.
    var cause: String { Self.cause(message) }

    static func cause(_ message: String) -> String {
        if message.hasPrefix("Connecting to "), let (_, ending) = Text.cut(message, at: " Before that: ") {
            return ending
        }
        let words = message.split(separator: " ", omittingEmptySubsequences: false)
        // "Closing the connection, 0 s of at most 1 s." A server may say the like in the middle.
        let isClosing = words.suffix(10).starts(with: ["Closing", "the", "connection,"])
        // "Attempt 3 comes in 4 s.", and behind it how other servers failed, each of which was told by then.
        let attempt = words.indices.last { words[$0] == "Attempt" && words[$0...].dropFirst(2).first == "comes" }
        guard let next = isClosing ? words.count - 10 : attempt, next > 0 else { return message }
        return words[..<next].joined(separator: " ")
    }

    /// A NUL-terminated text in an array of C, which Swift sees as a tuple.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
