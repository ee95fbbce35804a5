// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A mutex with a condition, for state that the server's threads share.
final class ServerLock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A clock that nobody sets, so that a wait is as long as it says.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Wakes everybody in `wait`. To be called with the lock held, inside `locked`.
    func notifyAll() { pthread_cond_broadcast(condition) }

    /// Waits until `isReached`, which is asked with the lock held.
    /// - Returns: false if the time ran out first.
    func wait(timeoutMilliseconds: Int, until isReached: () -> Bool) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += timeoutMilliseconds / 1000
        deadline.tv_nsec += timeoutMilliseconds % 1000 * 1_000_000
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_sec += 1
            deadline.tv_nsec -= 1_000_000_000
        }
        return locked {
            while !isReached() {
                if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return isReached() }
            }
            return true
        }
    }
}

/// A thread of the server's: with all signals blocked, so that a handler of the program never runs on it and a broken
/// TLS connection raises no SIGPIPE.
public enum ServerThread {
    private final class Body {
        let run: () -> Void
        init(run: @escaping () -> Void) { self.run = run }
    }

    private static let stackBytes = 512 * 1024

    /// - Returns: nil if the system has no thread to give.
    public static func start(_ run: @escaping @Sendable () -> Void) -> pthread_t? {
        var everything = sigset_t()
        var before = sigset_t()
        sigfillset(&everything)
        pthread_sigmask(SIG_BLOCK, &everything, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackBytes)
        defer { pthread_attr_destroy(&attributes) }
        let body = Unmanaged.passRetained(Body(run: run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        if status == 0 { return thread }
        body.release()
        return nil
    }
}

/// A descriptor that wakes a thread out of `poll`.
final class ServerWaker: @unchecked Sendable {
    let descriptor: Int32

    init() { descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }

    deinit { close(descriptor) }

    func wake() { _ = eventfd_write(descriptor, 1) }

    /// Waits for the waker, and for a descriptor's events; -1 is none.
    /// - Returns: what happened to the descriptor.
    func poll(_ other: Int32, events: Int32, timeoutMilliseconds: Int32) -> Int32 {
        let entries = UnsafeMutableBufferPointer<pollfd>.allocate(capacity: 2)
        defer { entries.deallocate() }
        entries[0] = pollfd(fd: other, events: Int16(events), revents: 0)
        entries[1] = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = CLinux.poll(entries.baseAddress, 2, timeoutMilliseconds)
        if entries[1].revents != 0 { clear() }
        return Int32(entries[0].revents)
    }

    private func clear() {
        var value: eventfd_t = 0
        _ = eventfd_read(descriptor, &value)
    }
}
