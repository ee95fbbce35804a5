// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Time, as the tool needs it.
enum Clock {
    /// CLOCK_MONOTONIC.
    static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    static func sleep(milliseconds: Int) {
        var left = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        var rest = timespec()
        while nanosleep(&left, &rest) != 0 && systemErrorNumber == EINTR { left = rest }
    }

    /// Asks every few milliseconds whether something has come true.
    /// - Returns: false if it had not when the time was over.
    static func wait(milliseconds: Int, until condition: () -> Bool) -> Bool {
        let deadline = nanoseconds() + Int64(milliseconds) * 1_000_000
        while !condition() {
            if nanoseconds() >= deadline { return false }
            sleep(milliseconds: 2)
        }
        return true
    }

    /// Seconds since 1970.
    static func unixSeconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec)
    }

    /// Milliseconds since 1970.
    static func unixMilliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// What `unixMilliseconds` was when this was first asked, and the time that has passed since: it does not jump when
    /// the system's clock is set.
    static func steadyUnixMilliseconds() -> Int64 { steadyOffset + nanoseconds() / 1_000_000 }

    private static let steadyOffset = unixMilliseconds() - nanoseconds() / 1_000_000

    /// The day of a Unix time, "2027-03-01" (UTC).
    static func date(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        return "\(parts.tm_year + 1900)-\(Text.padded(Int(parts.tm_mon) + 1, to: 2))"
            + "-\(Text.padded(Int(parts.tm_mday), to: 2))"
    }

    /// The local time of day, "14:03:59.127".
    static func timeOfDay() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        localtime_r(&now.tv_sec, &parts)
        let fields = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Text.padded(Int($0), to: 2) }
        return fields.joined(separator: ":") + "." + Text.padded(Int(now.tv_nsec / 1_000_000), to: 3)
    }
}

/// A lock, for what callbacks and the main thread share.
final class Mutex: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
