// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A mutual exclusion lock on `pthread_mutex_t`.
///
/// Not `Synchronization.Mutex`: that one traps in a forked child whose parent held it, and Embedded Swift has none.
/// The mutex lies in memory of its own, because Swift may move a stored property and a mutex must stay where it is.
final class Lock: @unchecked Sendable {
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init without attributes cannot fail")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    @inline(__always)
    func lock() {
        pthread_mutex_lock(mutex)
    }

    @inline(__always)
    func unlock() {
        pthread_mutex_unlock(mutex)
    }

    /// Runs `body` while the lock is held. `body` must not call out to code of others.
    @inline(__always)
    func withLock<Result: ~Copyable>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}

/// What a thread waits for under a `Lock`. Deadlines are on the monotonic clock, so that a host that sets its wall
/// clock neither cuts a wait short nor prolongs it.
final class Condition: @unchecked Sendable {
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let status = pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        precondition(status == 0, "pthread_cond_init on the monotonic clock cannot fail")
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }

    /// Waits for a signal. The caller holds `lock` and checks its predicate again afterwards: a wake may be spurious.
    func wait(_ lock: Lock) {
        pthread_cond_wait(condition, lock.mutex)
    }

    /// Waits for a signal until `deadlineNanoseconds` on `Clock.monotonicNanoseconds`. False: the deadline has passed.
    func wait(_ lock: Lock, until deadlineNanoseconds: UInt64) -> Bool {
        // A time_t is signed: a deadline beyond it is as good as none.
        var deadline = timespec(
            tv_sec: Int(clamping: deadlineNanoseconds / 1_000_000_000),
            tv_nsec: Int(deadlineNanoseconds % 1_000_000_000))
        return pthread_cond_timedwait(condition, lock.mutex, &deadline) != ETIMEDOUT
    }

    func broadcast() {
        pthread_cond_broadcast(condition)
    }
}
