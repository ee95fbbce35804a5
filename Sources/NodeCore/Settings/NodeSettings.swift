// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import WebSocketCore

/// A node's settings, checked and typed; what the document does not say is at its default.
public final class NodeSettings: Sendable {
    /// The largest settings document, bytes.
    public static let documentBytesMax = 4 << 20

    /// What concerns the connection and was given, in the order of the table: few, and so kept by every node.
    let connectionValues: [(key: SettingKey, value: SettingValue)]
    /// The servers, at least one, in the order of the document; with the device's id where there is `openGate`.
    public let urls: [WebSocketURL]

    private init(_ parser: SettingsParser, urls: [WebSocketURL]) {
        self.connectionValues = Self.connectionValues(parser)
        let read = SettingsReader(parser: parser)
        let access = read.openGate
        openGate = access
        self.urls = access.map { access in urls.map { access.placed($0) } } ?? urls
        redactedURLs = self.urls.map { access?.redacted($0) ?? $0.redacted }
        let format = UploadFormat(rawValue: Int32(truncatingIfNeeded: read.integer(.format))) ?? .values
        publishTimes = format == .openGate ? PublishTimes(read.times(.openGatePublish)) : nil
        encoding = EncodingOptions(
            format: format, reportsErrors: read.boolean(.uploadErrors), staticTags: parser.staticTags,
            template: parser.template,
            openGate: OpenGateIdentity(deviceID: access?.deviceID ?? "", isReduced: read.boolean(.reduced)))
        sendsBinary = read.integer(.messageType) == 2
        driverStatesIntervalSeconds = read.boolean(.uploadDriverStates) ? read.integer(.driverStatesInterval) : 0
        let isOpenGates = format == .openGate && parser.given(.requestTimeout) == nil
        requestTimeoutMilliseconds = isOpenGates ? Self.openGateTimeoutMilliseconds : read.milliseconds(.requestTimeout)
        requestPolicy = RequestPolicy(rawValue: read.integer(.allowRequests)) ?? .none
        requestBytesMax = Int(read.integer(.requestsMaxBytes))
        username = read.text(.username)
        password = read.secret(.password)
        token = read.secret(.token)
        headers = ServerAccess(headers: read.pairs(.headers)).expanded(parser.variable).headers
        accesses = parser.accesses.map { $0.expanded(parser.variable) }
        subprotocols = read.texts(.subprotocols)
        origin = read.text(.origin)
        userAgent = read.text(.userAgent)
        certificateAuthorities = read.secret(.certificateAuthorities)
        certificate = read.secret(.certificate)
        privateKey = read.secret(.privateKey)
        privateKeyPassword = read.secret(.privateKeyPassword)
        requiresTLS13 = read.integer(.tlsMinVersion) == 13
        tlsCiphers = read.text(.tlsCiphers)
        tlsServerName = read.hostName(.tlsServerName)
        tlsVerify = read.boolean(.tlsVerify)
        tlsAllowsCommonName = read.boolean(.tlsAllowCN)
        tlsALPN = read.texts(.tlsALPN)
        tlsVerifyName = read.hostName(.tlsVerifyName)
        tlsPins = read.texts(.tlsPins).compactMap { TLSPin.parse($0) }
        tlsKeyLog = read.text(.tlsKeyLog)
        tlsTimeFloor = read.text(.tlsTimeFloor).flatMap { CalendarDate.seconds($0) }
        redirectsMax = Int(read.integer(.redirects))
        connectTimeoutMilliseconds = read.milliseconds(.connectTimeout)
        pingIntervalMilliseconds = read.milliseconds(.pingInterval)
        pingTimeoutMilliseconds = read.milliseconds(.pingTimeout)
        userTimeoutMilliseconds = read.milliseconds(.userTimeout)
        let (least, most) = (read.milliseconds(.reconnectMin), read.milliseconds(.reconnectMax))
        // Both given: they fit (`SettingsRules`). One alone moves the other's default.
        reconnectMinMilliseconds = parser.given(.reconnectMin) == nil ? min(least, most) : least
        reconnectMaxMilliseconds = parser.given(.reconnectMax) == nil ? max(least, most) : most
        closeTimeoutMilliseconds = read.milliseconds(.closeTimeout)
        heartbeat = read.heartbeat
        messageBytesMax = Int(read.integer(.maxMessageSize))
        frameBytesMax = Int(read.integer(.maxFrameSize))
        fragmentBytes = Int(read.integer(.fragmentSize))
        delivery = Self.level(read.integer(.delivery))
        ackMember = Array((read.text(.ackMember) ?? "ack").utf8)
        numbersMessages = delivery == .NEURON_WS_LEVEL_APP_ACKED || read.boolean(.sequence)
        queueBytesMax = Int(clamping: read.integer(.queueMaxBytes))
        queueMessagesMax = Int(read.integer(.queueMaxMessages))
        (cache, isLiveFirst) = (read.cache, read.integer(.resendPriority) == 1)
        compression = read.compression
        proxy = read.secret(.proxy).flatMap { try? ProxySetting.parse($0, parser.names).get() } ?? .none
        noProxy = NoProxyList.parse(read.texts(.noProxy), parser.names).list
        bindInterface = read.text(.bindInterface)
        sourceAddress = read.text(.sourceAddress)
        ipVersion = Int(read.integer(.ipVersion))
        tcpNoDelay = read.boolean(.tcpNoDelay)
        logLevel = Int32(truncatingIfNeeded: read.integer(.logLevel))
    }

    /// `urls` as they may be shown: what may be secret in them is "…".
    public let redactedURLs: [String]

    /// How the gateway names itself to OpenGate; nil: it does not.
    public let openGate: OpenGateAccess?
    /// Nil: everything is sent at once.
    public let publishTimes: PublishTimes?
    /// How long OpenGate's own agent gives an operation.
    private static let openGateTimeoutMilliseconds: Int64 = 80_000

    /// `format`, `schema`, `upload_err` and `static_tags`, ready for use.
    public let encoding: EncodingOptions
    /// Messages are sent as binary ones instead of text.
    public let sendsBinary: Bool

    /// 0: no driver states are wanted.
    public let driverStatesIntervalSeconds: Int64
    /// How long a request may wait for the host's answer.
    public let requestTimeoutMilliseconds: Int64
    /// What the server may ask for.
    public let requestPolicy: RequestPolicy
    /// Memory for the requests that the host holds.
    public let requestBytesMax: Int

    /// Basic authentication.
    public let username: String?
    public let password: SecretBytes?
    /// Bearer authentication; never together with `username`.
    public let token: SecretBytes?
    /// Checked with `HandshakeRequest.validate`.
    public let headers: [NamedText]
    /// In place of those for all, in the order of `urls`; empty: no URL has any.
    private let accesses: [ServerAccess]
    public let subprotocols: [String]
    public let origin: String?
    public let userAgent: String?

    /// PEM text, its base64, or a path; nil: the system's store.
    public let certificateAuthorities: SecretBytes?
    /// PEM text, its base64, or a path; never without `privateKey`.
    public let certificate: SecretBytes?
    public let privateKey: SecretBytes?
    public let privateKeyPassword: SecretBytes?
    public let requiresTLS13: Bool
    public let tlsCiphers: String?
    /// Nil: the URL's host.
    public let tlsServerName: String?
    public let tlsVerify: Bool
    /// A certificate without subject alternative names may bear the server's name as its common name.
    public let tlsAllowsCommonName: Bool
    public let tlsALPN: [String]
    /// Nil: the name that the server is asked for.
    public let tlsVerifyName: String?
    /// SHA-256 of public keys; empty: any.
    public let tlsPins: [[UInt8]]
    /// A file's path.
    public let tlsKeyLog: String?
    /// Unix time in seconds: certificates are checked as of then at least.
    public let tlsTimeFloor: Int64?

    /// How many are followed in an attempt.
    public let redirectsMax: Int

    public let connectTimeoutMilliseconds: Int64
    /// 0: no pings.
    public let pingIntervalMilliseconds: Int64
    public let pingTimeoutMilliseconds: Int64
    /// 0: the system's default, also where it is not given. It is derived from nothing: Linux counts all the time in
    /// which the peer's window was too small for what waits, though the peer reads, and so ends connections to slow
    /// readers. Who did not ask for it has `KeepAlive`.
    public let userTimeoutMilliseconds: Int64
    public let reconnectMinMilliseconds: Int64
    /// Not below `reconnectMinMilliseconds`.
    public let reconnectMaxMilliseconds: Int64
    public let closeTimeoutMilliseconds: Int64

    /// What is sent at intervals on an open connection; nil: nothing.
    public let heartbeat: HeartbeatOptions?

    /// Of incoming messages.
    public let messageBytesMax: Int
    /// Of incoming frames.
    public let frameBytesMax: Int
    /// Of outgoing frames; 0: each message in one frame.
    public let fragmentBytes: Int
    /// What must be known of a message before it is called delivered.
    public let delivery: neuron_ws_level_t
    /// Which member of a server's document acknowledges messages.
    public let ackMember: [UInt8]
    /// Each message bears its number.
    public let numbersMessages: Bool
    public let queueBytesMax: Int
    public let queueMessagesMax: Int

    /// Nil: off.
    public let cache: CacheSettings?
    /// What is pushed while a connection is open goes out in front of what waits.
    public let isLiveFirst: Bool

    /// Nil: off.
    public let compression: CompressionOptions?

    public let proxy: ProxySetting
    /// Beside those of the environment.
    public let noProxy: NoProxyList
    public let bindInterface: String?
    /// An IPv4 or IPv6 address.
    public let sourceAddress: String?
    /// 4, 6, or 0: both.
    public let ipVersion: Int
    public let tcpNoDelay: Bool
    /// A number of neuron_ws_log_level: 0 to 6.
    public let logLevel: Int32

    /// What one URL has of its own.
    public func access(_ urlIndex: Int) -> ServerAccess {
        accesses.indices.contains(urlIndex) ? accesses[urlIndex] : .none
    }

    /// All that is secret in what URLs have of their own, but for headers.
    public var accessSecrets: [SecretBytes] { accesses.flatMap { [$0.password, $0.token].compactMap { $0 } } }

    private static func level(_ delivery: Int64) -> neuron_ws_level_t {
        switch delivery {
        case 1: .NEURON_WS_LEVEL_PEER_PARSED
        case 2: .NEURON_WS_LEVEL_APP_ACKED
        default: .NEURON_WS_LEVEL_WRITTEN
        }
    }

    /// The values that are not at their defaults, but for those that `urls` holds.
    private static func connectionValues(_ parser: SettingsParser) -> [(key: SettingKey, value: SettingValue)] {
        var values: [(key: SettingKey, value: SettingValue)] = []
        for descriptor in SettingsTable.descriptors where descriptor.concernsConnection {
            switch descriptor.key {
            case .url, .host, .port, .tls, .path: continue
            default: break
            }
            guard let value = parser.effective(descriptor.key) else { continue }
            if case .value(let standard) = descriptor.standard, standard == value { continue }
            values.append((descriptor.key, value))
        }
        return values
    }

    /// Every setting at its default, and a URL that is never used.
    public static let standard: NodeSettings = {
        let url = try? WebSocketURL.parse("ws://localhost/")
        return NodeSettings(SettingsParser(), urls: url.map { [$0] } ?? [])
    }()

    /// Reads a settings document, bare or inside {"params":{…}}, at most `documentBytesMax` long.
    ///
    /// Throws an error that names all that is wrong; nothing secret stands in it.
    /// - Parameter names: for hosts beyond ASCII; nil: those are refused.
    public static func parse(
        json: UnsafeRawBufferPointer, _ names: (any HostNames)? = nil
    ) throws(SettingsError) -> NodeSettings {
        let (settings, faults) = try inspect(json: json, names)
        if let error = SettingsError.joined(faults) { throw error }
        return settings
    }

    /// All that is wrong, in the order of the document as far as single members are; with faults the settings are what
    /// is left of them, to look for more faults and for nothing else. Throws where there are no members to be read.
    public static func inspect(
        json: UnsafeRawBufferPointer, _ names: (any HostNames)? = nil
    ) throws(SettingsError) -> (settings: NodeSettings, faults: [SettingsError]) {
        let document: JSONDocument
        let secrets: SettingsSecrets
        do throws(JSONError) {
            if json.count > documentBytesMax {
                throw JSONError(text: "the document has more than \(documentBytesMax) bytes, which are the most")
            }
            secrets = try SettingsSecrets(json, .settings)
            document = try secrets.document.withBytes { json throws(JSONError) in
                try JSONDocument.parse(json, byteCountMax: documentBytesMax, rejectsDuplicates: true)
            }
        } catch {
            throw SettingsError(
                key: "", text: "the settings are not JSON: " + withoutExcerpt(error.text),
                isOutOfMemory: error.isOutOfMemory)
        }
        var parser = SettingsParser(secrets: secrets, names: names)
        try parser.read(document.root)
        SettingsRules.check(&parser)
        let urls = SettingsURL.urls(&parser)
        if parser.isOutOfMemory { throw SettingsError.noMemory }
        var faults = parser.problems
        if parser.problemsBeyond > 0 {
            faults.append(SettingsError(key: "", text: "", number: parser.problemsBeyond))
        }
        return (NodeSettings(parser, urls: urls), faults)
    }

    /// Reads a settings document; see `parse(json:)`.
    public static func parse(json: String, _ names: (any HostNames)? = nil) throws(SettingsError) -> NodeSettings {
        var copy = json
        let result: Result<NodeSettings, SettingsError> = copy.withUTF8 { utf8 in
            do throws(SettingsError) {
                return .success(try parse(json: UnsafeRawBufferPointer(utf8), names))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// jansson's text ends with the last word it read, which may be a password; only a repeated key is worth showing.
    private static func withoutExcerpt(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let near = Array(" near '".utf8)
        let repeated = Array("duplicate object key".utf8)
        var index = 0
        while index + near.count <= bytes.count {
            if bytes[index...].starts(with: near) {
                if bytes[..<index].suffix(repeated.count).elementsEqual(repeated) { return text }
                return String(decoding: bytes[..<index], as: UTF8.self)
            }
            index += 1
        }
        return text
    }
}

/// The values of a checked document by their types. A value of another type than asked for would be a fault of the
/// table, and reads as nothing.
private struct SettingsReader {
    let parser: SettingsParser

    func boolean(_ key: SettingKey) -> Bool { parser.effective(key) == .boolean(true) }

    func integer(_ key: SettingKey) -> Int64 {
        if case .integer(let value) = parser.effective(key) { return value }
        return 0
    }

    func milliseconds(_ key: SettingKey) -> Int64 {
        if case .milliseconds(let value) = parser.effective(key) { return value }
        return 0
    }

    func text(_ key: SettingKey) -> String? {
        if case .text(let value) = parser.effective(key) { return value }
        return nil
    }

    /// As it goes over the wire.
    func hostName(_ key: SettingKey) -> String? {
        guard let text = text(key), !text.utf8.allSatisfy(ASCII.isASCII) else { return text(key) }
        return try? HostName.ascii(text, parser.names)
    }

    func secret(_ key: SettingKey) -> SecretBytes? {
        if case .secret(let bytes) = parser.effective(key) { return bytes }
        return nil
    }

    var cache: CacheSettings? {
        guard boolean(.offlineCache) else { return nil }
        let memory = integer(.cacheMemorySize)
        return CacheSettings(
            memoryBytes: memory > 0 ? Int(clamping: memory << 20) : nil,
            diskBytes: UInt64(integer(.cacheDiskSize)) << 20,
            policy: MessageCache.Policy(rawValue: integer(.cachePolicy)) ?? .dropOldest,
            resendMilliseconds: UInt64(integer(.cacheSyncInterval)),
            timeToLiveMilliseconds: UInt64(milliseconds(.cacheTimeToLive)),
            syncMilliseconds: UInt64(milliseconds(.syncInterval)), survivesPowerLoss: integer(.durability) == 0,
            directory: text(.dataDirectory) ?? "")
    }

    var compression: CompressionOptions? {
        if integer(.compression) == 0 { return nil }
        return CompressionOptions(
            windowBits: Int(integer(.windowBits)), memoryLevel: Int(integer(.memoryLevel)),
            contextTakeover: boolean(.contextTakeover), thresholdBytes: Int(integer(.compressThreshold)))
    }

    /// Both are there, or the document is refused.
    var openGate: OpenGateAccess? {
        guard let deviceID = text(.deviceID), let key = secret(.apiKey) else { return nil }
        return OpenGateAccess(deviceID: deviceID, apiKey: key, isHeader: integer(.apiKeyIn) == 1)
    }

    var heartbeat: HeartbeatOptions? {
        if case .heartbeat(let value) = parser.effective(.heartbeat) { return value }
        return nil
    }

    func times(_ key: SettingKey) -> [NamedTime] {
        if case .times(let value) = parser.effective(key) { return value }
        return []
    }

    func texts(_ key: SettingKey) -> [String] {
        if case .texts(let value) = parser.effective(key) { return value }
        return []
    }

    func pairs(_ key: SettingKey) -> [NamedText] {
        if case .pairs(let value) = parser.effective(key) { return value }
        return []
    }
}
