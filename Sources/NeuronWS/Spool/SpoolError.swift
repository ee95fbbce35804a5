// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// Why a node's cache is not open, or does not keep what it should.
struct SpoolError: Error, Equatable {
    let fault: SpoolFault
    /// For people: what failed, where, and what to do.
    let text: String

    init(fault: SpoolFault, text: String) {
        self.fault = fault
        self.text = text
    }

    init(_ failure: Database.Failure, _ file: SpoolFile) {
        fault = Self.fault(failure)
        let system = failure.errorNumber != 0 ? " (\(SystemError.text(failure.errorNumber)))" : ""
        switch fault {
        case .held:
            text =
                "the cache \(file.path) is held by \(file.holder ?? "another process"): one process at a time uses "
                + "it; give this node another name or data-dir, or end that process"
        case .full where failure.errorNumber == SystemError.fileTooLarge:
            text =
                "the cache \(file.path) must not grow: this process may make no larger files (ulimit -f, "
                + "RLIMIT_FSIZE); allow it more, or set cache-disk-size to less"
        case .full: text = "the disk of the cache \(file.path) is full\(system): make room there"
        case .denied, .readOnly:
            text = "the cache \(file.path) cannot be written to: \(failure.text)\(system): give this user the right to"
        default: text = "the cache \(file.path): \(failure.text)\(system)"
        }
    }

    /// Of a file that is open, is not in its place any more, and could not be made anew there.
    init(gone file: SpoolFile) {
        fault = .missing
        text =
            "the cache \(file.path) was deleted or moved while it was in use, and cannot be made anew: make its "
            + "directory again, or remove what lies there in its place; what it has of messages is lost if the node "
            + "ends before"
    }

    /// Of a file at which somebody looks while no node uses it.
    init(damaged file: SpoolFile, _ failure: Database.Failure) {
        fault = failure.fault
        text =
            "the cache \(file.path) is damaged: \(failure.text); start its node with this data-dir: it sets the file "
            + "aside, keeps what can be read of it, and counts the rest"
    }

    private static func fault(_ failure: Database.Failure) -> SpoolFault {
        if failure.fault == .other || failure.fault == .ioError {
            switch failure.errorNumber {
            case 13, 1: return .denied
            case 30: return .readOnly
            case 28, 122, SystemError.fileTooLarge: return .full
            case 2: return .missing
            default: break
            }
        }
        return failure.fault
    }
}

extension Database.Failure {
    func spoolError(_ file: SpoolFile) -> SpoolError {
        if code == SQLITE_SCHEMA { return SpoolError(fault: .newer, text: "the cache \(file.path): \(text)") }
        return SpoolError(self, file)
    }
}
