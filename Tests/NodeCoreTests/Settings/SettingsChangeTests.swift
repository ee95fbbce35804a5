// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// What a change of each setting does to a living connection, so that none is forgotten: a case is missing here for a
/// new one, and `NodeLiveSettingsTests` shows of each that is live that it is in force.
private enum Change {
    case isLive
    case reconnects

    /// Another value than the default, with what it needs; and what stays the same beside it.
    static func of(_ key: SettingKey) -> (Change, before: String, after: String) {
        switch key {
        case .url: (.reconnects, #""url":"ws://h""#, #""url":"ws://i""#)
        case .host: (.reconnects, #""host":"h""#, #""host":"i""#)
        case .port: (.reconnects, #""host":"h""#, #""host":"h","port":81"#)
        case .tls: (.reconnects, #""host":"h""#, #""host":"h","tls":true"#)
        case .path: (.reconnects, #""host":"h""#, #""host":"h","path":"/x""#)
        case .format: live(#""format":1"#)
        case .schema: (.isLive, with(#""format":3,"schema":{"a":1}"#), with(#""format":3,"schema":{"a":2}"#))
        case .uploadErrors: live(#""upload_err":false"#)
        case .staticTags: live(#""static_tags":{"a":1}"#)
        case .uploadDriverStates: live(#""upload_drv_state":true"#)
        case .driverStatesInterval: live(#""upload_drv_state_interval":7"#)
        case .messageType: live(#""message-type":2"#)
        case .username: reconnects(#""username":"u","password":"p""#)
        case .password:
            (.reconnects, with(#""username":"u","password":"p""#), with(#""username":"u","password":"q""#))
        case .token: reconnects(#""token":"t""#)
        case .headers: reconnects(#""headers":{"a":"b"}"#)
        case .subprotocols: reconnects(#""subprotocols":["a"]"#)
        case .origin: reconnects(#""origin":"o""#)
        case .userAgent: reconnects(#""user-agent":"a""#)
        case .certificateAuthorities: reconnects(#""ca":"x""#)
        case .certificate: reconnects(#""cert":"x","key":"y""#)
        case .privateKey: (.reconnects, with(#""cert":"x","key":"y""#), with(#""cert":"x","key":"z""#))
        case .privateKeyPassword:
            (.reconnects, with(#""cert":"x","key":"y""#), with(#""cert":"x","key":"y","keypass":"p""#))
        case .tlsMinVersion: reconnects(#""tls-min-version":"1.3""#)
        case .tlsCiphers: reconnects(#""tls-ciphers":"HIGH""#)
        case .tlsVerify: reconnects(#""tls-verify":false"#)
        case .proxy: reconnects(#""proxy":"http://proxy:3128""#)
        case .noProxy: reconnects(#""no-proxy":["plant.example"]"#)
        case .tlsALPN: reconnects(#""tls-alpn":["a"]"#)
        case .connectTimeout: live(#""connect-timeout":7"#)
        case .pingInterval: live(#""ping-interval":7"#)
        case .pingTimeout: live(#""ping-timeout":7"#)
        case .userTimeout: live(#""user-timeout":7"#)
        case .reconnectMin: live(#""reconnect-min":0.2"#)
        case .reconnectMax: live(#""reconnect-max":7"#)
        case .closeTimeout: live(#""close-timeout":7"#)
        case .heartbeat: live(#""heartbeat":{"message":"alive"}"#)
        case .maxMessageSize: reconnects(#""max-message-size":125"#)
        case .maxFrameSize: reconnects(#""max-frame-size":125"#)
        case .fragmentSize: live(#""fragment-size":125"#)
        case .delivery: reconnects(#""delivery":"peer-parsed""#)
        case .ackMember: live(#""ack-member":"done""#)
        case .requestTimeout: live(#""request-timeout":7"#)
        case .queueMaxBytes: live(#""queue-max-bytes":65536"#)
        case .queueMaxMessages: live(#""queue-max-messages":7"#)
        case .compression, .windowBits, .memoryLevel, .contextTakeover, .compressThreshold: ofCompression(key)
        case .bindInterface: reconnects(#""bind-interface":"lo""#)
        case .sourceAddress: reconnects(#""source-address":"127.0.0.1""#)
        case .ipVersion: reconnects(#""ip-version":"4""#)
        case .tcpNoDelay: live(#""tcp-nodelay":false"#)
        case .logLevel: live(#""log-level":"debug""#)
        case .allowRequests: live(#""allow-requests":"all""#)
        case .requestsMaxBytes: live(#""requests-max-bytes":4194304"#)
        case .tlsAllowCN: reconnects(#""tls-allow-cn":true"#)
        case .deviceID: (.reconnects, openGate(#""device-id":"a""#), openGate(#""device-id":"b""#))
        case .apiKey: (.reconnects, openGate(key: "k"), openGate(key: "l"))
        case .apiKeyIn: reconnects(#""api-key-in":"header""#)
        case .reduced: live(#""reduced":true"#)
        case .openGatePublish: live(#""opengate-publish":{"*":5}"#)
        case .offlineCache, .cacheMemorySize, .cacheDiskSize, .cacheSyncInterval, .cachePolicy, .cacheTimeToLive,
            .durability, .syncInterval, .dataDirectory, .resendPriority:
            ofCache(key)
        case .tlsServerName, .tlsVerifyName, .tlsPins, .tlsKeyLog, .tlsTimeFloor, .redirects: ofTrust(key)
        case .sequence, .advanced: live("\"\(key.rawValue)\":true")
        }
    }

    private static func ofCompression(_ key: SettingKey) -> (Change, before: String, after: String) {
        switch key {
        case .compression: reconnects(#""compression":"on""#)
        case .windowBits: reconnects(#""window-bits":9"#)
        case .memoryLevel: reconnects(#""memory-level":1"#)
        case .contextTakeover: reconnects(#""context-takeover":false"#)
        default: live(#""compress-threshold":7"#)
        }
    }

    /// Whom to trust, and where to follow.
    private static func ofTrust(_ key: SettingKey) -> (Change, before: String, after: String) {
        switch key {
        case .tlsServerName: reconnects(#""tls-server-name":"s""#)
        case .tlsVerifyName: reconnects(#""tls-verify-name":"s""#)
        case .tlsPins: reconnects(#""tls-pins":["q80r0EPPX0kcBpC2Uk2YFZGlz1W1jEqJL0Ce0p2v6GA="]"#)
        case .tlsKeyLog: reconnects(#""tls-keylog":"/tmp/keys""#)
        case .tlsTimeFloor: reconnects(#""tls-time-floor":"2026-01-31""#)
        case .redirects: reconnects(#""redirects":5"#)
        default: live("")
        }
    }

    private static func ofCache(_ key: SettingKey) -> (Change, before: String, after: String) {
        switch key {
        case .offlineCache: live(#""offline-cache":true,"cache-disk-size":0"#)
        case .cacheMemorySize: live(#""cache-mem-size":7"#)
        case .cacheDiskSize: live(#""cache-disk-size":7"#)
        case .cacheSyncInterval: live(#""cache-sync-interval":7"#)
        case .cachePolicy: live(#""cache-policy":"drop-newest""#)
        case .resendPriority: live(#""resend-priority":"live-first""#)
        case .cacheTimeToLive: live(#""cache-ttl":7"#)
        case .durability: live(#""durability":"crash""#)
        case .syncInterval: live(#""sync-interval":7"#)
        case .dataDirectory: live(#""data-dir":"d""#)
        default: live(#""advanced":true"#)
        }
    }

    private static func with(_ members: String) -> String { #""url":"ws://h","# + members }
    private static func openGate(_ members: String) -> String { with(members + #","api-key":"k""#) }
    private static func openGate(key: String) -> String { with(#""device-id":"a","api-key":"\#(key)""#) }
    private static func live(_ members: String) -> (Change, before: String, after: String) {
        (.isLive, #""url":"ws://h""#, with(members))
    }
    private static func reconnects(_ members: String) -> (Change, before: String, after: String) {
        (.reconnects, #""url":"ws://h""#, with(members))
    }
}

@Suite struct SettingsChangeTests {
    @Test(arguments: SettingKey.allCases) func eachChangeIsLiveOrReconnects(key: SettingKey) throws {
        let (change, before, after) = Change.of(key)
        let old = try NodeSettings.parse(json: "{\(before)}")
        let new = try NodeSettings.parse(json: "{\(after)}")
        #expect(new.connectionEquals(old) == (change == .isLive))
        let descriptor = SettingsTable.descriptors.first { $0.key == key }
        #expect(descriptor?.concernsConnection == (change == .reconnects))
    }

    /// Of several servers those that are not in use may change.
    @Test func aServerIsFoundWhereItStandsNow() throws {
        let old = try NodeSettings.parse(
            json: #"{"url":["ws://a",{"url":"ws://b","token":"t"},"ws://c"],"origin":"o"}"#)
        func place(_ index: Int, _ json: String) throws -> Int? {
            try NodeSettings.parse(json: json).place(of: index, in: old)
        }
        let other = #"{"url":["ws://d",{"url":"ws://b","token":"t"}],"origin":"o"}"#
        #expect(try place(1, other) == 1)
        #expect(try place(0, other) == nil)
        #expect(try place(2, #"{"url":["ws://c","ws://a"],"origin":"o"}"#) == 0)
        #expect(try place(2, #"{"url":"ws://c","origin":"o"}"#) == 0)
        #expect(try place(2, #"{"url":"ws://c","origin":"another"}"#) == nil)
        #expect(try place(1, #"{"url":["ws://b"],"origin":"o"}"#) == nil)
        #expect(try place(1, #"{"url":[{"url":"ws://b","token":"u"}],"origin":"o"}"#) == nil)
        #expect(try NodeSettings.parse(json: other).places(in: old) == [nil, 1])
        // One server under two names of ours: each keeps its own wait.
        let one = #"{"url":"ws://a","token":"1"}"#
        let two = #"{"url":"ws://a","token":"2"}"#
        let twice = try NodeSettings.parse(json: "{\"url\":[\(one),\(two)]}")
        #expect(try NodeSettings.parse(json: "{\"url\":[\(two),\(one)]}").places(in: twice) == [1, 0])
    }
}
