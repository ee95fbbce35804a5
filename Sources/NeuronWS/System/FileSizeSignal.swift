// SPDX-License-Identifier: Apache-2.0
import CLinux

/// SIGXFSZ, by which the system ends a process that writes beyond its limit on the size of files (RLIMIT_FSIZE). Where
/// the library writes to a file on a thread of the host's, it is blocked in that thread meanwhile: the write fails with
/// EFBIG instead, and what the process does at signals is not touched. In threads of our own all signals are blocked.
struct FileSizeSignal {
    private let former: sigset_t
    private let wasPending: Bool

    private static var alone: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGXFSZ)
        return set
    }

    private static var isPending: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGXFSZ) == 1
    }

    /// In the calling thread, until `unblock` is called there.
    static func block() -> FileSizeSignal {
        var set = alone
        var former = sigset_t()
        pthread_sigmask(SIG_BLOCK, &set, &former)
        return FileSizeSignal(former: former, wasPending: isPending)
    }

    /// Whether one has come where it is blocked, in the calling thread; it is taken away.
    static func take() -> Bool {
        guard isPending else { return false }
        var set = alone
        var now = timespec()
        return sigtimedwait(&set, nil, &now) == SIGXFSZ
    }

    /// One of ours that waits is taken away first.
    func unblock() {
        if !wasPending { _ = Self.take() }
        var mask = former
        pthread_sigmask(SIG_SETMASK, &mask, nil)
    }
}
