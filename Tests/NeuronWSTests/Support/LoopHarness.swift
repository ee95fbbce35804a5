// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

/// A task out of a closure; tests only: the library has none of these on its paths.
final class ClosureTask: LoopTask, @unchecked Sendable {
    let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    func runOnLoop() {
        body()
    }
}

final class ClosureThread: ThreadBody, @unchecked Sendable {
    let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    func runOnThread() {
        body()
    }
}

/// Runs `body` on a thread of its own; join it.
func spawn(_ body: @escaping () -> Void) throws -> NeuronWS.Thread {
    try NeuronWS.Thread.start(ClosureThread(body), name: "test")
}

/// Something a test waits for that happens on another thread.
final class Signal: @unchecked Sendable {
    private let lock = Lock()
    private let condition = Condition()
    private var count = 0

    func raise() {
        lock.withLock {
            count += 1
            condition.broadcast()
        }
    }

    /// False: 30 seconds were not enough.
    func wait(for wanted: Int = 1) -> Bool {
        let deadline = NeuronWS.Clock.monotonicNanoseconds + 30_000_000_000
        lock.lock()
        defer { lock.unlock() }
        while count < wanted {
            if !condition.wait(lock, until: deadline) { return count >= wanted }
        }
        return true
    }
}

/// Handlers that tell closures.
final class RecordingHandler: LoopHandler, @unchecked Sendable {
    var onReady: (UInt32) -> Void = { _ in }
    var onTimer: (UInt64) -> Void = { _ in }

    func descriptorReady(_ events: UInt32) {
        onReady(events)
    }

    func timerFired(_ token: UInt64) {
        onTimer(token)
    }
}

extension EventLoop {
    /// Runs `body` on the loop and waits for it.
    func perform(_ body: @escaping () -> Void) {
        let done = Signal()
        post(
            ClosureTask {
                body()
                done.raise()
            })
        #expect(done.wait())
    }
}

/// How many descriptors the process has open.
func openDescriptorCount() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}
