// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// A settings document, made ready for use; immutable, so that threads share it without a lock.
final class Configuration: @unchecked Sendable {
    let settings: NodeSettings
    /// Nil: the settings need none, and none could be made; tried again when `before_connect` asks for wss://,
    /// loop-bound then.
    private var madeContext: TLSContext?
    /// Loop-bound once it is in use.
    private var material: TLSMaterial
    /// What is taken, but should not be so.
    let warnings: [String]
    private let proxyLock = Lock()
    /// Under its lock: the environment may be read again.
    private var proxies: ProxyChoice

    private init(settings: NodeSettings, material: TLSMaterial, context: TLSContext?, mayBeAskedForTLS: Bool = false) {
        warnings = material.warnings + (mayBeAskedForTLS ? [] : settings.unusedTLS.map { [$0] } ?? [])
        self.settings = settings
        self.material = material
        madeContext = context
        proxies = Self.choice(settings)
    }

    private static func choice(_ settings: NodeSettings) -> ProxyChoice {
        let environment = settings.proxy == .environment ? Environment.proxies() : ProxyChoice.Environment()
        return ProxyChoice(settings.proxy, environment, settings.noProxy, LoadedHostNames.shared)
    }

    /// On a host's thread: the loop's must not read the environment, which a host may change meanwhile.
    func readEnvironment() {
        guard settings.proxy == .environment else { return }
        let read = Self.choice(settings)
        proxyLock.withLock { proxies = read }
    }

    /// Takes a configuration's place when a node needs it no more: with the last user its secrets go.
    static let forgotten = Configuration(settings: .standard, material: .none, context: nil)

    /// - Parameter mayBeAskedForTLS: by `before_connect`. The context is made here then, as far as it can be: to read
    ///   the system's certificates may take tens of milliseconds, which the loop has not.
    static func make(
        _ document: UnsafeRawBufferPointer, mayBeAskedForTLS: Bool = false
    ) throws(NodeError) -> Configuration {
        let settings: NodeSettings
        do throws(SettingsError) {
            settings = try NodeSettings.parse(json: document, LoadedHostNames.shared)
        } catch { throw NodeError(error) }
        do throws(TLSConfigurationError) {
            let material = try TLSMaterial(settings)
            var context: TLSContext?
            if needsContext(settings) {
                context = try Runtime.shared.tlsContexts.context(material.tls)
            } else if mayBeAskedForTLS {
                // What is wrong with it is told when it is asked for.
                context = try? Runtime.shared.tlsContexts.context(material.tls)
            }
            return Configuration(
                settings: settings, material: material, context: context, mayBeAskedForTLS: mayBeAskedForTLS)
        } catch { throw NodeError(error) }
    }

    /// All that is wrong with a document; none: a node takes it.
    static func faults(_ document: UnsafeRawBufferPointer) throws(NodeError) -> [SettingsError] {
        do throws(SettingsError) {
            let (settings, faults) = try NodeSettings.inspect(json: document, LoadedHostNames.shared)
            return faults + (try tlsFaults(settings)).filter { fault in !faults.contains { $0.key == fault.key } }
        } catch {
            if error.isOutOfMemory { throw .noMemory }
            return [error]
        }
    }

    /// What is wrong with each certificate and key; where nothing is, what keeps them from going together.
    private static func tlsFaults(_ settings: NodeSettings) throws(SettingsError) -> [SettingsError] {
        let found = TLSMaterial.faults(settings)
        if found.contains(where: { $0.isOutOfMemory }) { throw .noMemory }
        var faults = found.map { SettingsError($0) }
        guard faults.isEmpty else { return faults }
        do throws(TLSConfigurationError) {
            let tls = try TLSMaterial(settings).tls
            if needsContext(settings) { _ = try Runtime.shared.tlsContexts.context(tls) }
        } catch {
            if error.isOutOfMemory { throw .noMemory }
            faults.append(SettingsError(error))
        }
        return faults
    }

    private static func needsContext(_ settings: NodeSettings) -> Bool {
        settings.urls.contains { $0.isSecure } || settings.certificateAuthorities != nil
            || settings.certificate != nil
    }

    // MARK: What the node needs of it

    var queueLimits: DeliveryLedger.Limits {
        DeliveryLedger.Limits(
            bytesMax: settings.cache?.memoryBytes ?? settings.queueBytesMax, messagesMax: settings.queueMessagesMax)
    }

    /// Without a cache: messages wait in memory, and none makes room for another.
    var cacheSettings: MessageCache.Settings {
        settings.cache?.forCache(queueBytes: settings.queueBytesMax, queueMessages: settings.queueMessagesMax)
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
        guard let access = settings.openGate else { return (url, url.redacted) }
        let placed = access.placed(url)
        return (placed, access.redacted(placed))
    }

    func needsNoReconnect(from old: Configuration) -> Bool { settings.connectionEquals(old.settings) }

    // MARK: A connection

    /// Whom TLS to the server behind a proxy is with.
    func tlsPeer(_ url: WebSocketURL) -> TLSPeer {
        TLSPeer(
            name: settings.tlsServerName ?? url.host, verifyName: settings.tlsVerifyName, text: target(url: url).text)
    }

    /// For the next connection. Files that were replaced since they were read are read again: to renew a certificate
    /// takes no new settings. What they now hold may be bad, or only half of a pair: then the former stays in use.
    /// - Parameter told: hears what came of that.
    func tlsContext(_ told: (neuron_ws_log_level_t, String) -> Void) throws(Ending) -> TLSContext {
        let replaced = material.takeReplaced()
        if let file = replaced.first, madeContext != nil {
            readAgain(ForeignText(file).shown(charactersMax: 255), told)
        }
        if let madeContext { return madeContext }
        do throws(TLSConfigurationError) {
            let context = try Runtime.shared.tlsContexts.context(material.tls)
            madeContext = context
            return context
        } catch { throw Ending(reason: .NEURON_WS_REASON_TLS, text: "\"\(error.key)\": \(error.detail)") }
    }

    private func readAgain(_ file: String, _ told: (neuron_ws_log_level_t, String) -> Void) {
        do throws(TLSConfigurationError) {
            let new = try TLSMaterial(settings)
            madeContext = try Runtime.shared.tlsContexts.context(new.tls)
            material = new
            told(.NEURON_WS_LOG_NOTICE, "The file \(file) was replaced: what it holds now is in use.")
        } catch {
            told(
                .NEURON_WS_LOG_WARN,
                "The file \(file) was replaced, and cannot be used: \"\(error.key)\" \(error.detail). What it held "
                    + "before stays in use until it is replaced again.")
        }
    }

    /// Nil: none.
    func proxy(for url: WebSocketURL) throws(Ending) -> Proxy? {
        try proxyLock.withLock { proxies }.proxy(for: url)
    }

    /// Where the stream leads: to the server or, if there is one, to the proxy.
    func target(url: WebSocketURL, proxy: Proxy? = nil) -> ConnectTarget {
        var target =
            proxy.map { ConnectTarget(host: $0.host, port: $0.port, isSecure: $0.kind == .https) }
            ?? ConnectTarget(host: url.host, port: url.port, isSecure: url.isSecure)
        target.isProxy = proxy != nil
        if proxy == nil {
            target.unixPath = url.unixPath
            target.writtenHost = url.writtenHost
            target.serverName = settings.tlsServerName
            target.verifyName = settings.tlsVerifyName
        }
        target.ipVersion = settings.ipVersion == 4 ? .v4 : settings.ipVersion == 6 ? .v6 : .any
        target.bindInterface = settings.bindInterface
        target.sourceAddress = settings.sourceAddress
        target.noDelay = settings.tcpNoDelay
        target.userTimeoutMilliseconds = Int(settings.userTimeoutMilliseconds)
        return target
    }

    /// The opening handshake; its parts are checked, so that only their sum can be too long.
    func handshakeRequest(url: WebSocketURL, attempt: Attempt) throws(Ending) -> HandshakeRequest {
        let headers = attempt.dropsCredentials ? [] : headers(attempt)
        let key = [UInt8](unsafeUninitializedCapacity: HandshakeRequest.keyBytes) { buffer, count in
            Random.fill(UnsafeMutableRawBufferPointer(buffer))
            count = HandshakeRequest.keyBytes
        }
        return HandshakeRequest(
            url: url,
            secretQuery: attempt.isRedirected ? nil : settings.openGate?.query(for: url), key: key,
            subprotocols: attempt.dropsCredentials ? subprotocolsWithoutSecrets : settings.subprotocols,
            origin: attempt.replaces("Origin") ? nil : settings.origin,
            userAgent: attempt.replaces("User-Agent") ? nil : userAgent, headers: headers,
            deflate: settings.compression?.offer)
    }

    /// What a host is offered that has no business with our credentials.
    private var subprotocolsWithoutSecrets: [String] {
        let tokens = SecretMask.secrets(of: settings.subprotocols)
        let own = [settings.password, settings.token].compactMap { $0 } + settings.accessSecrets
        let mask = SecretMask(headerValues: [], others: own + (settings.openGate?.secrets ?? []))
        return settings.subprotocols.filter {
            // A short one is a token by its place.
            !tokens.contains(SecretBytes($0)) && ForeignText($0).masked(by: mask) == ForeignText($0)
        }
    }

    /// All that may tell who we are: those of the settings, and what the host made of them for this attempt.
    private func headers(_ attempt: Attempt) -> [(name: String, value: SecretBytes)] {
        var headers: [(name: String, value: SecretBytes)] = []
        let own = settings.access(attempt.urlIndex)
        for header in settings.headers where !attempt.replaces(header.name) && !own.has(header.name) {
            headers.append((header.name, header.text))
        }
        for header in own.headers where !attempt.replaces(header.name) { headers.append((header.name, header.text)) }
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
        return headers
    }

    /// For what the server says, which this handshake goes to, and the proxy.
    /// - Parameters:
    ///   - authorization: what the proxy is told.
    ///   - lasts: leaves out what is another for each connection, and worth nothing on the next.
    func mask(
        _ request: HandshakeRequest, _ proxy: Proxy?, _ authorization: SecretBytes?, lasts: Bool = false
    ) -> SecretMask {
        let responses = authorization.map { DigestChallenge.responses(in: $0) } ?? []
        let authorization = lasts && !responses.isEmpty ? nil : authorization
        let own = [settings.password, settings.token, proxy?.username, proxy?.password]
        return SecretMask(
            headerValues: request.headers.map { $0.value } + [authorization].compactMap { $0 },
            others: (lasts ? [] : responses)
                + SecretMask.secrets(of: request.url) + SecretMask.secrets(of: request.subprotocols)
                // Where a redirect leads may be told what the first server was.
                + settings.urls.flatMap { SecretMask.secrets(of: $0) }
                + own.compactMap { $0 } + settings.accessSecrets + (settings.openGate?.secrets ?? []))
    }

    var userAgent: String { settings.userAgent ?? "neuron_ws/\(Version.text)" }

    private func authorization(_ attempt: Attempt) -> SecretBytes? {
        let own = settings.access(attempt.urlIndex)
        let isOwn = own.hasCredentials
        if let token = attempt.token ?? (isOwn ? own.token : settings.token) {
            return SecretBytes.joined("Bearer ", token)
        }
        guard let username = isOwn ? own.username : settings.username else { return nil }
        // RFC 7617 §2.
        let password = isOwn ? own.password : settings.password
        let pair = SecretBytes.joined(SecretBytes(username + ":"), password ?? "")
        return SecretBytes.joined("Basic ", Base64.encode(pair))
    }
}
