// SPDX-License-Identifier: Apache-2.0
#if DEBUG
    import CLinux
    import Synchronization

    /// Lets a test make system calls of one thread fail. Nothing of it is in what is shipped.
    enum SyscallFaults {
        private struct Plan {
            let thread: pthread_t
            var callsLeft: Int
            let number: Int32
        }

        private static let isArmed = Atomic<Int>(0)
        private static let lock = Lock()
        nonisolated(unsafe) private static var plans: [Plan] = []

        /// Of the calls that the calling thread makes from now on, the one after `calls` others fails with errno
        /// `number`, once.
        static func arm(after calls: Int, _ number: Int32) {
            disarm()
            lock.withLock { plans.append(Plan(thread: pthread_self(), callsLeft: calls, number: number)) }
            isArmed.wrappingAdd(1, ordering: .releasing)
        }

        /// The calling thread's calls succeed again. - Returns: true: one had failed.
        @discardableResult
        static func disarm() -> Bool {
            lock.withLock {
                guard let index = plans.firstIndex(where: { pthread_equal($0.thread, pthread_self()) != 0 }) else {
                    return false
                }
                isArmed.wrappingSubtract(1, ordering: .releasing)
                return plans.remove(at: index).callsLeft < 0
            }
        }

        /// The errno that the present call of this thread is to fail with; nil: it is made.
        static func next() -> Int32? {
            if isArmed.load(ordering: .acquiring) == 0 { return nil }
            return lock.withLock {
                guard let index = plans.firstIndex(where: { pthread_equal($0.thread, pthread_self()) != 0 }) else {
                    return nil
                }
                if plans[index].callsLeft < 0 { return nil }
                plans[index].callsLeft -= 1
                return plans[index].callsLeft < 0 ? plans[index].number : nil
            }
        }
    }
#endif
