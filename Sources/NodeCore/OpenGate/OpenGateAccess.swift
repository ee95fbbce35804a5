// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How a gateway names itself to OpenGate at the opening handshake: its id behind the path, its key in the query or as
/// a header. The platform's own agent leaves `&`, `+` and `=` in them as they are, which breaks the query; here every
/// byte that is not unreserved is percent-encoded (RFC 3986 §2.3).
public final class OpenGateAccess: Sendable {
    public let deviceID: String
    private let apiKey: SecretBytes
    /// The key goes as a header instead.
    public let isHeader: Bool

    /// The query's member and the header.
    static let keyName = "X-ApiKey"

    init(deviceID: String, apiKey: SecretBytes, isHeader: Bool) {
        self.deviceID = deviceID
        self.apiKey = apiKey
        self.isHeader = isHeader
    }

    /// The URL with the id behind its path; the key is not in it.
    public func placed(_ url: WebSocketURL) -> WebSocketURL {
        var segment = ""
        for byte in deviceID.utf8 {
            Self.encode(byte) { segment.unicodeScalars.append(Unicode.Scalar($0)) }
        }
        return url.appending(segment: segment)
    }

    /// What goes behind the resource of such a URL in the request; nil: nothing.
    public func query(for url: WebSocketURL) -> SecretBytes? {
        if isHeader { return nil }
        let hasQuery = url.resource.utf8.contains(UInt8(ascii: "?"))
        let start = (hasQuery ? "&" : "?") + Self.keyName + "="
        return encodedKey.map { SecretBytes.joined(SecretBytes(start), $0) }
    }

    /// The key as it stands in the query; nil: no memory.
    private var encodedKey: SecretBytes? {
        SecretBytes(capacity: apiKey.count * 3) { room in
            var count = 0
            apiKey.withBytes { key in
                for byte in key {
                    Self.encode(byte) { encoded in
                        room[count] = encoded
                        count += 1
                    }
                }
            }
            return count
        }
    }

    /// The key as a server may say it again: as it is, and as it stands in the query.
    public var secrets: [SecretBytes] { [apiKey] + (encodedKey.map { [$0] } ?? []) }

    public var header: NamedText? { isHeader ? NamedText(name: Self.keyName, text: apiKey) : nil }

    /// The URL as it may be shown.
    public func redacted(_ url: WebSocketURL) -> String {
        let shown = url.redacted
        if isHeader { return shown }
        return shown + (url.resource.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + Self.keyName + "=…"
    }

    private static func encode(_ byte: UInt8, _ append: (UInt8) -> Void) {
        if ASCII.isUnreserved(byte) { return append(byte) }
        append(UInt8(ascii: "%"))
        append(ASCII.capitalHexDigit(of: byte >> 4))
        append(ASCII.capitalHexDigit(of: byte & 15))
    }
}
