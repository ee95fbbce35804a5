// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Something that other threads fill and the loop's thread empties: a mailbox, for example. Subclasses override
/// `sourceSignalled`.
///
/// However often it is signalled before the loop comes round, the loop is told once; only the first signal takes a
/// lock, and only the first of all sources and tasks of a batch makes a system call.
class LoopSource: @unchecked Sendable {
    private let loop: EventLoop
    private let isSignalled = Atomic<Bool>(false)

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// From any thread, after having stored what the loop shall find. Costs an atomic exchange when the loop already
    /// knows. A signal to a loop that has stopped is lost, and remembered as not given.
    final func signal() {
        // An exchange, not a load before it: it orders what the producer stored before against the loop's reads.
        if isSignalled.exchange(true, ordering: .acquiringAndReleasing) { return }
        if !loop.enqueue(self) { isSignalled.store(false, ordering: .releasing) }
    }

    /// On the loop's thread: from here on a signal counts anew.
    final func deliver() {
        _ = isSignalled.exchange(false, ordering: .acquiringAndReleasing)
        sourceSignalled()
    }

    /// On the loop's thread, with no lock held. Everything stored before any `signal` so far is visible.
    func sourceSignalled() {}
}
