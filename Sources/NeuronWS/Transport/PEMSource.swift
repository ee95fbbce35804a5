import CLinux

/// Why a setting that should hold a certificate or a key does not. Never shows what it holds: that may be a key.
struct PEMSourceError: Error, Equatable {
    /// Goes on from the setting's name, for example "names the file /x, which does not exist".
    let detail: String
}

/// A certificate or a key as settings give it: PEM text, base64 of PEM text (as Neuron's file fields send it), or the
/// path of a PEM file.
enum PEMSource {
    static let fileBytesMax = 1024 * 1024
    private static let marker = "-----BEGIN "

    /// The PEM text's bytes, normalized. Says nothing yet about what lies between its lines.
    static func decode(text: String) throws(PEMSourceError) -> [UInt8] {
        let bytes = Array(text.utf8)
        if bytes.allSatisfy(isSpace) { throw PEMSourceError(detail: "is empty") }
        if contains(bytes, marker) { return PEMText.normalized(bytes) }
        if bytes.contains(0) { throw PEMSourceError(detail: "holds binary data, not PEM text") }
        if text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") { return try readFile(text) }
        let decoded = decodeBase64(bytes)
        if let decoded, contains(decoded, marker) { return PEMText.normalized(decoded) }
        // Paths are shorter than PATH_MAX; a long text would only be refused by the kernel.
        if bytes.count < Int(PATH_MAX), Syscalls.fileKind(text) != nil { return try readFile(text) }
        if let decoded, decoded.count > 64, let told = PEMContent.other(decoded) {
            throw PEMSourceError(detail: "holds base64 of " + told.dropFirst("holds ".count))
        }
        if decoded != nil, bytes.count > 64 {
            throw PEMSourceError(detail: "holds base64 of something that is no PEM: PEM begins with -----BEGIN")
        }
        throw PEMSourceError(
            detail: "is neither PEM text (-----BEGIN …), nor base64 of it, nor the path of a file that exists"
                + " (\(bytes.count) bytes of text)")
    }

    private static func readFile(_ path: String) throws(PEMSourceError) -> [UInt8] {
        switch Syscalls.fileKind(path) {
        case nil: throw PEMSourceError(detail: "names the file \(path), which does not exist or may not be looked up")
        case .directory: throw PEMSourceError(detail: "names \(path), which is a directory, not a file")
        case .other: throw PEMSourceError(detail: "names \(path), which is not a regular file")
        case .file: break
        }
        let content: [UInt8]
        do throws(SystemError) {
            content = try Syscalls.readFile(path, bytesMax: fileBytesMax)
        } catch {
            let reason = error.number == EFBIG ? "it is larger than 1 MiB" : error.text
            throw PEMSourceError(detail: "names the file \(path), which cannot be read: \(reason)")
        }
        if contains(content, marker) { return PEMText.normalized(content) }
        if content.isEmpty { throw PEMSourceError(detail: "names the file \(path), which is empty") }
        if let told = PEMContent.other(content) {
            throw PEMSourceError(detail: "names the file \(path), which \(told)")
        }
        throw PEMSourceError(detail: "names the file \(path), which holds no PEM: there is no line -----BEGIN")
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count, let first = wanted.first else { return false }
        var index = 0
        while index <= bytes.count - wanted.count {
            if bytes[index] == first {
                var matched = 1
                while matched < wanted.count, bytes[index + matched] == wanted[matched] { matched += 1 }
                if matched == wanted.count { return true }
            }
            index += 1
        }
        return false
    }

    /// RFC 4648 section 4, with white space ignored and the padding optional; nil: it is something else.
    static func decodeBase64(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var bitCount = 0
        var digits = 0
        var isPadded = false
        for byte in text {
            if isSpace(byte) { continue }
            if byte == UInt8(ascii: "=") {
                isPadded = true
                continue
            }
            guard !isPadded, let digit = base64Digit(byte) else { return nil }
            digits += 1
            bits = (bits << 6 | UInt32(digit)) & 0xff_ffff
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // One digit alone in the last group carries no byte.
        return digits == 0 || digits % 4 == 1 ? nil : result
    }

    private static func base64Digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): return 62
        case UInt8(ascii: "/"): return 63
        default: return nil
        }
    }
}
