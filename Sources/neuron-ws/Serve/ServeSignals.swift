// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What ends `serve`: SIGINT, SIGTERM, a terminal that goes away (SIGHUP), the last message that was asked for, or
/// time.
struct ServeSignals: Sendable {
    enum End { case interrupted, counted, timedOut }

    private let thread: pthread_t
    private let ends: sigset_t

    /// Blocks the signals on this thread and all that it makes, so that they wait for `wait` on this one.
    static func block() -> ServeSignals {
        var ends = sigset_t()
        sigemptyset(&ends)
        for number in [SIGINT, SIGTERM, SIGUSR1] { sigaddset(&ends, number) }
        // Under nohup it is ignored, and stays so.
        if !isIgnored(SIGHUP) { sigaddset(&ends, SIGHUP) }
        pthread_sigmask(SIG_BLOCK, &ends, nil)
        return ServeSignals(thread: pthread_self(), ends: ends)
    }

    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // SIG_IGN is 1 (POSIX leaves it to the system; so it is on Linux).
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    /// From any thread: all messages have come.
    func tellCounted() { pthread_kill(thread, SIGUSR1) }

    /// - Parameter isCounted: whether all messages have come, asked when somebody says so.
    func wait(timeoutMilliseconds: Int?, isCounted: () -> Bool) -> End {
        let deadline = timeoutMilliseconds.map { Clock.nanoseconds() + Int64($0) * 1_000_000 }
        var set = ends
        while true {
            var number: Int32 = 0
            if let deadline {
                let left = max(0, deadline - Clock.nanoseconds())
                var time = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
                number = sigtimedwait(&set, nil, &time)
                if number < 0 && systemErrorNumber == EAGAIN { return .timedOut }
            } else {
                number = sigwaitinfo(&set, nil)
            }
            if isCounted() { return .counted }
            // Anybody may send SIGUSR1; and a wait is interrupted when the tool is stopped and goes on.
            if number > 0 && number != SIGUSR1 { return .interrupted }
        }
    }

    /// From now on an interrupt ends the tool at once; what `tellCounted` sends still does not.
    func unblock() {
        var set = ends
        sigdelset(&set, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}
