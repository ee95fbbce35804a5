// SPDX-License-Identifier: Apache-2.0
/// Gives memory back that nobody has needed for a while, as long as the loop runs: what a backlog took is the system's
/// again two intervals after the backlog has drained.
final class MemoryKeeper: LoopTask, LoopHandler, @unchecked Sendable {
    /// 20 s.
    static let intervalNanoseconds: UInt64 = 20_000_000_000

    /// The loop lets go of its handlers when it ends.
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    static func start(on loop: EventLoop) {
        loop.post(MemoryKeeper(loop))
    }

    func runOnLoop() {
        _ = loop.schedule(at: Clock.monotonicNanoseconds &+ Self.intervalNanoseconds, self, token: 0)
    }

    func descriptorReady(_ events: UInt32) {}

    func timerFired(_ token: UInt64) {
        loop.outputBuffers.trim()
        MessagePool.shared.trim()
        runOnLoop()
    }
}
