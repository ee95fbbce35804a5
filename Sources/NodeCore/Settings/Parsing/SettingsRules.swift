// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What the table cannot say: the form of single texts, and what must fit together.
enum SettingsRules {
    static func check(_ parser: inout SettingsParser) {
        checkTexts(&parser)
        checkCredentials(&parser)
        checkCertificates(&parser)
        checkTrust(&parser)
        checkProxy(&parser)
        checkFit(&parser)
        checkOpenGate(&parser)
        DeliveryRules.check(&parser)
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
        if case .texts(let names) = parser.given(.subprotocols) {
            refuse(.subprotocols, HandshakeText.problem(subprotocols: names), &parser)
        }
        if case .texts(let names) = parser.given(.tlsALPN), names.contains(where: { $0.isEmpty }) {
            // RFC 7301 §3.1: names are not empty.
            refuse(.tlsALPN, "holds an empty text", &parser)
        }
        if let value = text(.origin, parser) { refuse(.origin, HandshakeText.problem(fieldValue: value.utf8), &parser) }
        if let value = text(.userAgent, parser) {
            refuse(.userAgent, HandshakeText.problem(fieldValue: value.utf8), &parser)
        }
        if let value = text(.tlsCiphers, parser) { refuse(.tlsCiphers, HandshakeText.problem(ciphers: value), &parser) }
        if let value = text(.tlsServerName, parser) {
            refuse(.tlsServerName, HandshakeText.problem(serverName: value, parser.names), &parser)
        }
        if let value = text(.bindInterface, parser) {
            refuse(.bindInterface, HandshakeText.problem(interfaceName: value), &parser)
        }
    }

    private static func checkCredentials(_ parser: inout SettingsParser) {
        var access = ServerAccess()
        access.username = text(.username, parser)
        access.password = secret(.password, parser)
        access.token = secret(.token, parser)
        if case .pairs(let headers) = parser.given(.headers) { access.headers = headers }
        let reader = parser
        for text in access.headerFaults(reader.variable) { parser.refuse(.headers, text) }
        for fault in access.faults() { parser.refuse(fault.key, fault.text) }
        if access.password != nil, access.username == nil, !parser.isRefused(.username) {
            parser.refuse(.password, "stands without \"username\"")
        }
        for (index, access) in parser.accesses.enumerated() {
            for text in access.headerFaults(reader.variable) { parser.refuse(.url, "at \(index) \(text)") }
            for fault in access.faults() { parser.refuse(.url, "at \(index): \"\(fault.key.rawValue)\" \(fault.text)") }
            if access.password != nil, access.username == nil {
                parser.refuse(.url, "at \(index): \"password\" stands without \"username\"")
            }
        }
    }

    private static func checkProxy(_ parser: inout SettingsParser) {
        if let text = secret(.proxy, parser), case .failure(let error) = ProxySetting.parse(text, parser.names) {
            parser.refuse(.proxy, error.text)
        }
        guard case .texts(let texts) = parser.given(.noProxy) else { return }
        guard let bad = NoProxyList.parse(texts, parser.names).badMembers.first else { return }
        let problem = HandshakeText.problem(internationalName: texts[bad], parser.names)
        parser.refuse(
            .noProxy,
            "holds \"\(SettingsParser.shown(texts[bad]))\", which \(problem ?? "is no server; \(NoProxyList.takes)")")
    }

    /// A certificate without a key may be PKCS #12, which holds both: unless it is PEM, that is seen when it is read.
    private static func checkCertificates(_ parser: inout SettingsParser) {
        let hasCertificate = parser.given(.certificate) != nil || parser.isRefused(.certificate)
        let hasKey = parser.given(.privateKey) != nil || parser.isRefused(.privateKey)
        if !hasKey, let given = secret(.certificate, parser),
            given.withBytes({ $0.drop(while: ASCII.isSpace).starts(with: "-----BEGIN".utf8) })
        {
            parser.refuse(.certificate, "stands without \"key\"")
        }
        if hasKey && !hasCertificate { parser.refuse(.privateKey, "stands without \"cert\"") }
        if parser.given(.privateKeyPassword) != nil && !hasKey && !hasCertificate {
            parser.refuse(.privateKeyPassword, "stands without \"key\"")
        }
    }

    private static func checkTrust(_ parser: inout SettingsParser) {
        if let name = text(.tlsVerifyName, parser) {
            refuse(.tlsVerifyName, HandshakeText.problem(serverName: name, parser.names), &parser)
            if parser.effective(.tlsVerify) == .boolean(false) {
                parser.refuse(.tlsVerifyName, "stands beside \"tls-verify\" false, with which no name is looked at")
            }
        }
        if case .texts(let pins) = parser.given(.tlsPins), let bad = pins.first(where: { TLSPin.parse($0) == nil }) {
            parser.refuse(.tlsPins, "holds \"\(SettingsParser.shown(bad))\"; it takes \(TLSPin.takes)")
        }
        if let date = text(.tlsTimeFloor, parser), CalendarDate.seconds(date) == nil {
            parser.refuse(
                .tlsTimeFloor, "is \"\(SettingsParser.shown(date))\"; it takes a day as YYYY-MM-DD, 2026-01-31 for one")
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
        if hasKey, namesAPIKey(parser) {
            parser.refuse(
                .apiKey, "stands beside \(OpenGateAccess.keyName) in the URL's query; take it out of the URL")
        }
        guard let key = secret(.apiKey, parser), parser.effective(.apiKeyIn) == .integer(1) else { return }
        refuse(.apiKey, key.withBytes { HandshakeText.problem(fieldValue: $0) }, &parser)
        guard case .pairs(let headers) = parser.given(.headers) else { return }
        if headers.contains(where: { ASCII.equalsIgnoringCase($0.name, OpenGateAccess.keyName) }) {
            parser.refuse(.apiKey, "stands beside the header \"\(OpenGateAccess.keyName)\"; give one or the other")
        }
    }

    /// Whether the query of a URL holds a key already: the whole address of a session, pasted.
    private static func namesAPIKey(_ parser: SettingsParser) -> Bool {
        var texts: [String] = []
        if case .texts(let urls) = parser.given(.url) { texts = urls }
        if case .text(let path) = parser.given(.path) { texts.append(path) }
        let member = Array((OpenGateAccess.keyName + "=").utf8)
        return texts.contains { text in
            let parts = Array(text.utf8).split(
                separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return false }
            return parts[1].split(separator: UInt8(ascii: "&")).contains { $0.starts(with: member) }
        }
    }
}
