// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What `check` found out: printed line by line as it comes, or as one JSON object at the end. Any thread.
final class CheckReport: @unchecked Sendable {
    enum Verdict: String {
        case passed = "ok"
        case warned = "WARN"
        case failed = "FAILED"

        var style: Terminal.Style {
            switch self {
            case .passed: .green
            case .warned: .yellow
            case .failed: .red
            }
        }
    }

    /// A certificate is worth a word when it has fewer days.
    static let daysMin = 30
    /// A longer message is cut.
    private static let shownBytesMax = 200

    private let isJSON: Bool
    private let mutex = Mutex()
    private let document = JSON.object()
    private var steps: [JSON] = []
    private var messages: [JSON] = []

    init(isJSON: Bool) { self.isJSON = isJSON }

    /// - Parameters:
    ///   - url: whose step it is; where it failed a line names it too, unless the text does.
    ///   - key: which setting it is about.
    ///   - microseconds: how long it took.
    func step(
        _ name: String, _ verdict: Verdict, _ text: String, url: String? = nil, key: String? = nil,
        microseconds: Int64? = nil
    ) {
        let isNamed = verdict != .failed || url.map { $0.isEmpty || Text.contains(text, $0) } ?? true
        mutex.withLock {
            guard isJSON else {
                Progress.shared.clear()
                let time = microseconds.map { Text.milliseconds(microseconds: $0) } ?? ""
                let shown = Terminal.printable(isNamed ? text : "\(url ?? ""): \(text)")
                Output.standard.writeLine(
                    "\(Text.left(name, 10)) \(Terminal.styled(verdict.style, Text.left(verdict.rawValue, 6))) "
                        + "\(Text.right(time, 11))  \(shown)")
                return
            }
            let step = JSON.object()
            step.set("step", name)
            step.set("verdict", verdict.rawValue)
            if let microseconds { step.set("us", JSON.integer(microseconds)) }
            if let url, !url.isEmpty { step.set("url", url) }
            if let key, !key.isEmpty { step.set("key", key) }
            step.set("text", text)
            steps.append(step)
        }
    }

    /// A message that came meanwhile; one that speaks of an error is worth a warning.
    func message(isText: Bool, _ bytes: UnsafeRawBufferPointer) {
        let kind = isText ? "text" : "binary"
        let shown = isText ? String(decoding: bytes.prefix(Self.shownBytesMax), as: UTF8.self) : ""
        if isJSON {
            let message = JSON.object()
            message.set("kind", kind)
            message.set("bytes", JSON.integer(Int64(bytes.count)))
            if isText { message.set("text", shown) }
            mutex.withLock { messages.append(message) }
        } else {
            let dots = bytes.count > Self.shownBytesMax && isText ? "…" : ""
            step(
                "message", Self.tellsError(bytes) ? .warned : .passed,
                "the server sends \(kind), \(Text.count(bytes.count, "byte")): \(shown)\(dots)")
        }
    }

    static func tellsError(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let root = try? JSON.parse(bytes), root.kind == .object, let error = root["error"] else { return false }
        return error.kind != .null && error.integer != 0 && error.boolean != false
    }

    // MARK: What was negotiated

    func facts(of state: NodeState) {
        let family = state.peerAddress.hasPrefix("[") ? "IPv6" : "IPv4"
        let compression = state.extensions.isEmpty ? "none" : state.extensions
        if isJSON {
            mutex.withLock { set(state, family) }
            return
        }
        let place = state.proxy.isEmpty ? "at" : "by the proxy at"
        fact("connected to", "\(state.url) \(place) \(state.peerAddress) (\(family))")
        if !state.proxy.isEmpty { fact("proxy", state.proxy) }
        if state.isTLS {
            fact("TLS", "\(state.tlsVersion), \(state.tlsCipher)")
            let trust = state.isTLSVerified ? "verified" : Terminal.styled(.red, "NOT verified")
            fact("certificate", "\(Terminal.printable(state.tlsPeer)) (\(trust))")
            fact("issuer", Terminal.printable(state.tlsIssuer))
            fact("valid", Self.validity(state))
            fact("chain", Text.count(state.tlsChainLength, "certificate"))
        } else {
            fact("TLS", "none: anybody on the way can read and change the data")
        }
        fact("subprotocol", state.subprotocol.isEmpty ? "none" : Terminal.printable(state.subprotocol))
        fact("compression", Terminal.printable(compression))
    }

    private func fact(_ name: String, _ value: String) {
        mutex.withLock { Output.standard.writeLine("  \(Text.left(name, 13)) \(value)") }
    }

    private static func validity(_ state: NodeState) -> String {
        guard let days = state.tlsDaysLeft else { return "its end cannot be read" }
        let end = "until \(Clock.date(state.tlsNotAfter)), \(Text.count(days, "day")) left"
        return days < daysMin ? Terminal.styled(.yellow, "\(end): WARN, renew it soon") : end
    }

    private func set(_ state: NodeState, _ family: String) {
        document.set("url", state.url)
        document.set("address", state.peerAddress)
        document.set("family", family)
        if !state.proxy.isEmpty { document.set("proxy", state.proxy) }
        document.set("tls", state.isTLS)
        if state.isTLS {
            document.set("tls-version", state.tlsVersion)
            document.set("tls-cipher", state.tlsCipher)
            document.set("tls-verified", state.isTLSVerified)
            document.set("certificate", state.tlsPeer)
            document.set("issuer", state.tlsIssuer)
            if let days = state.tlsDaysLeft { document.set("days-left", JSON.integer(Int64(days))) }
            document.set("chain", JSON.integer(Int64(state.tlsChainLength)))
        }
        document.set("subprotocol", state.subprotocol)
        document.set("extensions", state.extensions)
    }

    /// Prints the JSON object, if that was asked for.
    func end(isGood: Bool) {
        guard isJSON else { return }
        mutex.withLock {
            document.set("ok", isGood)
            document.set("steps", JSON.array(steps))
            document.set("messages", JSON.array(messages))
            document.compactText.withUnsafeBytes { Output.standard.write(bytes: $0) }
        }
        Output.standard.writeLine()
    }
}
