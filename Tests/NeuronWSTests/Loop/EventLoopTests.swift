// SPDX-License-Identifier: Apache-2.0
import CLinux
import Synchronization
import Testing

@testable import NeuronWS

@Suite struct EventLoopTests {
    private func running(_ body: (EventLoop) throws -> Void) throws {
        let loop = EventLoop()
        try loop.start()
        defer { loop.stopAndJoin() }
        try body(loop)
    }

    @Test func runsTasksInOrderOnItsOwnNamedThread() throws {
        try running { loop in
            var seen: [Int] = []
            var name = [CChar](repeating: 0, count: 16)
            var onLoop = false
            for number in 0..<100 { loop.post(ClosureTask { seen.append(number) }) }
            loop.perform {
                onLoop = loop.isCurrentThread
                pthread_getname_np(pthread_self(), &name, 16)
            }
            #expect(seen == Array(0..<100))
            #expect(onLoop && !loop.isCurrentThread)
            #expect(name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } == "neuron_ws")
        }
    }

    @Test func blocksAllSignalsInItsThreadAndLeavesTheCallersAlone() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &before)
        try running { loop in
            var ofLoop = sigset_t()
            loop.perform { pthread_sigmask(SIG_SETMASK, nil, &ofLoop) }
            for signal in [SIGINT, SIGTERM, SIGUSR1, SIGPIPE, SIGALRM, SIGHUP] {
                #expect(sigismember(&ofLoop, signal) == 1)
            }
            var ours = sigset_t()
            pthread_sigmask(SIG_SETMASK, nil, &ours)
            for signal in [SIGINT, SIGTERM, SIGUSR1, SIGPIPE, SIGALRM, SIGHUP] {
                #expect(sigismember(&ours, signal) == sigismember(&before, signal))
            }
        }
    }

    @Test func losesNoTaskOfEightThreads() throws {
        try running { loop in
            let perThread = 20_000
            var count = 0
            let threads = try (0..<8).map { _ in
                try spawn { for _ in 0..<perThread { loop.post(ClosureTask { count += 1 }) } }
            }
            for thread in threads { thread.join() }
            var seen = 0
            loop.perform { seen = count }
            #expect(seen == 8 * perThread)
        }
    }

    private final class Mailbox: LoopSource, @unchecked Sendable {
        let lock = Lock()
        var letters = 0
        var taken = 0
        var calls = 0

        func put() {
            lock.withLock { letters += 1 }
            signal()
        }

        override func sourceSignalled() {
            calls += 1
            lock.withLock {
                taken += letters
                letters = 0
            }
        }
    }

    @Test func tellsASourceOfEightThreadsAboutEverything() throws {
        try running { loop in
            let mailbox = Mailbox(loop: loop)
            let threads = try (0..<8).map { _ in try spawn { for _ in 0..<50_000 { mailbox.put() } } }
            for thread in threads { thread.join() }
            // The last signal may still lie in the queue of a turn under way: two turns later it does not.
            loop.perform {}
            loop.perform {}
            #expect(mailbox.lock.withLock { mailbox.taken } == 400_000)
        }
    }

    @Test func tellsASourceOncePerBatch() throws {
        try running { loop in
            let mailbox = Mailbox(loop: loop)
            loop.perform { for _ in 0..<1000 { mailbox.put() } }
            loop.perform {}
            loop.perform {}
            #expect(mailbox.calls == 1 && mailbox.taken == 1000)
        }
    }

    @Test func runsWhatWasPostedBeforeTheStopAndRefusesWhatComesAfter() throws {
        let loop = EventLoop()
        #expect(!loop.post(ClosureTask {}))
        try loop.start()
        var count = 0
        for _ in 0..<1000 { loop.post(ClosureTask { count += 1 }) }
        loop.stopAndJoin()
        #expect(count == 1000)
        #expect(!loop.post(ClosureTask {}))
        loop.stopAndJoin()
    }

    @Test func firesTimersInOrderAndNotEarly() throws {
        try running { loop in
            let handler = RecordingHandler()
            let done = Signal()
            var fired: [UInt64] = []
            var early = 0
            var start: UInt64 = 0
            handler.onTimer = { token in
                fired.append(token)
                if NeuronWS.Clock.monotonicNanoseconds < start + token * 1_000_000 { early += 1 }
                if fired.count == 4 { done.raise() }
            }
            loop.perform {
                start = NeuronWS.Clock.monotonicNanoseconds
                for token: UInt64 in [30, 5, 20, 0] {
                    _ = loop.schedule(at: start + token * 1_000_000, handler, token: token)
                }
            }
            #expect(done.wait())
            loop.perform {}
            #expect(fired == [0, 5, 20, 30])
            #expect(early == 0)
        }
    }

    @Test func aCancelledTimerStaysSilent() throws {
        try running { loop in
            let handler = RecordingHandler()
            let done = Signal()
            var fired: [UInt64] = []
            handler.onTimer = {
                fired.append($0)
                if $0 == 2 { done.raise() }
            }
            loop.perform {
                let now = NeuronWS.Clock.monotonicNanoseconds
                let first = loop.schedule(at: now + 1_000_000, handler, token: 1)
                _ = loop.schedule(at: now + 5_000_000, handler, token: 2)
                loop.cancel(first)
            }
            #expect(done.wait())
            loop.perform {}
            #expect(fired == [2])
        }
    }

    @Test func aTimerThatReschedulesItselfDoesNotStarveTasks() throws {
        try running { loop in
            let handler = RecordingHandler()
            handler.onTimer = { _ in _ = loop.schedule(at: 0, handler, token: 0) }
            loop.perform { _ = loop.schedule(at: 0, handler, token: 0) }
            var ran = false
            loop.perform { ran = true }
            #expect(ran)
            loop.perform { handler.onTimer = { _ in } }
        }
    }

    @Test func aTimerThatIsAlwaysLateDoesNotStarveOtherTimers() throws {
        try running { loop in
            let (late, other) = (RecordingHandler(), RecordingHandler())
            let done = Signal()
            late.onTimer = { _ in _ = loop.schedule(at: 0, late, token: 0) }
            other.onTimer = { _ in done.raise() }
            loop.perform {
                _ = loop.schedule(at: 0, late, token: 0)
                _ = loop.schedule(at: NeuronWS.Clock.monotonicNanoseconds + 5_000_000, other, token: 1)
            }
            #expect(done.wait())
            loop.perform { late.onTimer = { _ in } }
        }
    }

    @Test func aHandlerMayRemoveAnotherOfTheSameBatch() throws {
        try running { loop in
            let handlers = [RecordingHandler(), RecordingHandler()]
            let descriptors = try [Syscalls.eventDescriptor(), Syscalls.eventDescriptor()]
            defer { for descriptor in descriptors { Syscalls.close(descriptor) } }
            var registrations: [EventLoop.Registration?] = [nil, nil]
            var calls = [0, 0]
            let done = Signal()
            for index in 0..<2 {
                handlers[index].onReady = { _ in
                    calls[index] += 1
                    // Both are ready in one batch; whoever comes first takes both away and reuses a slot.
                    for other in 0..<2 { loop.remove(registrations[other]!) }
                    done.raise()
                }
            }
            loop.perform {
                for index in 0..<2 {
                    registrations[index] = try? loop.add(
                        descriptors[index], interest: EPOLLIN.rawValue, handlers[index])
                }
                for descriptor in descriptors { Syscalls.raise(descriptor) }
            }
            #expect(done.wait())
            loop.perform {}
            #expect(calls.reduce(0, +) == 1)
        }
    }

    @Test func startsAndStopsAHundredTimesWithoutLeakingDescriptors() throws {
        let loop = EventLoop()
        try loop.start()
        loop.stopAndJoin()
        for _ in 0..<100 {
            try loop.start()
            loop.perform {}
            loop.stopAndJoin()
        }
        // Other tests of the process open and close descriptors at the same time: a leak of ours would be 200.
        #expect(openDescriptorCount() < 150)
    }

    @Test func startingTwiceIsRefused() throws {
        try running { loop in
            #expect(throws: SystemError(number: EBUSY, call: "")) { try loop.start() }
        }
    }

    @Test func canBeStoppedFromItsOwnThread() throws {
        let ended = Signal()
        final class Guard: LoopHandler {
            let ended: Signal
            init(_ ended: Signal) { self.ended = ended }
            deinit { ended.raise() }
            func descriptorReady(_ events: UInt32) {}
            func timerFired(_ token: UInt64) {}
        }
        let loop = EventLoop()
        try loop.start()
        loop.post(
            ClosureTask {
                _ = loop.schedule(at: .max, Guard(ended), token: 0)
                loop.stopAndJoin()
            })
        #expect(ended.wait())
    }

    /// A host that becomes a daemon may close every descriptor that it finds.
    @Test func aLoopWhoseDescriptorsSomebodyElseClosesGoesOn() throws {
        try running { loop in
            let kept = RecordingHandler()
            let lost = RecordingHandler()
            let heard = Signal()
            let lostHeard = Signal()
            let fired = Signal()
            kept.onReady = { _ in heard.raise() }
            lost.onReady = { if $0 & EPOLLERR.rawValue != 0 { lostHeard.raise() } }
            kept.onTimer = { _ in fired.raise() }
            let event = try Syscalls.eventDescriptor()
            let other = try Syscalls.eventDescriptor()
            let file = try #require(fopen("/dev/null", "r"))
            let null = fileno(file)
            var taken: [Int32] = []
            defer {
                fclose(file)
                for descriptor in [event] + taken { Syscalls.close(descriptor) }
            }
            var registrations: [EventLoop.Registration] = []
            loop.perform {
                for (descriptor, handler) in [(event, kept), (other, lost)] {
                    let interest = EPOLLIN.rawValue | EPOLLET.rawValue
                    if let made = try? loop.add(descriptor, interest: interest, handler) { registrations.append(made) }
                }
                _ = loop.schedule(at: NeuronWS.Clock.monotonicNanoseconds + 200_000_000, kept, token: 0)
                // Not closed, which would let another test have the numbers; and on the loop, whose next wait fails.
                taken = [loop.epoll, loop.wake, other]
                for number in taken { dup2(null, number) }
            }
            #expect(registrations.count == 2)
            #expect(lostHeard.wait())
            Syscalls.raise(event)
            #expect(heard.wait())
            #expect(fired.wait())
            loop.perform { for registration in registrations { loop.remove(registration) } }
        }
    }
}
