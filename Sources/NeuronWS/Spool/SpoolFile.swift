// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// Where a node's cache lies: DIRECTORY/NAME.nwsc, in which bytes of the name that a file's name should not have are
/// written as %XX.
struct SpoolFile: Equatable {
    static let suffix = ".nwsc"
    private static let nameBytesMax = 180

    let directory: String
    /// "": of any node.
    let node: String
    private let name: String

    init(directory: String, node: String) {
        self.directory = directory
        self.node = node
        name = Self.fileName(node)
    }

    /// Of a node that is not known.
    init(directory: String, name: String) {
        self.directory = directory
        self.name = name
        node = ""
    }

    var path: String { directory + "/" + name }
    var journal: String { path + "-journal" }
    /// Where a new file is made before it takes the place of the old one.
    var making: String { path + ".new" }
    /// What could not be read whole, the last one.
    var damaged: String { path + ".damaged" }

    static func fileName(_ node: String) -> String {
        var name: [UInt8] = []
        for byte in node.utf8 {
            if ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
                name.append(byte)
            } else {
                name += [UInt8(ascii: "%"), ASCII.capitalHexDigit(of: byte >> 4), ASCII.capitalHexDigit(of: byte & 15)]
            }
        }
        if name.count > nameBytesMax {
            // FNV-1a of the whole name makes what is cut its own.
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in node.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            name.removeLast(name.count - nameBytesMax + 17)
            name.append(UInt8(ascii: "%"))
            for shift in stride(from: 60, through: 0, by: -4) {
                name.append(ASCII.capitalHexDigit(of: UInt8(truncatingIfNeeded: hash >> shift) & 15))
            }
        }
        return String(decoding: name, as: UTF8.self) + suffix
    }

    /// The directory as it is, made if its last part is missing.
    static func directory(_ path: String) throws(SystemError) -> String {
        if Syscalls.fileKind(path) == nil {
            try Syscalls.makeDirectory(path)
            // It must be there after a power failure, or nothing in it is.
            try Syscalls.syncDirectory(path + "/..")
        }
        return try Syscalls.realPath(path)
    }

    /// The caches in a directory, in the order of their names; nil: it cannot be read.
    static func all(in directory: String) -> [SpoolFile]? {
        Syscalls.names(in: directory)?.filter { $0.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
            .map { SpoolFile(directory: directory, name: $0) }
    }

    /// Deletes all that there is of it: what could take its place first.
    func delete() throws(SpoolError) {
        var failure: SystemError?
        for each in [making, making + "-journal", path, journal, damaged] {
            do throws(SystemError) { try Syscalls.removeIfThere(each) } catch { failure = failure ?? error }
        }
        do throws(SystemError) { try Syscalls.syncDirectory(directory) } catch { failure = failure ?? error }
        guard let failure else { return }
        throw SpoolError(
            fault: .other,
            text: "the cache \(path) could not be deleted (\(failure.call)): \(failure.text); the next node of its "
                + "name uses what is left of it")
    }

    /// Who holds it, for people; nil: nobody that is known.
    var holder: String? {
        guard let process = Syscalls.lockHolder(path) else { return nil }
        let name = (try? Syscalls.readFile("/proc/\(process)/comm", bytesMax: 64))?.content.withBytes {
            ForeignText($0.prefix { $0 != 10 }).shown()
        }
        return name.map { "process \(process) (\($0))" } ?? "process \(process)"
    }
}
