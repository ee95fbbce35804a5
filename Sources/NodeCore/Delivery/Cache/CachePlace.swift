// SPDX-License-Identifier: Apache-2.0
/// Who opens, closes and deletes what a node has on disk: one thread at a time, without the node's lock, because it
/// takes long. What another one wants meanwhile waits, is done by the one that has it, or need not be done.
///
/// Who has it runs no callback of the host's, so that nobody waits for itself. What changes is told to all who wait.
///
/// What could not be opened is tried again while the node runs, each time behind a longer wait; whoever asks for it to
/// be opened does not wait for that.
///
/// Pure. Not locked: it is under the node's lock. Times in nanoseconds on the monotonic clock.
public struct CachePlace: Sendable {
    private enum State { case closed, opening, open, closing }

    /// What a thread that wants something does.
    public enum Turn: Equatable, Sendable {
        /// It has the place now, and gives it back.
        case has
        /// There is nothing for it to do: it is done, or another thread does it.
        case passes
        /// Another thread has the place: it asks again when that has given it back.
        case waits
    }

    private var state = State.closed
    /// What is left has, or gets, its outcome: nothing is opened any more.
    private var isEnding = false
    /// What is on disk goes when the node ends.
    public private(set) var isForgotten = false
    /// How often in a row it could not be opened.
    private var failures: UInt64 = 0
    private var failedAt: UInt64 = 0

    public init() {}

    /// It was opened, and is neither deleted nor closed.
    public var isOpen: Bool { state == .open }

    /// It is being closed or deleted: a session that begins now would use what is going.
    public var isClosing: Bool { state == .closing }

    /// It is to be opened. Who has it says by `opened` what came of it.
    public mutating func open() -> Turn {
        if isEnding || state == .opening || state == .open { return .passes }
        if state == .closing { return .waits }
        state = .opening
        // What was to be deleted is: another one is wanted now.
        isForgotten = false
        return .has
    }

    /// - Parameter isThere: false: there was a fault, and it is closed.
    public mutating func opened(_ isThere: Bool, now: UInt64) {
        assert(state == .opening)
        state = isThere ? .open : .closed
        failures = isThere ? 0 : min(failures + 1, 16)
        failedAt = now
    }

    /// When it is to be opened again though nobody asks for it; nil: it is open, or nobody wanted it to be.
    public var retryAt: UInt64? {
        guard state == .closed, failures > 0, !isForgotten, !isEnding else { return nil }
        return failedAt &+ min(MessageCache.retryMax, MessageCache.retryMin << (failures - 1))
    }

    /// What is on disk is to be deleted. Who has it says by `closed` that it is.
    /// - Parameter isRunning: there is a session, which uses what is open.
    public mutating func forget(isRunning: Bool) -> Turn {
        if state == .opening || state == .closing { return .waits }
        isForgotten = true
        // The end deletes it, as the last that it does.
        if state == .open, isRunning || isEnding { return .passes }
        state = .closing
        return .has
    }

    /// What is left is about to get its outcome, from what is open. Its own callbacks may ask again.
    public mutating func end() -> Turn {
        // What it holds of the messages needs its outcome too, and behind an opening they can be stored.
        if state == .closing || state == .opening { return .waits }
        isEnding = true
        return .has
    }

    /// All have their outcome. - Returns: true: what is open is closed now, and deleted if it `isForgotten`; who does
    ///   it says by `closed` that it is.
    public mutating func close() -> Bool {
        guard state == .open else { return false }
        state = .closing
        return true
    }

    public mutating func closed() {
        assert(state == .closing)
        state = .closed
    }
}
