// SPDX-License-Identifier: Apache-2.0
import CLinux
import Synchronization
import WebSocketCore

/// One thread that waits for descriptors, timers and work of other threads, and calls their handlers.
///
/// Work per turn is bounded, so that nobody starves: at most `eventsPerTurn` descriptors, at most `timersPerTurn`
/// timers, and the tasks and sources that were there when the turn began; whatever a handler adds comes next turn. How
/// long a handler takes is its own affair, by `turnNumber` and `leftWork`: a node by its `TurnBudget`.
///
/// `start`, `stopAndJoin`, `post` and `LoopSource.signal` may be called from any thread; everything else is loop-bound.
final class EventLoop: @unchecked Sendable {
    static let eventsPerTurn = 128
    static let timersPerTurn = 1024
    /// Registration 0 is the loop's own wake descriptor.
    private static let wakeIndex: UInt64 = 0

    private enum State { case idle, starting, running, stopping }

    /// Names one registered descriptor; void after `remove`, even if the descriptor's number comes again.
    struct Registration: Equatable {
        fileprivate let index: UInt32
        fileprivate let generation: UInt32

        fileprivate var data: UInt64 {
            UInt64(generation) << 32 | UInt64(index)
        }
    }

    private struct Slot {
        var handler: (any LoopHandler)?
        var descriptor: Int32
        var generation: UInt32
        var interest: UInt32 = 0
    }

    // Shared among threads, under `lock`.
    private let lock = Lock()
    private var state = State.idle
    private var tasks: [any LoopTask] = []
    private var sources: [LoopSource] = []
    private var isWoken = false
    private var thread: Thread?
    /// `pthread_self` of the loop's thread, 0 while there is none.
    private let threadNumber = Atomic<UInt>(0)

    // Loop-bound.
    private(set) var epoll: Int32 = -1
    private(set) var wake: Int32 = -1
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var timers = TimerHeap()
    private var tasksOfTurn: [any LoopTask] = []
    private var sourcesOfTurn: [LoopSource] = []
    private let events: UnsafeMutableBufferPointer<epoll_event>
    /// When the present turn began.
    private(set) var nowNanoseconds: UInt64 = 0
    /// Of the present turn, from 1 on.
    private(set) var turnNumber: UInt64 = 0
    /// How many had more to do in the turn before than they were given time for.
    private(set) var busyNodes = 0
    private var busyNodesOfTurn = 0

    /// Where streams receive into. One for all: what is received is consumed before the handler returns.
    let receiveBuffer: UnsafeMutableRawBufferPointer
    /// Where TLS decrypts to.
    let plaintextBuffer: UnsafeMutableRawBufferPointer
    private static let bufferBytes = 128 * 1024
    /// Where TLS encrypts to.
    let outputBuffers = BufferPool(bufferBytes: 272 * 1024, keptMax: 4)
    let resolver: Resolver

    init(resolver: Resolver = .shared) {
        self.resolver = resolver
        events = .allocate(capacity: Self.eventsPerTurn)
        receiveBuffer = Self.buffer()
        plaintextBuffer = Self.buffer()
    }

    /// malloc's. Empty: there is no memory, and the loop does not start.
    private static func buffer() -> UnsafeMutableRawBufferPointer {
        let start = malloc(bufferBytes)
        return UnsafeMutableRawBufferPointer(start: start, count: start == nil ? 0 : bufferBytes)
    }

    deinit {
        events.deallocate()
        free(receiveBuffer.baseAddress)
        free(plaintextBuffer.baseAddress)
    }

    var isCurrentThread: Bool {
        threadNumber.load(ordering: .relaxed) == UInt(pthread_self())
    }

    func assertOnLoop() {
        assert(isCurrentThread, "loop-bound, but called from another thread")
    }
}

// MARK: Life

extension EventLoop: ThreadBody {
    /// Starts the thread. ENOMEM, EMFILE, EAGAIN and the like: there is none. EBUSY: it runs, or has not ended yet; a
    /// loop that was stopped from another thread has ended when `stopAndJoin` returns, and can start again.
    func start() throws(SystemError) {
        guard !receiveBuffer.isEmpty, !plaintextBuffer.isEmpty else {
            throw SystemError(number: ENOMEM, call: "malloc")
        }
        let isFree = lock.withLock { () -> Bool in
            if state != .idle { return false }
            state = .starting
            return true
        }
        if !isFree { throw SystemError(number: EBUSY, call: "EventLoop.start") }
        do throws(SystemError) {
            epoll = try Syscalls.epollCreate()
            wake = try Syscalls.eventDescriptor()
            try watchWake()
            // Index 0 is never given to a handler.
            slots = [Slot(handler: nil, descriptor: wake, generation: 0)]
            // The lock is held until the handle is stored: the thread may end, and a stop come, at once.
            lock.lock()
            defer { lock.unlock() }
            thread = try Thread.start(self, name: "neuron_ws")
            state = .running
        } catch {
            closeDescriptors()
            lock.withLock { state = .idle }
            throw error
        }
    }

    /// Runs everything that was posted before, then ends the thread and lets go of all handlers. Called on the loop's
    /// own thread it cannot wait: the thread then ends by itself after the handler has returned.
    func stopAndJoin() {
        lock.lock()
        guard state == .running, let running = thread else {
            lock.unlock()
            return
        }
        state = .stopping
        thread = nil
        wakeLocked()
        lock.unlock()
        if running.isCurrent {
            running.detach()
        } else {
            running.join()
        }
    }

    func runOnThread() {
        threadNumber.store(UInt(pthread_self()), ordering: .relaxed)
        while runTurn() {}
        threadNumber.store(0, ordering: .relaxed)
        closeDescriptors()
        let rest = (slots, timers)
        slots = []
        freeSlots = []
        timers = TimerHeap()
        lock.withLock {
            isWoken = false
            state = .idle
        }
        // Handlers end here, without a lock: their deinitialisers may do anything.
        withExtendedLifetime(rest) {}
    }

    private func closeDescriptors() {
        if epoll >= 0 { Syscalls.close(epoll) }
        if wake >= 0 { Syscalls.close(wake) }
        epoll = -1
        wake = -1
    }

    /// False: the loop has been stopped and everything posted before has run.
    private func runTurn() -> Bool {
        let count: Int
        var lost: [Registration] = []
        do throws(SystemError) {
            count = try Syscalls.epollWait(epoll, events, timeoutMilliseconds: waitMilliseconds())
        } catch {
            count = 0
            lost = repair()
        }
        nowNanoseconds = Clock.monotonicNanoseconds
        turnNumber &+= 1
        busyNodes = busyNodesOfTurn
        busyNodesOfTurn = 0
        for index in 0..<count { dispatch(events[index]) }
        // What came while the process was stopped came in time; epoll_wait tells of none of it where SIGCONT ended it.
        if timers.isLate(now: nowNanoseconds) {
            let more = (try? Syscalls.epollWait(epoll, events, timeoutMilliseconds: 0)) ?? 0
            for index in 0..<more { dispatch(events[index]) }
        }
        for registration in lost {
            if let slot = slot(registration) {
                slots[slot].handler?.descriptorReady(EPOLLERR.rawValue | EPOLLHUP.rawValue)
            }
        }
        fireTimers()
        return runPosted()
    }

    /// Between two attempts to have descriptors from a system that gives none, ms.
    private static let repairPauseMilliseconds: Int32 = 50

    /// Only somebody else who closes our descriptors (a host that becomes a daemon, and closes all it finds) makes the
    /// wait fail. The loop takes new ones in their place, and timers, tasks and what was left alone go on. The old
    /// numbers may be somebody else's by now, and are not closed.
    /// - Returns: whose own descriptor is gone too: they hear of an error.
    private func repair() -> [Registration] {
        do throws(SystemError) {
            epoll = try Syscalls.epollCreate()
            try watchWake()
        } catch {
            // The next turn tries again.
            epoll = -1
            Syscalls.pause(milliseconds: Self.repairPauseMilliseconds)
            return []
        }
        var lost: [Registration] = []
        for index in slots.indices where slots[index].handler != nil {
            let slot = slots[index]
            let registration = Registration(index: UInt32(truncatingIfNeeded: index), generation: slot.generation)
            do throws(SystemError) {
                try Syscalls.epollControl(
                    epoll, EPOLL_CTL_ADD, slot.descriptor, interest: slot.interest, data: registration.data)
            } catch { lost.append(registration) }
        }
        return lost
    }

    /// Under the lock: other threads write to it.
    private func watchWake() throws(SystemError) {
        let interest = EPOLLIN.rawValue | EPOLLET.rawValue
        lock.lock()
        defer { lock.unlock() }
        do throws(SystemError) {
            try Syscalls.epollControl(epoll, EPOLL_CTL_ADD, wake, interest: interest, data: Self.wakeIndex)
        } catch {
            wake = try Syscalls.eventDescriptor()
            try Syscalls.epollControl(epoll, EPOLL_CTL_ADD, wake, interest: interest, data: Self.wakeIndex)
        }
        // What was written to the old one is lost, and what waits is run in this turn.
        isWoken = false
    }

    private func dispatch(_ event: epoll_event) {
        let data = event.data.u64
        // Edge-triggered: each write is an event of its own, and reading it would be a system call for nothing.
        if data == Self.wakeIndex { return }
        // A handler earlier in this batch may have removed this one, and its slot may serve another descriptor already:
        // then the generations differ.
        let index = Int(data & 0xffff_ffff)
        guard index < slots.count, slots[index].generation == UInt32(data >> 32),
            let handler = slots[index].handler
        else { return }
        handler.descriptorReady(event.events)
    }

    /// Rounded up, so that a timer is never early and the loop does not spin in the millisecond before it.
    private func waitMilliseconds() -> Int32 {
        guard let deadline = timers.nextDeadlineNanoseconds else { return -1 }
        let now = Clock.monotonicNanoseconds
        if deadline <= now { return 0 }
        return Int32(clamping: (deadline - now - 1) / 1_000_000 + 1)
    }

    private func fireTimers() {
        let sequenceEnd = timers.sequenceEnd
        for _ in 0..<Self.timersPerTurn {
            guard let due = timers.popDue(nowNanoseconds, scheduledBefore: sequenceEnd) else { return }
            due.handler.timerFired(due.token)
        }
    }

    private func runPosted() -> Bool {
        lock.lock()
        swap(&tasks, &tasksOfTurn)
        swap(&sources, &sourcesOfTurn)
        isWoken = false
        let isStopping = state == .stopping
        lock.unlock()
        for index in tasksOfTurn.indices { tasksOfTurn[index].runOnLoop() }
        tasksOfTurn.removeAll(keepingCapacity: true)
        for index in sourcesOfTurn.indices { sourcesOfTurn[index].deliver() }
        sourcesOfTurn.removeAll(keepingCapacity: true)
        // Nothing is taken in once the loop is stopping: this was the last batch.
        return !isStopping
    }
}

// MARK: From other threads

extension EventLoop {
    /// Hands work to the loop's thread. Tasks run in the order in which they were posted. False: the loop does not run,
    /// and the task never will.
    @discardableResult
    func post(_ task: any LoopTask) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard state == .running else { return false }
        tasks.append(task)
        wakeLocked()
        return true
    }

    func enqueue(_ source: LoopSource) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard state == .running else { return false }
        sources.append(source)
        wakeLocked()
        return true
    }

    /// One wake per batch: the descriptor is written by whoever finds the flag clear. Written under the lock, so that a
    /// stop cannot close it in between; the loop's own thread comes round anyway, but must not wait in epoll then.
    private func wakeLocked() {
        if isWoken { return }
        isWoken = true
        Syscalls.raise(wake)
    }
}

// MARK: Loop-bound

extension EventLoop {
    /// Registers `descriptor`, which stays the caller's to close: after `remove`.
    func add(
        _ descriptor: Int32, interest: UInt32, _ handler: any LoopHandler
    ) throws(SystemError) -> Registration {
        assertOnLoop()
        let index = freeSlots.popLast() ?? UInt32(truncatingIfNeeded: slots.count)
        if Int(index) == slots.count { slots.append(Slot(handler: nil, descriptor: -1, generation: 0)) }
        let registration = Registration(index: index, generation: slots[Int(index)].generation)
        do throws(SystemError) {
            try Syscalls.epollControl(
                epoll, EPOLL_CTL_ADD, descriptor, interest: interest, data: registration.data)
        } catch {
            freeSlots.append(index)
            throw error
        }
        slots[Int(index)].handler = handler
        slots[Int(index)].descriptor = descriptor
        slots[Int(index)].interest = interest
        return registration
    }

    func modify(_ registration: Registration, interest: UInt32) throws(SystemError) {
        assertOnLoop()
        guard let slot = slot(registration) else { return }
        slots[slot].interest = interest
        try Syscalls.epollControl(
            epoll, EPOLL_CTL_MOD, slots[slot].descriptor, interest: interest, data: registration.data)
    }

    /// From here on the handler hears nothing more of the descriptor, not even what this turn has found already.
    func remove(_ registration: Registration) {
        assertOnLoop()
        guard let slot = slot(registration) else { return }
        do throws(SystemError) {
            try Syscalls.epollControl(epoll, EPOLL_CTL_DEL, slots[slot].descriptor, interest: 0, data: 0)
        } catch {
            // Closed before it was removed: epoll has forgotten it by itself.
        }
        slots[slot].handler = nil
        slots[slot].descriptor = -1
        slots[slot].generation &+= 1
        freeSlots.append(registration.index)
    }

    /// Calls `handler.timerFired(token)` at or shortly after the deadline (`Clock.monotonicNanoseconds`), on a later
    /// turn even if the deadline has passed.
    func schedule(at deadlineNanoseconds: UInt64, _ handler: any LoopHandler, token: UInt64) -> TimerID {
        assertOnLoop()
        // One that is late already stands behind those that are due, or whoever makes such ones would be the only one
        // to be called.
        return timers.schedule(at: max(deadlineNanoseconds, nowNanoseconds), handler, token: token)
    }

    /// Somebody's turn is over and its work is not; to be said once in a turn.
    func leftWork() { busyNodesOfTurn += 1 }

    func cancel(_ timer: TimerID) {
        assertOnLoop()
        timers.cancel(timer)
    }

    private func slot(_ registration: Registration) -> Int? {
        let index = Int(registration.index)
        guard index < slots.count, slots[index].generation == registration.generation,
            slots[index].handler != nil
        else { return nil }
        return index
    }
}
