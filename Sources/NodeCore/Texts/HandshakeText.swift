// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What the texts of the connection's settings may hold. Each function gives what is wrong, as the end of a sentence
/// that begins with the key, or nil. No answer repeats a value.
enum HandshakeText {
    /// A header's value.
    static func problem(headerName name: String, value: SecretBytes) -> String? {
        do throws(HeaderError) {
            try value.withBytes { value throws(HeaderError) in
                try HandshakeRequest.validate(headerName: name, value: value)
            }
            return nil
        } catch {
            let shown = ForeignText.beginning(name.utf8).shown(charactersMax: 64)
            return "holds the header \"\(shown)\": \(clause(error.text))"
        }
    }

    static func problem(subprotocols: [String]) -> String? {
        do throws(HeaderError) {
            try HandshakeRequest.validate(subprotocols: subprotocols)
            return nil
        } catch { return "cannot be offered: \(clause(error.text))" }
    }

    /// The value of Origin or User-Agent.
    static func problem(fieldValue value: some Sequence<UInt8>) -> String? {
        for byte in value where byte < 0x20 || byte == 0x7F { return "holds a control character" }
        return nil
    }

    /// The user-id of Basic authentication (RFC 7617 §2): no colon, no control characters.
    static func problem(username: String) -> String? {
        if username.utf8.contains(UInt8(ascii: ":")) { return "holds a colon, which Basic authentication forbids" }
        return problem(fieldValue: username.utf8)
    }

    /// A Bearer token: visible ASCII (RFC 6750 §2.1 takes less, servers take this).
    static func problem(token: some Sequence<UInt8>) -> String? {
        for byte in token where byte <= 0x20 || byte >= 0x7F {
            return "holds a space, a control character or one beyond ASCII"
        }
        return nil
    }

    /// An OpenSSL cipher list.
    static func problem(ciphers: String) -> String? {
        for byte in ciphers.utf8 {
            switch byte {
            case _ where ASCII.isAlphanumeric(byte): continue
            case UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "="), UInt8(ascii: "."):
                continue
            default: return "holds a character that no cipher list has; it takes names with colons between them"
            }
        }
        return nil
    }

    /// A host name or address, as it stands in a certificate.
    static func problem(serverName: String, _ names: (any HostNames)? = nil) -> String? {
        if !serverName.utf8.allSatisfy(ASCII.isASCII) { return problem(internationalName: serverName, names) }
        for byte in serverName.utf8 {
            switch byte {
            case _ where ASCII.isAlphanumeric(byte): continue
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): continue
            default: return "holds a character that no host name has"
            }
        }
        return nil
    }

    /// What a name beyond ASCII has against it; nil where it is none.
    static func problem(internationalName name: String, _ names: (any HostNames)?) -> String? {
        if name.utf8.allSatisfy(ASCII.isASCII) { return nil }
        do throws(URLError) {
            _ = try HostName.ascii(name, names)
            return nil
        } catch {
            // It is not empty and not ASCII: no other is thrown.
            guard case .host(let fault) = error else { return nil }
            return clause(fault.text)
        }
    }

    /// A network interface's name (Linux: 1 to 15 bytes, no slash, no white space, not "." or "..").
    static func problem(interfaceName: String) -> String? {
        if interfaceName == "." || interfaceName == ".." { return "is no interface's name" }
        for byte in interfaceName.utf8 where byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") {
            return "holds a character that no interface's name has"
        }
        return nil
    }

    /// A sentence of another layer inside a sentence of ours: its first letter small, its full stop gone.
    static func clause(_ sentence: String) -> String {
        var bytes = Array(sentence.utf8)
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        if let first = bytes.first { bytes[0] = ASCII.lowercased(first) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
