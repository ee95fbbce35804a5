// SPDX-License-Identifier: Apache-2.0
import CLinux
import WebSocketCore

/// Names of files; see `Syscalls`. What fails here without an error shows in what comes next.
extension Syscalls {
    static func makeDirectory(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 { return }
        throw SystemError(number: errorNumber, call: "mkdir")
    }

    /// The path without links.
    static func realPath(_ path: String) throws(SystemError) -> String {
        guard let real = realpath(path, nil) else { throw SystemError(number: errorNumber, call: "realpath") }
        defer { free(real) }
        return String(cString: real)
    }

    /// A file, or a directory in which nothing is.
    static func remove(_ path: String) { _ = CLinux.remove(path) }

    /// Nothing has this name then.
    static func removeIfThere(_ path: String) throws(SystemError) {
        if unlink(path) == 0 || errorNumber == ENOENT { return }
        throw SystemError(number: errorNumber, call: "unlink")
    }

    static func link(_ path: String, _ other: String) throws(SystemError) {
        if CLinux.link(path, other) != 0 { throw SystemError(number: errorNumber, call: "link") }
    }

    static func rename(_ path: String, _ other: String) throws(SystemError) {
        if CLinux.rename(path, other) != 0 { throw SystemError(number: errorNumber, call: "rename") }
    }

    /// The file belongs to whom `other` belongs, as far as this process may give it away.
    static func giveToOwner(of other: String, _ path: String) {
        var (wanted, facts) = (stat(), stat())
        guard stat(other, &wanted) == 0, stat(path, &facts) == 0 else { return }
        if wanted.st_uid != facts.st_uid || wanted.st_gid != facts.st_gid {
            _ = chown(path, wanted.st_uid, wanted.st_gid)
        }
    }

    /// Why this process may make no files in a directory, by errno; nil: it may.
    static func writeRefusal(_ directory: String) -> Int32? {
        // Of a file it would say whether that is a program.
        faccessat(AT_FDCWD, directory + "/.", W_OK | X_OK, AT_EACCESS) == 0 ? nil : errorNumber
    }

    /// The names in it are on disk then, as far as its file system can be asked for that.
    static func syncDirectory(_ path: String) throws(SystemError) {
        let descriptor = neuron_ws_open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EROFS].contains(errorNumber) { return }
        throw SystemError(number: errorNumber, call: "fsync")
    }

    /// A file that its owner alone may read and write is there now, an empty one if there was none.
    static func makePrivateFile(_ path: String) throws(SystemError) {
        let descriptor = neuron_ws_create(path, O_WRONLY | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errorNumber != EEXIST {
            throw SystemError(number: errorNumber, call: "open")
        }
    }

    /// What lies there already, and is this process's own, is for its owner alone from now on. By its name: to open and
    /// close a file would give up the locks that this process has on it.
    static func makePrivate(_ path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0, Int32(bitPattern: facts.st_mode) & Int32(S_IFMT) == Int32(S_IFREG),
            facts.st_uid == geteuid(), facts.st_mode & 0o077 != 0
        else { return }
        _ = chmod(path, 0o600)
    }

    /// Something has this name, be it a link that leads nowhere.
    static func isTaken(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// Which file lies there; nil: none, or no regular file, but a link, a directory, a pipe.
    static func regularFile(_ path: String) -> (device: UInt64, inode: UInt64)? {
        var facts = stat()
        guard lstat(path, &facts) == 0, Int32(bitPattern: facts.st_mode) & Int32(S_IFMT) == Int32(S_IFREG) else {
            return nil
        }
        return (UInt64(facts.st_dev), UInt64(facts.st_ino))
    }

    /// Of a text that ends with a zero byte.
    static func length(_ text: UnsafePointer<CChar>) -> Int { strlen(text) }

    /// The process that holds a lock on the file that is in the way of one for the whole file. Not of a file that this
    /// process has open: it loses its locks on it by that.
    static func lockHolder(_ path: String) -> Int32? {
        let descriptor = neuron_ws_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let process = neuron_ws_lock_holder(descriptor)
        return process > 0 ? process : nil
    }

    /// The names in a directory, in the order of their bytes; nil: it cannot be read.
    static func names(in path: String) -> [String]? {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<dirent>?>?
        let count = scandir(path, &list, nil) {
            guard let one = $0?.pointee, let other = $1?.pointee else { return 0 }
            return strcmp(neuron_ws_entry_name(one), neuron_ws_entry_name(other))
        }
        guard count >= 0, let list else { return nil }
        defer { free(list) }
        var names: [String] = []
        for index in 0..<Int(count) {
            guard let entry = list[index] else { continue }
            // In place: the entry is shorter than its type says.
            names.append(String(cString: neuron_ws_entry_name(entry)))
            free(entry)
        }
        return names
    }
}
