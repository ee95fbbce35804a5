// SPDX-License-Identifier: Apache-2.0

/// One timer of a handler's: `timerFired` is called with its token. Loop-bound.
struct LoopTimer {
    let token: UInt64
    private var id: TimerID?
    private var deadline: UInt64 = .max

    init(token: UInt64) { self.token = token }

    var isSet: Bool { id != nil }

    /// It fires at this deadline (monotonic nanoseconds) or before it: one that is set for an earlier time stays, and
    /// fires for nothing then, which is cheaper than to move it with each message.
    mutating func set(at deadline: UInt64, _ loop: EventLoop, _ handler: any LoopHandler) {
        if id != nil, self.deadline <= deadline { return }
        move(to: deadline, loop, handler)
    }

    /// It fires at this deadline. - Parameter deadline: nil: never.
    mutating func move(to deadline: UInt64?, _ loop: EventLoop, _ handler: any LoopHandler) {
        cancel(loop)
        guard let deadline else { return }
        self.deadline = deadline
        id = loop.schedule(at: deadline, handler, token: token)
    }

    mutating func cancel(_ loop: EventLoop) {
        if let id { loop.cancel(id) }
        fired()
    }

    /// To be said first where it has fired.
    mutating func fired() {
        id = nil
        deadline = .max
    }
}
