// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What a change of the settings means for the connection, and what in them concerns none.
extension NodeSettings {
    /// Whether the present connection can stay when these settings take the place of `other`.
    public func connectionEquals(_ other: NodeSettings) -> Bool {
        // host, port, tls and path may say what url said before.
        urls == other.urls && urls.indices.allSatisfy { access($0) == other.access($0) } && concernsSame(other)
    }

    /// Where the server now stands that stood at `urlIndex` of `other`; nil: a connection to it cannot stay.
    public func place(of urlIndex: Int, in other: NodeSettings) -> Int? {
        guard other.urls.indices.contains(urlIndex), concernsSame(other) else { return nil }
        return urls.indices.first { urls[$0] == other.urls[urlIndex] && access($0) == other.access(urlIndex) }
    }

    /// Of each of these URLs, where its server stood in `other`; nil: nowhere. Of several with one URL it is that with
    /// the same access, else the first.
    public func places(in other: NodeSettings) -> [Int?] {
        urls.indices.map { index in
            let alike = other.urls.indices.filter { other.urls[$0] == urls[index] }
            return alike.first { other.access($0) == access(index) } ?? alike.first
        }
    }

    private func concernsSame(_ other: NodeSettings) -> Bool {
        connectionValues.elementsEqual(other.connectionValues) { $0.key == $1.key && $0.value == $1.value }
    }

    /// What is said once of settings for TLS where no connection can have it; nil: there are none, or one can.
    public var unusedTLS: String? {
        if redirectsMax > 0 || urls.contains(where: { $0.isSecure }) { return nil }
        switch proxy {
        case .none: break
        case .environment: return nil
        case .proxy(let proxy): if proxy.kind == .https { return nil }
        }
        let unused = connectionValues.filter { Self.isOfTLS($0.key) }.map { $0.key.rawValue }
        if unused.isEmpty { return nil }
        let names = unused.joined(separator: ", ")
        return "\(names): not used, for no URL begins with wss://: anybody on the way can read and change the data"
    }

    private static func isOfTLS(_ key: SettingKey) -> Bool {
        switch key {
        case .certificateAuthorities, .certificate, .tlsPins, .tlsMinVersion, .tlsCiphers, .tlsServerName,
            .tlsVerifyName, .tlsALPN:
            true
        default: false
        }
    }
}
