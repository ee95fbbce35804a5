import CNeuronWS
import NodeCore
import WebSocketCore

/// A settings document, made ready for use; immutable, so that threads share it without a lock.
final class Configuration: @unchecked Sendable {
    let settings: NodeSettings
    /// Nil: the settings need none, and none could be made; tried again when `before_connect` asks for wss://,
    /// loop-bound then.
    private var madeContext: TLSContext?
    private let tls: TLSSettings
    /// What is taken, but should not be so.
    let warnings: [String]
    private let proxies: ProxyChoice

    private init(settings: NodeSettings, tls: TLSSettings, context: TLSContext?, warnings: [String]) {
        self.warnings = warnings
        self.settings = settings
        self.tls = tls
        madeContext = context
        let environment = settings.proxy == .environment ? Environment.proxies() : ProxyChoice.Environment()
        proxies = ProxyChoice(settings.proxy, environment, settings.noProxy)
    }

    /// Takes a configuration's place when a node needs it no more: with the last user its secrets go.
    static let forgotten = Configuration(settings: .standard, tls: TLSSettings(), context: nil, warnings: [])

    /// - Parameter mayBeAskedForTLS: by `before_connect`. The context is made here then, as far as it can be: to read
    ///   the system's certificates may take tens of milliseconds, which the loop has not.
    static func make(
        _ document: UnsafeRawBufferPointer, mayBeAskedForTLS: Bool = false
    ) throws(NodeError) -> Configuration {
        let settings: NodeSettings
        do throws(SettingsError) {
            settings = try NodeSettings.parse(json: document)
        } catch { throw error.isOutOfMemory ? .noMemory : .invalidSettings(error.text) }
        guard hasMemoryForFiles(settings) else { throw .noMemory }
        do throws(TLSConfigurationError) {
            var warnings: [String] = []
            let tls = try makeTLS(settings, &warnings)
            var context: TLSContext?
            if needsContext(settings) {
                context = try Runtime.shared.tlsContexts.context(tls)
            } else if mayBeAskedForTLS {
                // What is wrong with it is told when it is asked for.
                context = try? Runtime.shared.tlsContexts.context(tls)
            }
            return Configuration(settings: settings, tls: tls, context: context, warnings: warnings)
        } catch { throw .invalidSettings("\"\(error.key)\": \(error.detail)") }
    }

    /// All that is wrong with a document; none: a node takes it.
    static func faults(_ document: UnsafeRawBufferPointer) throws(NodeError) -> [SettingsError] {
        do throws(SettingsError) {
            let (settings, faults) = try NodeSettings.inspect(json: document)
            guard hasMemoryForFiles(settings) else { throw SettingsError.noMemory }
            return faults + tlsFaults(settings).filter { fault in !faults.contains { $0.key == fault.key } }
        } catch {
            if error.isOutOfMemory { throw .noMemory }
            return [error]
        }
    }

    /// What is wrong with each certificate and key; where nothing is, what keeps them from going together.
    private static func tlsFaults(_ settings: NodeSettings) -> [SettingsError] {
        var ignored: [String] = []
        var faults: [SettingsError] = []
        func note(_ error: TLSConfigurationError) {
            faults.append(SettingsError(key: error.key, text: "\"\(error.key)\": \(error.detail)"))
        }
        let texts = [
            ("ca", settings.certificateAuthorities), ("cert", settings.certificate), ("key", settings.privateKey),
        ]
        for (key, text) in texts {
            do throws(TLSConfigurationError) { _ = try pem(text, key, &ignored) } catch { note(error) }
        }
        guard faults.isEmpty else { return faults }
        do throws(TLSConfigurationError) {
            let tls = try makeTLS(settings, &ignored)
            if needsContext(settings) { _ = try Runtime.shared.tlsContexts.context(tls) }
        } catch { note(error) }
        return faults
    }

    /// Certificates and keys are worked on in Swift's own memory, in copies.
    private static func hasMemoryForFiles(_ settings: NodeSettings) -> Bool {
        let texts = [settings.certificateAuthorities, settings.certificate, settings.privateKey]
        return Headroom.has(texts.reduce(0) { max($0, $1?.count ?? 0) } * PEMSource.copiesMax)
    }

    private static func needsContext(_ settings: NodeSettings) -> Bool {
        settings.urls.contains { $0.isSecure } || settings.certificateAuthorities != nil
            || settings.certificate != nil
    }

    private static func makeTLS(
        _ settings: NodeSettings, _ warnings: inout [String]
    ) throws(TLSConfigurationError) -> TLSSettings {
        var tls = TLSSettings()
        tls.ca = try pem(settings.certificateAuthorities, "ca", &warnings)?.withBytes { PEMBlock.withoutKeys($0) }
        tls.certificate = try pem(settings.certificate, "cert", &warnings)?.withBytes { PEMBlock.withoutKeys($0) }
        tls.key = try pem(settings.privateKey, "key", &warnings)
        tls.keyPassword = settings.privateKeyPassword
        tls.verify = settings.tlsVerify
        tls.allowsCommonName = settings.tlsAllowsCommonName
        tls.minimumVersion = settings.requiresTLS13 ? .tls13 : .tls12
        tls.ciphers = settings.tlsCiphers
        tls.alpn = settings.tlsALPN
        return tls
    }

    private static func pem(
        _ text: SecretBytes?, _ key: String, _ warnings: inout [String]
    ) throws(TLSConfigurationError) -> SecretBytes? {
        guard let text else { return nil }
        do throws(PEMSourceError) {
            let source = try PEMSource.decode(text: text)
            if let warning = source.warning { warnings.append("\"\(key)\" \(warning)") }
            return source.pem
        } catch { throw TLSConfigurationError(key: key, detail: error.detail) }
    }

    // MARK: What the node needs of it

    var queueLimits: DeliveryLedger.Limits {
        DeliveryLedger.Limits(
            bytesMax: settings.cache?.memoryBytes ?? settings.queueBytesMax, messagesMax: settings.queueMessagesMax)
    }

    /// Without a cache: messages wait in memory, and none makes room for another.
    var cacheSettings: MessageCache.Settings {
        settings.cache?.forCache(queueBytes: settings.queueBytesMax)
            ?? MessageCache.Settings(
                memoryBytes: settings.queueBytesMax, diskBytes: 0, syncInterval: 1_000_000_000, policy: .dropNewest)
    }

    var machineParameters: NodeMachine.Parameters {
        NodeMachine.Parameters(
            connectTimeout: Self.nanoseconds(settings.connectTimeoutMilliseconds),
            closeTimeout: Self.nanoseconds(settings.closeTimeoutMilliseconds),
            pingInterval: Self.nanoseconds(settings.pingIntervalMilliseconds),
            pingTimeout: Self.nanoseconds(settings.pingTimeoutMilliseconds),
            reconnectMinimum: Self.nanoseconds(settings.reconnectMinMilliseconds),
            reconnectMaximum: Self.nanoseconds(settings.reconnectMaxMilliseconds),
            urlCount: settings.urls.count)
    }

    private static func nanoseconds(_ milliseconds: Int64) -> UInt64 {
        UInt64(clamping: milliseconds) &* 1_000_000
    }

    var connectionOptions: Connection.Options {
        Connection.Options(
            limits: EndpointLimits(maxMessageBytes: settings.messageBytesMax, maxFrameBytes: settings.frameBytesMax),
            compression: settings.compression, fragmentBytesMax: fragmentBytesMax)
    }

    var fragmentBytesMax: Int { settings.fragmentBytes }
    var requestPolicy: RequestPolicy { settings.requestPolicy }
    /// Nil: the node does not speak with OpenGate.
    var openGate: OpenGateIdentity? { settings.encoding.format == .openGate ? settings.encoding.openGate : nil }
    /// Of memory.
    var requestBytesMax: Int { settings.requestBytesMax }
    /// Nanoseconds.
    var requestTimeout: UInt64 { Self.nanoseconds(settings.requestTimeoutMilliseconds) }
    var statesInterval: UInt32 { UInt32(clamping: settings.driverStatesIntervalSeconds) }
    var allowsCommonName: Bool { settings.tlsAllowsCommonName && settings.tlsVerify }
    var isVerifyOff: Bool { !settings.tlsVerify }
    var logLevel: neuron_ws_log_level_t { neuron_ws_log_level_t(rawValue: settings.logLevel) ?? .NEURON_WS_LOG_INFO }
    /// RFC 6455 opcode of uploads.
    var messageKind: UInt8 { settings.sendsBinary ? 2 : 1 }

    func url(_ index: Int) -> WebSocketURL {
        settings.urls.indices.contains(index) ? settings.urls[index] : settings.urls[0]
    }

    /// Without secrets.
    func shownURL(_ index: Int) -> String {
        settings.redactedURLs.indices.contains(index) ? settings.redactedURLs[index] : ""
    }

    /// One that a host gave for an attempt, and how it may be shown.
    func placed(_ url: WebSocketURL) -> (url: WebSocketURL, shown: String) {
        guard let access = settings.openGate else { return (url, SettingsURL.redacted(url)) }
        let placed = access.placed(url)
        return (placed, access.redacted(placed))
    }

    func needsNoReconnect(from old: Configuration) -> Bool { settings.connectionEquals(old.settings) }

    // MARK: A connection

    func tlsContext() throws(Ending) -> TLSContext {
        if let madeContext { return madeContext }
        do throws(TLSConfigurationError) {
            let context = try Runtime.shared.tlsContexts.context(tls)
            madeContext = context
            return context
        } catch { throw Ending(reason: .NEURON_WS_REASON_TLS, text: "\"\(error.key)\": \(error.detail)") }
    }

    /// Nil: none.
    func proxy(for url: WebSocketURL) throws(Ending) -> Proxy? { try proxies.proxy(for: url) }

    /// Where the stream leads: to the server or, if there is one, to the proxy.
    func target(url: WebSocketURL, proxy: Proxy? = nil) -> ConnectTarget {
        var target =
            proxy.map { ConnectTarget(host: $0.host, port: $0.port, isSecure: $0.kind == .https) }
            ?? ConnectTarget(host: url.host, port: url.port, isSecure: url.isSecure)
        if proxy == nil { target.serverName = settings.tlsServerName }
        target.ipVersion = settings.ipVersion == 4 ? .v4 : settings.ipVersion == 6 ? .v6 : .any
        target.bindInterface = settings.bindInterface
        target.sourceAddress = settings.sourceAddress
        target.noDelay = settings.tcpNoDelay
        target.userTimeoutMilliseconds = Int(settings.userTimeoutMilliseconds)
        return target
    }

    /// The opening handshake; its parts are checked, so that only their sum can be too long.
    func handshakeRequest(url: WebSocketURL, attempt: Attempt) throws(Ending) -> HandshakeRequest {
        var headers: [(name: String, value: SecretBytes)] = []
        for header in settings.headers where !attempt.replaces(header.name) {
            headers.append((header.name, header.text))
        }
        for header in attempt.headers {
            if let value = header.value { headers.append((header.name, value)) }
        }
        if let header = settings.openGate?.header, !attempt.replaces(header.name) {
            headers.append((header.name, header.text))
        }
        if !attempt.replaces("Authorization"), let authorization = authorization(attempt) {
            headers.removeAll { Attempt.isSame($0.name, "Authorization") }
            headers.append(("Authorization", authorization))
        }
        let key = [UInt8](unsafeUninitializedCapacity: HandshakeRequest.keyBytes) { buffer, count in
            Random.fill(UnsafeMutableRawBufferPointer(buffer))
            count = HandshakeRequest.keyBytes
        }
        return HandshakeRequest(
            url: url, secretQuery: settings.openGate?.query(for: url), key: key, subprotocols: settings.subprotocols,
            origin: settings.origin,
            userAgent: userAgent, headers: headers,
            deflate: settings.compression?.offer)
    }

    /// For what the server says, which this handshake goes to, and the proxy.
    func mask(_ request: HandshakeRequest, _ proxy: Proxy?) -> SecretMask {
        let own = [settings.password, settings.token, proxy?.username, proxy?.password]
        return SecretMask(
            headerValues: request.headers.map { $0.value },
            others: SecretMask.secrets(of: request.url) + own.compactMap { $0 })
    }

    var userAgent: String { settings.userAgent ?? "neuron_ws/\(Version.text)" }

    private func authorization(_ attempt: Attempt) -> SecretBytes? {
        if let token = attempt.token ?? settings.token { return SecretBytes.joined("Bearer ", token) }
        guard let username = settings.username else { return nil }
        // RFC 7617 §2.
        let pair = SecretBytes.joined(SecretBytes(username + ":"), settings.password ?? "")
        return SecretBytes.joined("Basic ", Base64.encode(pair))
    }
}

extension Attempt {
    /// The host set or took away a header of this name for this attempt.
    func replaces(_ name: String) -> Bool { headers.contains { Self.isSame($0.name, name) } }

    /// Header names do not mind ASCII case (RFC 9110 §5.1).
    static func isSame(_ left: String, _ right: String) -> Bool {
        let left = left.utf8
        let right = right.utf8
        return left.count == right.count && zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}
