// SPDX-License-Identifier: Apache-2.0
/// Waits until what runs on a loop has returned: what only its frames still hold, a connection with its keys, is gone
/// then.
final class TurnEnd: LoopTask, @unchecked Sendable {
    private let lock = Lock()
    private let changed = Condition()
    private var hasCome = false

    private init() {}

    /// From another thread than the loop's. Where the loop has ended there is nothing to wait for.
    static func wait(on loop: EventLoop) {
        let end = TurnEnd()
        guard loop.post(end) else { return }
        end.lock.lock()
        while !end.hasCome { end.changed.wait(end.lock) }
        end.lock.unlock()
    }

    func runOnLoop() {
        lock.lock()
        hasCome = true
        changed.broadcast()
        lock.unlock()
    }
}
