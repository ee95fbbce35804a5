// SPDX-License-Identifier: Apache-2.0
/// What IDNA has against a host name (RFC 5891 §4 and §5, UTS #46 §4).
public enum HostNameFault: Error, Equatable, Sendable, CaseIterable {
    /// Nobody here can tell: the library that could is not there.
    case unavailable
    /// A character that no host name may have, or not in its place: a symbol, one that is not assigned, a mark at the
    /// beginning of a label, hyphens where they mean something.
    case disallowed
    /// A label has more than 63 bytes in its ASCII form (RFC 1035 §2.3.4).
    case labelTooLong
    /// The whole has more than 253.
    case tooLong
    /// A label that begins with `xn--` is no other name's ASCII form.
    case badASCIIForm
    /// Letters that run left and right in one label (RFC 5893 §2).
    case mixedDirections
    /// Not UTF-8, or no memory.
    case unreadable

    /// The end of a sentence that begins with whose name it is.
    public var text: String {
        switch self {
        case .unavailable:
            return "holds characters beyond ASCII, and libidn2.so.0 is not there, which would turn them into their "
                + "ASCII form: install it (Debian's package libidn2-0), or write the name in its xn-- form, which the "
                + "tool idn2 prints."
        case .disallowed:
            return "holds a character that an international host name cannot have, or not at that place (RFC 5892); "
                + "expected letters and digits of any script, '-' inside and dots between them."
        case .labelTooLong:
            return "has a part between two dots that is longer than 63 characters in its xn-- form."
        case .tooLong:
            return "has more than 253 characters in its xn-- form."
        case .badASCIIForm:
            return "has a part that begins with xn-- and is no international name's ASCII form; expected one that the "
                + "tool idn2 prints, or the name itself."
        case .mixedDirections:
            return "mixes letters that run from the left with some that run from the right (RFC 5893)."
        case .unreadable:
            return "holds characters beyond ASCII that cannot be read; expected UTF-8."
        }
    }
}

/// Knows the ASCII form of host names (RFC 5890 §2.3.2.1, "A-label"). The core has none of its own, whose tables are
/// large and change each year: who carries its bytes hands one in.
public protocol HostNames: AnyObject, Sendable {
    /// - Parameter name: in UTF-8, without NUL, not empty.
    func ascii(_ name: String) throws(HostNameFault) -> String
}

/// A host's name as DNS, TLS and the Host header want it.
public enum HostName {
    /// The longest, in bytes (RFC 1035 §2.3.4, as text).
    public static let bytesMax = 253

    /// The longest part between two dots (RFC 1035 §2.3.4).
    static let labelBytesMax = 63

    /// In lower case and in ASCII. What `names` makes of a name is looked at like a name that was ASCII: characters
    /// that look like a slash or a colon become one.
    public static func ascii(_ name: String, _ names: (any HostNames)? = nil) throws(URLError) -> String {
        if name.isEmpty { throw .emptyHost }
        guard name.utf8.allSatisfy(ASCII.isASCII) else {
            guard let names else { throw .host(.unavailable) }
            do throws(HostNameFault) {
                return try checked(try names.ascii(name))
            } catch { throw .host(error) }
        }
        return try plain(name)
    }

    private static func checked(_ name: String) throws(HostNameFault) -> String {
        let ascii: String
        do throws(URLError) {
            ascii = try plain(name)
        } catch {
            throw error == .hostTooLong ? .tooLong : .disallowed
        }
        // An empty label is only at the end none (RFC 5891 §4.4, RFC 1034 §3.1).
        let labels = Array(ascii.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.dropLast().allSatisfy({ !$0.isEmpty }) else { throw .disallowed }
        guard labels.allSatisfy({ $0.count <= labelBytesMax }) else { throw .labelTooLong }
        return ascii
    }

    private static func plain(_ name: String) throws(URLError) -> String {
        if name.isEmpty { throw .emptyHost }
        if name.utf8.count > bytesMax { throw .hostTooLong }
        for byte in name.utf8 {
            let isAllowed = ASCII.isLetter(byte) || ASCII.isDigit(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            guard isAllowed else { throw .invalidHost }
        }
        return String(decoding: name.utf8.map(ASCII.lowercased), as: UTF8.self)
    }
}
