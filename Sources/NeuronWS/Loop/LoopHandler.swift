// SPDX-License-Identifier: Apache-2.0
/// Who is told about a descriptor or a timer, on the loop's thread, with no lock held. The loop keeps a handler alive
/// as long as it is registered or has a timer.
protocol LoopHandler: AnyObject {
    /// `events` are those of epoll (EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP …), level-triggered.
    func descriptorReady(_ events: UInt32)
    func timerFired(_ token: UInt64)
}

/// Work handed to the loop's thread by another one.
protocol LoopTask: AnyObject, Sendable {
    func runOnLoop()
}
