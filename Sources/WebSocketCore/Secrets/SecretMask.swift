// SPDX-License-Identifier: Apache-2.0
/// The secrets that a server was given, to be found in what it says: it may echo a token into a close reason, a
/// header or a message, and that goes into log and state.
///
/// They are found as they are, escaped as JSON does (RFC 8259 §7), once or twice, percent-encoded (RFC 3986 §2.1, or as
/// forms do, with a + for a space) and with the characters of markup (`&amp;`, `&#47;`); what is percent-encoded itself
/// also as what it stands for, and Basic credentials (RFC 7617) as the password in them; at the end of a text also
/// where they are cut off. One that a server encodes in another way, in Base64 for example, or tells in parts, is not.
public struct SecretMask: Sendable {
    /// Shorter ones stand in many words, and would be given away by the gap.
    public static let byteCountMin = 6
    /// A beginning that is cut off is found from so many bytes on.
    public static let beginningMin = 16
    /// As many bytes have such a beginning in any form.
    public static let beginningFormMax = beginningMin * SecretForm.bytesPerByteMax

    private(set) var secrets: [SecretBytes] = []
    /// Those of connections that are gone.
    private var former: [HashedSecret] = []
    /// Those that one of them may begin with, in any form.
    private var firstBytes = ByteSet()

    public static let none = SecretMask([])

    /// Of a header's value, what stands behind its first word is a secret too, a token behind `Bearer`, a password in
    /// what is behind `Basic`; and so is each value in a list of cookies.
    public init(headerValues: [SecretBytes], others: [SecretBytes]) {
        var secrets = others
        for value in headerValues {
            secrets.append(value)
            let credentials: SecretBytes? = value.withBytes { bytes in
                guard let space = bytes.firstIndex(of: 0x20) else { return nil }
                return SecretBytes(UnsafeRawBufferPointer(rebasing: bytes[(space + 1)...]))
            }
            if let credentials {
                secrets.append(credentials)
                if let password = Self.password(in: credentials) { secrets.append(password) }
            }
            secrets += Self.cookies(in: value)
        }
        self.init(secrets)
    }

    /// RFC 7617 §2: what stands behind the first colon of what they decode to; nil: they are none.
    private static func password(in credentials: SecretBytes) -> SecretBytes? {
        let pair: SecretBytes?? = try? credentials.withBytes {
            (bytes: UnsafeRawBufferPointer) throws(OutOfMemory) -> SecretBytes? in
            try Base64.decode(bytes, memory: .swift)
        }
        guard case .some(.some(let pair)) = pair else { return nil }
        return pair.withBytes { bytes in
            bytes.firstIndex(of: UInt8(ascii: ":")).map {
                SecretBytes(UnsafeRawBufferPointer(rebasing: bytes[($0 + 1)...]))
            }
        }
    }

    /// RFC 6265 §4.2.1: `a=1; b=2`.
    private static func cookies(in value: SecretBytes) -> [SecretBytes] {
        value.withBytes { bytes in
            bytes.split(separator: UInt8(ascii: ";")).compactMap { pair in
                pair.firstIndex(of: UInt8(ascii: "=")).map {
                    SecretBytes(UnsafeRawBufferPointer(rebasing: pair[($0 + 1)...]))
                }
            }
        }
    }

    /// The values of a URL's query.
    public static func secrets(of url: WebSocketURL) -> [SecretBytes] {
        let resource = Array(url.resource.utf8)
        guard let query = resource.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return resource[(query + 1)...].split(separator: UInt8(ascii: "&")).map { item in
            let value = item.firstIndex(of: UInt8(ascii: "=")).map { item[($0 + 1)...] } ?? item
            return Array(value).withUnsafeBytes { SecretBytes($0) }
        }
    }

    /// A subprotocol's name is no secret, but a client that can set no header hands its token over as one:
    /// - behind one that ends with a word for such a thing: `bearer, TOKEN`, `access_token, TOKEN`;
    /// - in one name with that word, 16 bytes and more of it: `base64url.bearer.authorization.k8s.io.TOKEN`;
    /// - by itself: what begins as a JSON Web Token does (RFC 7519 §3.1), or has 32 bytes with a digit among them.
    public static func secrets(of subprotocols: [String]) -> [SecretBytes] {
        var secrets: [SecretBytes] = []
        func add(_ bytes: ArraySlice<UInt8>) { secrets.append(Array(bytes).withUnsafeBytes { SecretBytes($0) }) }
        var isAnnounced = false
        for subprotocol in subprotocols {
            let name = Array(subprotocol.utf8)
            let isToken =
                name.starts(with: "eyJ".utf8) || name.count >= Self.tokenBytesMin && name.contains { ASCII.isDigit($0) }
            let rest = Self.rest(behindAWordIn: name)
            let hasCredential = rest.map { $0.count >= Self.beginningMin } ?? false
            if isAnnounced || isToken || hasCredential { add(name[...]) }
            if let rest, hasCredential {
                // A server that takes the name apart tells less of it.
                add(rest)
                if let dot = rest.lastIndex(of: UInt8(ascii: ".")) { add(rest[(dot + 1)...]) }
            }
            isAnnounced = rest?.isEmpty ?? false
        }
        return secrets
    }

    private static let tokenBytesMin = 32

    private static let credentialWords: [StaticString] = [
        "bearer", "token", "jwt", "auth", "authorization", "authentication", "key", "apikey", "secret", "password",
        "credential", "credentials", "ticket",
    ]

    /// What stands in a subprotocol's name behind the last word for a credential; nil: there is no such word.
    private static func rest(behindAWordIn name: [UInt8]) -> ArraySlice<UInt8>? {
        var found: ArraySlice<UInt8>?
        var start = 0
        for end in 0...name.count where end == name.count || !ASCII.isAlphanumeric(name[end]) {
            let word = name[start..<end]
            let isKnown = Self.credentialWords.contains { known in
                known.utf8CodeUnitCount == word.count
                    && zip(word, UnsafeBufferPointer(start: known.utf8Start, count: word.count)).allSatisfy {
                        ASCII.lowercased($0) == $1
                    }
            }
            if isKnown { found = name[min(end + 1, name.count)...] }
            start = end + 1
        }
        return found
    }

    private init(_ secrets: [SecretBytes]) {
        let all = secrets + secrets.flatMap(Self.decoded)
        // The longest that fits is the one: they stand in the order of their lengths.
        var length = Int.max
        while true {
            var next = 0
            for secret in all where secret.count < length { next = max(next, secret.count) }
            if next < Self.byteCountMin { break }
            for secret in all where secret.count == next { self.secrets.append(secret) }
            length = next
        }
        for byte in SecretForm.specialBytes { firstBytes.insert(byte) }
        for secret in self.secrets { firstBytes.insert(secret.withBytes { $0[0] }) }
    }

    func with(former: [HashedSecret]) -> SecretMask {
        var mask = self
        mask.former = former
        for secret in former { mask.firstBytes.insert(secret.firstByte) }
        return mask
    }

    /// Of the longest, bytes.
    var byteCountMax: Int { max(secrets.first?.count ?? 0, former.map { $0.count }.max() ?? 0) }

    /// What a secret stands for where it is percent-encoded, with each + as it is, and with spaces for them.
    private static func decoded(_ secret: SecretBytes) -> [SecretBytes] {
        secret.withBytes { bytes in
            let (hasPercent, hasPlus) = (bytes.contains(UInt8(ascii: "%")), bytes.contains(UInt8(ascii: "+")))
            var all: [SecretBytes] = []
            if hasPercent { all.append(decoded(bytes, plus: UInt8(ascii: "+"))) }
            if hasPlus { all.append(decoded(bytes, plus: 0x20)) }
            return all
        }
    }

    private static func decoded(_ bytes: UnsafeRawBufferPointer, plus: UInt8) -> SecretBytes {
        var builder = SecretBuilder(capacity: bytes.count)
        var index = 0
        while index < bytes.count {
            if let byte = SecretForm.percentByte(bytes, at: index) {
                builder.append(byte)
                index += 3
            } else {
                builder.append(bytes[index] == UInt8(ascii: "+") ? plus : bytes[index])
                index += 1
            }
        }
        return builder.finished()
    }

    public var isEmpty: Bool { secrets.isEmpty && former.isEmpty }

    /// How many bytes of a secret begin at `index`; 0: none. Of one that is cut off there, by the text's end or by our
    /// own sign for that, they are what there is of it.
    /// - Parameter beginningMin: of one that is cut off, so many at least.
    func byteCount(
        in bytes: UnsafeRawBufferPointer, at index: Int, beginningMin: Int = SecretMask.beginningMin
    ) -> Int {
        guard firstBytes.contains(bytes[index]) else { return 0 }
        for secret in secrets {
            let count = secret.withBytes { secret in
                for form in SecretForm.all {
                    let (matched, end) = form.match(secret, bytes, from: index)
                    if matched == secret.count { return end - index }
                    guard matched >= beginningMin else { continue }
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[end...])
                    if rest.starts(with: "…".utf8) { return end - index }
                    if form.isCutOff(rest) { return bytes.count - index }
                }
                return 0
            }
            if count > 0 { return count }
        }
        for secret in former {
            let count = secret.byteCount(in: bytes, at: index, beginningMin: beginningMin)
            if count > 0 { return count }
        }
        return 0
    }
}

extension ForeignText {
    /// The first `bytesMax` bytes of a text, with "…" for each of our secrets that begins in them.
    public static func masked(_ bytes: UnsafeRawBufferPointer, by mask: SecretMask, bytesMax: Int) -> ForeignText {
        if mask.isEmpty { return ForeignText(bytes.prefix(bytesMax)) }
        return ForeignText(masked(bytes, 0..<min(bytes.count, bytesMax), by: mask))
    }

    /// A part of a text, with "…" for each of our secrets that lies in it or reaches into it.
    /// - Parameter beginningMin: where the text is cut off in one, so many bytes of that at least make it one.
    static func masked(
        _ bytes: UnsafeRawBufferPointer, _ part: Range<Int>, by mask: SecretMask,
        beginningMin: Int = SecretMask.beginningMin
    ) -> [UInt8] {
        var masked: [UInt8] = []
        var index = 0
        while index < part.upperBound {
            let count = mask.byteCount(in: bytes, at: index, beginningMin: beginningMin)
            let isShown = index + max(1, count) > part.lowerBound
            if count > 0, isShown { masked += "…".utf8 } else if isShown { masked.append(bytes[index]) }
            index += max(1, count)
        }
        return masked
    }

    /// With "…" for each of our secrets.
    public func masked(by mask: SecretMask) -> ForeignText {
        mask.isEmpty ? self : withBytes { ForeignText.masked($0, by: mask, bytesMax: $0.count) }
    }
}

extension HandshakeError {
    /// With "…" for each of our secrets that the server repeats.
    public func masked(by mask: SecretMask) -> HandshakeError {
        switch self {
        case .unexpectedStatus(let status, let location, let seconds):
            .unexpectedStatus(status, location: location?.masked(by: mask), retryAfterSeconds: seconds)
        case .missingUpgrade(let found): .missingUpgrade(found: found?.masked(by: mask))
        case .missingConnection(let found): .missingConnection(found: found?.masked(by: mask))
        case .wrongAccept(let found): .wrongAccept(found: found?.masked(by: mask))
        case .unexpectedSubprotocol(let name): .unexpectedSubprotocol(name.masked(by: mask))
        case .unexpectedExtension(let name): .unexpectedExtension(name.masked(by: mask))
        case .malformedExtensions(let value): .malformedExtensions(value.masked(by: mask))
        case .invalidDeflateAnswer(let reason): .invalidDeflateAnswer(reason.masked(by: mask))
        case .notHTTP, .malformedStartLine, .startLineTooLong, .fieldTooLong, .headerTooBig, .tooManyFields,
            .malformedField, .httpVersionTooOld, .invalidRequest:
            self
        }
    }
}
