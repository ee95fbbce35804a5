// SPDX-License-Identifier: Apache-2.0

/// What a session's timers are for; the tokens by which it knows them again.
enum SessionTimer: UInt64, CaseIterable {
    /// The machine's deadline.
    case machine
    /// The next request that is too late.
    case requests
    /// The next values that are due to be published.
    case publishing
    /// The next command that may be too late.
    case commands
    /// The end of the time for which connections are traced.
    case trace
    /// Whatever the cache waits for.
    case cache
    /// While it runs a new connection is left alone; see `RefusalWatch`.
    case quiet
    /// The barrier's next look at how the peer comes along.
    case barrier
    /// The connection's next heartbeat, or the end of the time for its answer.
    case heartbeat
    /// The end of the time for the text of a refusal.
    case refusal
    /// The server has said nothing of what holds up other messages; see `HoldWatch`.
    case holding

    /// Goes with its connection.
    var isOfConnection: Bool { rawValue >= Self.quiet.rawValue }
}

/// All timers of a session, one for each purpose. Loop-bound.
struct SessionTimers {
    private var timers = SessionTimer.allCases.map { LoopTimer(token: $0.rawValue) }

    subscript(timer: SessionTimer) -> LoopTimer {
        get { timers[Int(timer.rawValue)] }
        _modify { yield &timers[Int(timer.rawValue)] }
    }

    mutating func cancelThoseOfConnection(_ loop: EventLoop) {
        for timer in SessionTimer.allCases where timer.isOfConnection { self[timer].cancel(loop) }
    }

    mutating func cancelAll(_ loop: EventLoop) {
        for timer in SessionTimer.allCases { self[timer].cancel(loop) }
    }
}
