// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A system call that failed: which one, and its errno.
struct SystemError: Error, Equatable {
    /// An errno value, above 0.
    let number: Int32
    /// The call's name as in its manual page, for example `connect`.
    let call: StaticString

    static func == (left: SystemError, right: SystemError) -> Bool {
        left.number == right.number
    }

    /// A file may not grow, by the process's limit.
    static let fileTooLarge = EFBIG
    /// What should be a directory is none.
    static let notDirectory = ENOTDIR
    /// The file system is only read.
    static let readOnly = EROFS
    static let denied = EACCES

    /// There is no memory for it.
    var isNoMemory: Bool { number == ENOMEM }

    /// The kernel's text for the number, for example "Connection refused". Not in the host's language: `strerror`
    /// would follow its locale and share one buffer among threads.
    var text: String {
        Self.text(number)
    }

    static func text(_ number: Int32) -> String {
        guard let known = strerrordesc_np(number) else { return "error \(number)" }
        return String(cString: known)
    }
}
