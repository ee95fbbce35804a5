// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What is known of the other end of one connection, or attempt; the next one begins with nothing.
struct PeerFacts {
    var isTLS = false
    var isVerified = false
    /// By the setting tls-allow-cn.
    var isKnownByCommonName = false
    /// TLS went on with an earlier session.
    var isResumed = false
    var address = ""
    /// By which it is reached, without user and password; "": none.
    var proxy = ""
    var subprotocol = ""
    var extensions = ""
    var tlsVersion = ""
    var tlsCipher = ""
    var tlsSubject = ""
    var tlsIssuer = ""
    /// Unix time in seconds.
    var tlsNotAfter: Int64 = 0
    var tlsChainLength: UInt32 = 0
}

/// What a node tells of itself; the loop publishes it under the node's lock, anybody may ask.
struct NodeStatus {
    var ending = Ending(reason: .NEURON_WS_REASON_NONE, text: "The node has not been started.")
    var httpStatus: Int32 = 0
    var attempts: UInt64 = 0
    /// Of the present connection, monotonic nanoseconds; nil: there is none.
    var openSince: UInt64?
    var url = "" { didSet { urlInLog = url } }
    /// The same as lines and sentences name it: cut where it is a server's word.
    private(set) var urlInLog = ""
    var peer = PeerFacts()
    /// The server as HOST:PORT, and by which proxy.
    var target = ""
    /// How the servers failed that were tried before the one of `ending`, as a sentence behind a space; "": there is
    /// nothing to say of others.
    var otherFailures = ""
    /// What there is to say of the present connection while it is open.
    var connected = ""
    /// What the machine says: phase and times come from it.
    var progress = Progress.idle

    /// Which of the settings' URLs is meant; not shown.
    var urlIndex = 0

    // What others know, as it is when the state is told: `Node.statusLocked`.
    var isVerifyOff = false
    /// Seconds between two reports of driver states; 0: none are wanted.
    var statesInterval: UInt32 = 0
    /// The delivery level in force.
    var level = neuron_ws_level_t.NEURON_WS_LEVEL_WRITTEN
    /// Why nothing is kept on disk; "": it is, or is not asked for.
    var cacheError = ""
    /// What is pushed finds no room on disk.
    var isCacheFull = false

    var phase: neuron_ws_phase_t { progress.phase }

    var link: Int32 { phase == .NEURON_WS_PHASE_OPEN ? 1 : 0 }

    /// Link, phase, reason or server differ: worth a callback.
    func differsNotably(from other: NodeStatus) -> Bool {
        phase != other.phase || ending.reason != other.ending.reason || urlIndex != other.urlIndex
    }

    /// The server has led to this URL: its own word, without secrets.
    mutating func redirected(to url: ForeignText) {
        self.url = url.shown(charactersMax: WebSocketURL.maxURLBytes)
        urlInLog = url.shown()
    }

    /// How it stands, for people; `now` in monotonic nanoseconds.
    func message(now: UInt64) -> String {
        let text = progress.text(
            target: target, connected: connected, ending: ending, others: otherFailures, now: now)
        if !cacheError.isEmpty { return "\(text) No disk: \(cacheError)." }
        return isCacheFull ? "\(text) The cache is full: what finds no room on disk waits in memory." : text
    }

    /// As the C struct; `now` in monotonic nanoseconds.
    func state(now: UInt64) -> neuron_ws_state_t {
        var state = neuron_ws_state_t()
        state.size = MemoryLayout<neuron_ws_state_t>.size
        state.link = link
        state.phase = phase
        state.reason = ending.reason
        state.tls_failure = ending.tlsFailure
        state.level = level
        state.close_code = Int32(ending.closeCode)
        state.http_status = httpStatus
        state.system_error = ending.systemError
        state.tls = peer.isTLS
        state.tls_verified = peer.isVerified
        state.tls_verify_off = isVerifyOff
        state.tls_common_name = peer.isKnownByCommonName
        state.attempts = attempts
        state.next_attempt_ms = milliseconds(until: progress.nextAttempt, now: now)
        state.connected_ms = openSince.map { Int64(clamping: (now &- min($0, now)) / 1_000_000) } ?? -1
        put(url, &state.url)
        put(peer.address, &state.peer_address)
        put(peer.subprotocol, &state.subprotocol)
        put(peer.tlsVersion, &state.tls_version)
        put(peer.tlsCipher, &state.tls_cipher)
        put(peer.tlsSubject, &state.tls_peer)
        put(peer.tlsIssuer, &state.tls_issuer)
        state.tls_not_after_s = peer.tlsNotAfter
        state.tls_chain_length = peer.tlsChainLength
        put(ending.closeReason.shown(), &state.close_reason)
        put(message(now: now), &state.message)
        put(peer.extensions, &state.extensions)
        state.states_interval_s = statesInterval
        put(peer.proxy, &state.proxy)
        put(cacheError, &state.cache_error)
        return state
    }

    /// The sentence for people alone, as `state` has it.
    func text(now: UInt64) -> String {
        withUnsafeBytes(of: state(now: now).message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private func milliseconds(until deadline: UInt64?, now: UInt64) -> Int64 {
        guard let deadline else { return -1 }
        return deadline <= now ? 0 : Int64(clamping: (deadline - now + 999_999) / 1_000_000)
    }

    /// Copies a text into a char array, NUL-terminated, cut where it does not fit.
    private func put<Characters>(_ text: String, _ array: inout Characters) {
        withUnsafeMutableBytes(of: &array) { room in
            let bytes = Array(text.utf8)
            let length = CutText.byteCount(bytes, atMost: room.count - 1)
            room.copyBytes(from: bytes[..<length])
            room[length] = 0
        }
    }
}
