// SPDX-License-Identifier: Apache-2.0
/// The settings of this version, by the names they have in the settings document.
public enum SettingKey: String, CaseIterable, Sendable {
    case url
    case host
    case port
    case tls
    case path
    case format
    case schema
    case uploadErrors = "upload_err"
    case staticTags = "static_tags"
    case uploadDriverStates = "upload_drv_state"
    case driverStatesInterval = "upload_drv_state_interval"
    case allowRequests = "allow-requests"
    case messageType = "message-type"
    case deviceID = "device-id"
    case apiKey = "api-key"
    case apiKeyIn = "api-key-in"
    case reduced
    case openGatePublish = "opengate-publish"
    case username
    case password
    case token
    case headers
    case subprotocols
    case origin
    case userAgent = "user-agent"
    case certificateAuthorities = "ca"
    case certificate = "cert"
    case privateKey = "key"
    case privateKeyPassword = "keypass"
    case tlsMinVersion = "tls-min-version"
    case tlsCiphers = "tls-ciphers"
    case tlsServerName = "tls-server-name"
    case tlsVerify = "tls-verify"
    case tlsAllowCN = "tls-allow-cn"
    case tlsALPN = "tls-alpn"
    case connectTimeout = "connect-timeout"
    case pingInterval = "ping-interval"
    case pingTimeout = "ping-timeout"
    case userTimeout = "user-timeout"
    case reconnectMin = "reconnect-min"
    case reconnectMax = "reconnect-max"
    case closeTimeout = "close-timeout"
    case heartbeat
    case maxMessageSize = "max-message-size"
    case maxFrameSize = "max-frame-size"
    case fragmentSize = "fragment-size"
    case delivery
    case ackMember = "ack-member"
    case sequence
    case requestTimeout = "request-timeout"
    case queueMaxBytes = "queue-max-bytes"
    case queueMaxMessages = "queue-max-messages"
    case requestsMaxBytes = "requests-max-bytes"
    case compression
    case windowBits = "window-bits"
    case memoryLevel = "memory-level"
    case contextTakeover = "context-takeover"
    case compressThreshold = "compress-threshold"
    case proxy
    case noProxy = "no-proxy"
    case bindInterface = "bind-interface"
    case sourceAddress = "source-address"
    case ipVersion = "ip-version"
    case tcpNoDelay = "tcp-nodelay"
    case logLevel = "log-level"
    case offlineCache = "offline-cache"
    case cacheMemorySize = "cache-mem-size"
    case cacheDiskSize = "cache-disk-size"
    case cacheSyncInterval = "cache-sync-interval"
    case cachePolicy = "cache-policy"
    case cacheTimeToLive = "cache-ttl"
    case resendPriority = "resend-priority"
    case durability
    case syncInterval = "sync-interval"
    case dataDirectory = "data-dir"
    case advanced

    case tlsVerifyName = "tls-verify-name"
    case tlsPins = "tls-pins"
    case tlsKeyLog = "tls-keylog"
    case tlsTimeFloor = "tls-time-floor"
    case redirects
}
