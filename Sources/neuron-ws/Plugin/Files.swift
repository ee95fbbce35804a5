// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Files as the tool puts them into place: whole or not at all, so that a program which has the old one open or mapped
/// keeps it as it was.
enum Files {
    /// A folder that only this user can enter, below TMPDIR or /tmp. Not made: errno says why, and the path is what was
    /// tried.
    static func makeTemporaryFolder(_ name: String) -> (path: String, isMade: Bool) {
        let given = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        var template = Array(((given.isEmpty ? "/tmp" : given) + "/\(name)-XXXXXX").utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { text in
            text.baseAddress.map { mkdtemp($0) != nil } ?? false
        }
        return (template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }, isMade)
    }

    /// What could not be done, to what, and why.
    struct Failure: Error { let text: String }

    /// No file that the tool reads whole is larger, bytes.
    static let bytesMax = 64 * 1024 * 1024

    static func isFolder(_ path: String) -> Bool { mode(path).map { $0 & mode_t(S_IFMT) == mode_t(S_IFDIR) } ?? false }
    static func isFile(_ path: String) -> Bool { mode(path).map { $0 & mode_t(S_IFMT) == mode_t(S_IFREG) } ?? false }

    /// nil: there is no such file.
    static func permissions(_ path: String) -> mode_t? { mode(path).map { $0 & 0o777 } }

    private static func mode(_ path: String) -> mode_t? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode : nil
    }

    /// nil: there is no such file.
    static func read(_ path: String) throws(Failure) -> [UInt8]? {
        let descriptor = neuron_ws_open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if systemErrorNumber == ENOENT { return nil }
            throw failure("read", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        while bytes.count <= bytesMax {
            let count = chunk.withUnsafeMutableBytes { CLinux.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if systemErrorNumber == EINTR { continue }
                throw failure("read", path)
            }
            bytes.append(contentsOf: chunk[..<count])
        }
        throw Failure(text: "\(path) has more than \(bytesMax) bytes")
    }

    /// Writes beside it, and renames: whoever has the old file open or mapped keeps it. Owner as the folder's, where
    /// that is allowed.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = neuron_ws_create(temporary, O_WRONLY | O_EXCL | O_CLOEXEC, mode)
        if descriptor < 0 { throw failure("write", temporary) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if count < 0 && systemErrorNumber == EINTR { continue }
            if count <= 0 {
                let failure = failure("write", temporary)
                close(descriptor)
                unlink(temporary)
                throw failure
            }
            done += count
        }
        var facts = stat()
        if stat(folder(of: path), &facts) == 0 { _ = fchown(descriptor, facts.st_uid, facts.st_gid) }
        fchmod(descriptor, mode)
        let isSynced = fsync(descriptor) == 0
        if close(descriptor) != 0 || !isSynced || rename(temporary, path) != 0 {
            let failure = failure("write", path)
            unlink(temporary)
            throw failure
        }
    }

    /// False: it was there already.
    static func makeFolder(_ path: String) throws(Failure) -> Bool {
        if isFolder(path) { return false }
        if mkdir(path, 0o755) != 0 { throw failure("make the folder", path) }
        var facts = stat()
        if stat(folder(of: path), &facts) == 0 { _ = chown(path, facts.st_uid, facts.st_gid) }
        return true
    }

    /// False: there was none.
    static func remove(_ path: String) throws(Failure) -> Bool {
        if unlink(path) == 0 { return true }
        if systemErrorNumber == ENOENT { return false }
        throw failure("remove", path)
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Where a symbolic link points to; "" if it is none.
    static func target(of link: String) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { raw -> Int in
            guard let base = raw.baseAddress else { return 0 }
            return readlink(link, base.assumingMemoryBound(to: CChar.self), raw.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }

    /// The path without links and dots; as it is if it does not exist.
    static func real(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func failure(_ verb: String, _ path: String) -> Failure {
        Failure(text: "cannot \(verb) \(path): \(systemErrorText(systemErrorNumber))")
    }
}
