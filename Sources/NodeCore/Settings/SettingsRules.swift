import WebSocketCore

/// What the table cannot say: the form of single texts, and what must fit together.
enum SettingsRules {
    static func check(_ parser: inout SettingsParser) {
        checkTexts(&parser)
        checkCredentials(&parser)
        checkCertificates(&parser)
        checkProxy(&parser)
        checkFit(&parser)
        checkOpenGate(&parser)
    }

    private static func text(_ key: SettingKey, _ parser: SettingsParser) -> String? {
        if case .text(let text) = parser.given(key) { return text }
        return nil
    }

    private static func secret(_ key: SettingKey, _ parser: SettingsParser) -> SecretBytes? {
        if case .secret(let bytes) = parser.given(key) { return bytes }
        return nil
    }

    private static func refuse(_ key: SettingKey, _ problem: String?, _ parser: inout SettingsParser) {
        if let problem { parser.refuse(key, problem) }
    }

    private static func checkTexts(_ parser: inout SettingsParser) {
        if case .pairs(let headers) = parser.given(.headers) {
            var seen: [[UInt8]] = []
            for header in headers {
                refuse(.headers, HandshakeText.problem(headerName: header.name, value: header.text), &parser)
                let lower = lowercased(header.name)
                if seen.contains(lower) {
                    refuse(.headers, "holds \"\(SettingsParser.shown(header.name))\" twice", &parser)
                }
                seen.append(lower)
            }
        }
        if case .texts(let names) = parser.given(.subprotocols) {
            refuse(.subprotocols, HandshakeText.problem(subprotocols: names), &parser)
        }
        if case .texts(let names) = parser.given(.tlsALPN), names.contains("") {
            // RFC 7301 §3.1: names are not empty.
            refuse(.tlsALPN, "holds an empty text", &parser)
        }
        if let value = text(.origin, parser) { refuse(.origin, HandshakeText.problem(fieldValue: value.utf8), &parser) }
        if let value = text(.userAgent, parser) {
            refuse(.userAgent, HandshakeText.problem(fieldValue: value.utf8), &parser)
        }
        if let value = text(.tlsCiphers, parser) { refuse(.tlsCiphers, HandshakeText.problem(ciphers: value), &parser) }
        if let value = text(.tlsServerName, parser) {
            refuse(.tlsServerName, HandshakeText.problem(serverName: value), &parser)
        }
        if let value = text(.bindInterface, parser) {
            refuse(.bindInterface, HandshakeText.problem(interfaceName: value), &parser)
        }
    }

    private static func checkCredentials(_ parser: inout SettingsParser) {
        if let username = text(.username, parser) {
            refuse(.username, HandshakeText.problem(username: username), &parser)
        }
        if let password = secret(.password, parser) {
            refuse(.password, password.withBytes { HandshakeText.problem(fieldValue: $0) }, &parser)
            if parser.given(.username) == nil && !parser.isRefused(.username) {
                parser.refuse(.password, "stands without \"username\"")
            }
        }
        guard let token = secret(.token, parser) else { return checkAuthorization(&parser) }
        refuse(.token, token.withBytes { HandshakeText.problem(token: $0) }, &parser)
        if parser.given(.username) != nil { parser.refuse(.token, "stands beside \"username\"; give one or the other") }
        checkAuthorization(&parser)
    }

    private static func checkAuthorization(_ parser: inout SettingsParser) {
        guard case .pairs(let headers) = parser.given(.headers) else { return }
        guard headers.contains(where: { lowercased($0.name) == Array("authorization".utf8) }) else { return }
        for key in [SettingKey.username, .token] where parser.given(key) != nil {
            parser.refuse(key, "stands beside the header \"Authorization\"; give one or the other")
        }
    }

    private static func checkProxy(_ parser: inout SettingsParser) {
        if let text = secret(.proxy, parser), case .failure(let error) = ProxySetting.parse(text) {
            parser.refuse(.proxy, error.text)
        }
        guard case .texts(let texts) = parser.given(.noProxy) else { return }
        guard let bad = NoProxyList.parse(texts).badMembers.first else { return }
        parser.refuse(
            .noProxy, "holds \"\(SettingsParser.shown(texts[bad]))\", which is no server; \(NoProxyList.takes)")
    }

    private static func checkCertificates(_ parser: inout SettingsParser) {
        let hasCertificate = parser.given(.certificate) != nil || parser.isRefused(.certificate)
        let hasKey = parser.given(.privateKey) != nil || parser.isRefused(.privateKey)
        if hasCertificate && !hasKey { parser.refuse(.certificate, "stands without \"key\"") }
        if hasKey && !hasCertificate { parser.refuse(.privateKey, "stands without \"cert\"") }
        if parser.given(.privateKeyPassword) != nil && !hasKey {
            parser.refuse(.privateKeyPassword, "stands without \"key\"")
        }
    }

    private static func checkFit(_ parser: inout SettingsParser) {
        // Where one of the two is absent it goes with the other.
        if case .milliseconds(let least)? = parser.given(.reconnectMin),
            case .milliseconds(let most)? = parser.given(.reconnectMax), least > most
        {
            parser.refuse(
                .reconnectMax,
                "is \(SettingKind.seconds(most)); it takes at least reconnect-min, \(SettingKind.seconds(least))")
        }
        if parser.effective(.format) == .integer(3) && parser.given(.schema) == nil && !parser.isRefused(.schema) {
            parser.refuse(.schema, "is missing; the format \"custom\" needs its template")
        }
        if parser.effective(.delivery) == .integer(1), parser.effective(.pingInterval) == .milliseconds(0) {
            parser.refuse(.delivery, "is `peer-parsed` and needs Pings; \"ping-interval\" is 0, which means none")
        }
        if parser.effective(.offlineCache) == .boolean(true), parser.effective(.cacheDiskSize) != .integer(0),
            text(.dataDirectory, parser) ?? "" == "", !parser.isRefused(.dataDirectory)
        {
            parser.refuse(
                .dataDirectory,
                "is missing; the offline cache needs a directory, unless \"cache-disk-size\" is 0 (memory only)")
        }
        guard let address = text(.sourceAddress, parser) else { return }
        guard let version = IPAddressText.parse(address) else {
            return parser.refuse(.sourceAddress, "is no IPv4 or IPv6 address")
        }
        let other: SettingValue = .integer(version == .version4 ? 6 : 4)
        if parser.effective(.ipVersion) == other {
            parser.refuse(.sourceAddress, "is an address of the other \"ip-version\"")
        }
    }

    /// Without an id or a key the platform takes nothing; which of them is missing it does not say.
    private static func checkOpenGate(_ parser: inout SettingsParser) {
        let isOpenGate = parser.effective(.format) == .integer(5)
        let hasID = parser.given(.deviceID) != nil || parser.isRefused(.deviceID)
        let hasKey = parser.given(.apiKey) != nil || parser.isRefused(.apiKey)
        if !hasID, isOpenGate || hasKey {
            parser.refuse(
                .deviceID,
                "is missing; \(isOpenGate ? "the format \"opengate\"" : "\"api-key\"") needs it: the gateway's id on "
                    + "the platform")
        }
        if !hasKey, isOpenGate || hasID {
            parser.refuse(
                .apiKey,
                "is missing; \(isOpenGate ? "the format \"opengate\"" : "\"device-id\"") needs it: the key that the "
                    + "platform gave for the gateway")
        }
        // They would be steps of the path (RFC 3986 §5.2.4).
        if let id = text(.deviceID, parser), id.utf8.elementsEqual(".".utf8) || id.utf8.elementsEqual("..".utf8) {
            parser.refuse(.deviceID, "is no device's id")
        }
        guard let key = secret(.apiKey, parser), parser.effective(.apiKeyIn) == .integer(1) else { return }
        refuse(.apiKey, key.withBytes { HandshakeText.problem(fieldValue: $0) }, &parser)
        guard case .pairs(let headers) = parser.given(.headers) else { return }
        if headers.contains(where: { lowercased($0.name) == lowercased(OpenGateAccess.keyName) }) {
            parser.refuse(.apiKey, "stands beside the header \"\(OpenGateAccess.keyName)\"; give one or the other")
        }
    }

    /// Header names do not regard case (RFC 9110 §5.1).
    private static func lowercased(_ name: String) -> [UInt8] {
        name.utf8.map(ASCII.lowercased)
    }
}
