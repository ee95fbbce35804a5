// SPDX-License-Identifier: Apache-2.0
import CLinux
import Synchronization

/// How often this process is the forked child of another, counted since the library was first used.
private let forkGeneration = Atomic<UInt>(0)

/// What fork() means to us: threads do not survive it, locks may be held by threads that are gone.
///
/// A node remembers the generation it was made in; in the child that differs, and its functions do nothing. Only the
/// locks of `Runtime` are needed again in the child: they are held across the fork, so that they are free after it.
enum Fork {
    static var generation: UInt { forkGeneration.load(ordering: .relaxed) }

    /// To be called once, by whoever holds locks across the fork: `prepare` before it, `parent` and `child` after it,
    /// each in its process.
    static func observe(
        prepare: @convention(c) () -> Void, parent: @convention(c) () -> Void, child: @convention(c) () -> Void
    ) {
        // First of the child's: functions run in the order in which they were registered there.
        pthread_atfork(nil, nil, { forkGeneration.add(1, ordering: .relaxed) })
        pthread_atfork(prepare, parent, child)
    }
}
