// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import WebSocketCore

/// Why a setting that should hold a certificate or a key does not. Never shows what it holds: that may be a key.
struct PEMSourceError: Error, Equatable {
    /// Goes on from the setting's name, for example "names the file /x, which does not exist".
    let detail: String
    /// There was no memory to find out.
    var isOutOfMemory = false

    static let noMemory = PEMSourceError(detail: "cannot be read: memory is exhausted", isOutOfMemory: true)
}

/// A certificate or a key as settings give it: PEM text, base64 of PEM text (as Neuron's file fields send it), or the
/// path of a PEM file; or PKCS #12, as base64 or a file, where `takesPKCS12`.
struct PEMSource: Equatable {
    static let fileBytesMax = 1024 * 1024
    private static let marker = "-----BEGIN "

    /// Normalized PEM. Says nothing yet about what lies between its lines.
    let pem: SecretBytes
    /// It is no PEM but PKCS #12, in DER.
    var isPKCS12 = false
    /// Where it comes from; nil: from the settings themselves.
    var file: FileStamp?
    /// What should not be so and is taken all the same; goes on from the setting's name.
    var warning: String?

    static func decode(text: SecretBytes, takesPKCS12: Bool = false) throws(PEMSourceError) -> PEMSource {
        try text.withBytes { bytes throws(PEMSourceError) in try decode(bytes, takesPKCS12) }
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer, _ takesPKCS12: Bool
    ) throws(PEMSourceError) -> PEMSource {
        if bytes.allSatisfy(ASCII.isSpace) { throw PEMSourceError(detail: "is empty") }
        if contains(bytes, marker) { return PEMSource(pem: try normalized(bytes)) }
        if bytes.contains(0) { throw PEMSourceError(detail: "holds binary data, not PEM text") }
        if isPath(bytes) {
            guard bytes.count < Int(PATH_MAX) else {
                throw PEMSourceError(detail: "is a path of \(bytes.count) bytes; it takes less than \(PATH_MAX)")
            }
            return try readFile(String(decoding: bytes, as: UTF8.self), takesPKCS12)
        }
        let decoded = try base64(bytes)
        let pem = try decoded?.withBytes { text throws(PEMSourceError) in
            contains(text, marker) ? try normalized(text) : nil
        }
        if let pem { return PEMSource(pem: pem) }
        // Paths are shorter than PATH_MAX; a long text would only be refused by the kernel.
        if bytes.count < Int(PATH_MAX), isExisting(bytes) {
            return try readFile(String(decoding: bytes, as: UTF8.self), takesPKCS12)
        }
        if takesPKCS12, let decoded, decoded.withBytes({ PEMContent.isPKCS12(beginning($0)) }) {
            return PEMSource(pem: decoded, isPKCS12: true)
        }
        if let decoded, decoded.count > 64, let told = decoded.withBytes({ PEMContent.other(beginning($0)) }) {
            throw PEMSourceError(detail: "holds base64 of " + told.dropFirst("holds ".count))
        }
        if decoded != nil, bytes.count > 64 {
            throw PEMSourceError(detail: "holds base64 of something that is no PEM: PEM begins with -----BEGIN")
        }
        throw PEMSourceError(
            detail: "is neither PEM text (-----BEGIN …), nor base64 of it, nor the path of a file that exists"
                + " (\(bytes.count) bytes of text)")
    }

    private static func normalized(_ text: UnsafeRawBufferPointer) throws(PEMSourceError) -> SecretBytes {
        do throws(OutOfMemory) { return try PEMText.normalized(text) } catch { throw .noMemory }
    }

    private static func base64(_ text: UnsafeRawBufferPointer) throws(PEMSourceError) -> SecretBytes? {
        do throws(OutOfMemory) { return try Base64.decode(text, memory: .heap) } catch { throw .noMemory }
    }

    /// No `String` before it is sure that it is no key.
    private static func isExisting(_ path: UnsafeRawBufferPointer) -> Bool {
        let terminated = SecretBytes(capacity: path.count + 1) { room in
            room.copyMemory(from: path)
            room[path.count] = 0
            return path.count + 1
        }
        return terminated?.withBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { Syscalls.fileKind($0) != nil }
        } ?? false
    }

    private static func isPath(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for start in ["/", "./", "../"] where bytes.starts(with: start.utf8) { return true }
        return false
    }

    private static func readFile(_ path: String, _ takesPKCS12: Bool) throws(PEMSourceError) -> PEMSource {
        // Before it is read: a file that is replaced meanwhile is read again.
        let stamp = FileStamp.of(path)
        let shown = ForeignText(path).shown(charactersMax: 255)
        switch Syscalls.fileKind(path) {
        case nil: throw PEMSourceError(detail: "names the file \(shown), which does not exist or may not be looked up")
        case .directory: throw PEMSourceError(detail: "names \(shown), which is a directory, not a file")
        case .other: throw PEMSourceError(detail: "names \(shown), which is not a regular file")
        case .file: break
        }
        let file: (content: SecretBytes, mode: UInt32)
        do throws(SystemError) {
            file = try Syscalls.readFile(path, bytesMax: fileBytesMax)
        } catch {
            if error.number == ENOMEM { throw .noMemory }
            let reason = error.number == EFBIG ? "it is larger than 1 MiB" : error.text
            throw PEMSourceError(detail: "names the file \(shown), which cannot be read: \(reason)")
        }
        return try file.content.withBytes { content throws(PEMSourceError) in
            if contains(content, marker) {
                let holdsKey = contains(content, "PRIVATE KEY-----")
                let warning = holdsKey ? try keyFileProblem(shown, file.mode) : nil
                return PEMSource(pem: try normalized(content), file: stamp, warning: warning)
            }
            if takesPKCS12, PEMContent.isPKCS12(beginning(content)) {
                let warning = try keyFileProblem(shown, file.mode)
                return PEMSource(pem: file.content, isPKCS12: true, file: stamp, warning: warning)
            }
            if content.isEmpty { throw PEMSourceError(detail: "names the file \(shown), which is empty") }
            if let told = PEMContent.other(beginning(content)) {
                throw PEMSourceError(detail: "names the file \(shown), which \(told)")
            }
            throw PEMSourceError(detail: "names the file \(shown), which holds no PEM: there is no line -----BEGIN")
        }
    }

    // Bits of a file's mode.
    private static let writableByGroup: UInt32 = 0o020
    private static let writableByAll: UInt32 = 0o002
    private static let readableByAll: UInt32 = 0o004

    /// A key that others may write may be anybody's. One that everybody may read is a mistake, but still ours; a group
    /// that may read it is how some systems share keys.
    private static func keyFileProblem(_ path: String, _ mode: UInt32) throws(PEMSourceError) -> String? {
        let file = "names the file \(path), which holds a private key and which "
        let isWritableByAll = mode & writableByAll != 0
        if isWritableByAll || mode & writableByGroup != 0 {
            throw PEMSourceError(
                detail: file + "\(isWritableByAll ? "everybody" : "its group") may write: make sure that the key in it "
                    + "is yours, then chmod 600 \(path)")
        }
        return mode & readableByAll == 0 ? nil : file + "everybody may read: chmod 600 \(path)"
    }

    /// Enough to see what it is, too little to be a key.
    private static func beginning(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { Array(bytes.prefix(12)) }

    static func contains<Bytes: RandomAccessCollection>(_ bytes: Bytes, _ text: String) -> Bool
    where Bytes.Element == UInt8, Bytes.Index == Int {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count, let first = wanted.first else { return false }
        var index = bytes.startIndex
        while index <= bytes.endIndex - wanted.count {
            if bytes[index] == first {
                var matched = 1
                while matched < wanted.count, bytes[index + matched] == wanted[matched] { matched += 1 }
                if matched == wanted.count { return true }
            }
            index += 1
        }
        return false
    }
}
