// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The two clocks of the system. Only this layer reads them; the protocol and the node get times as parameters.
enum Clock {
    /// Nanoseconds since some point in the past, never set back. For deadlines and durations.
    static var monotonicNanoseconds: UInt64 {
        read(CLOCK_MONOTONIC) { UInt64($0) &* 1_000_000_000 &+ UInt64($1) }
    }

    /// The same, some milliseconds late, and cheaper to read.
    static var coarseMonotonicNanoseconds: UInt64 {
        read(CLOCK_MONOTONIC_COARSE) { UInt64($0) &* 1_000_000_000 &+ UInt64($1) }
    }

    /// Milliseconds since 1970 in UTC, as the host's clock has it: it may jump. For timestamps in messages.
    static var wallMilliseconds: Int64 {
        read(CLOCK_REALTIME) { Int64($0) &* 1000 &+ Int64($1) / 1_000_000 }
    }

    /// The same, some milliseconds late, and cheaper to read.
    static var coarseWallMilliseconds: Int64 {
        read(CLOCK_REALTIME_COARSE) { Int64($0) &* 1000 &+ Int64($1) / 1_000_000 }
    }

    @inline(__always)
    private static func read<Value>(_ clock: clockid_t, _ combine: (Int, Int) -> Value) -> Value {
        var time = timespec()
        // All four exist on every Linux: this cannot fail.
        clock_gettime(clock, &time)
        return combine(time.tv_sec, time.tv_nsec)
    }
}
