// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Events that wait for a host with a loop of its own, oldest first: what is held, what is joined, what is dropped.
///
/// Outcomes of messages are never dropped. They are held as runs, and a run that continues the last waiting event is
/// joined to it. Each message adds one run at most, and a node takes no message while `runsMax` past its queue's limit
/// wait (`Mailbox`): that, and not a loss, is what bounds them. Nor are the ends of commands, which `CommandTable`
/// bounds likewise; a response past `bytesMax` ends its command without it. The last state is never dropped either:
/// past `statesMax` a new one takes the place of the last that waits. All else is dropped past its limit, and counted;
/// how many is told once there is room again: in front of the next event that could have been dropped, or behind all
/// that wait.
///
/// Invariants: `states <= statesMax`; `gaps <= others <= eventsMax`; fewer than `bytesMax` bytes wait, and one event's
/// and those of refusals more; `runs` is the number of waiting deliveries.
public struct EventBacklog {
    /// Messages, requests and log lines that wait at most; documented in the header.
    public static let eventsMax = Int(NEURON_WS_EVENTS_MAX)
    /// Bytes in them: one is taken, however large, while fewer wait. A message larger than this is thus delivered.
    public static let bytesMax = Int(NEURON_WS_EVENTS_BYTES_MAX)
    public static let statesMax = Int(NEURON_WS_EVENT_STATES_MAX)
    /// Runs of outcomes that wait at most, past the queue's limit in messages.
    public static let runsMax = Int(NEURON_WS_EVENT_RUNS_MAX)
    /// What became of an event.
    public enum Verdict: Equatable, Sendable {
        case held
        /// It, or the state whose place it took, will not be told; so many so far.
        case dropped(count: UInt64)
    }

    /// Blocks of the events that wait: the first of them begins at `head`.
    private var first = EventBlock()
    private var last: EventBlock
    private var head = 0
    private var waiting = 0
    private var states = 0
    private var others = 0
    private var gaps = 0
    private var bytes = 0
    /// Where the last waiting state is; nil: none waits.
    private var lastState: (block: EventBlock, index: Int)?
    /// Waiting deliveries.
    public private(set) var runs = 0
    /// Waiting ends of commands.
    public private(set) var responses = 0
    /// News of room waits: more of it says nothing new.
    private var hasRoom = false
    public private(set) var droppedCount: UInt64 = 0
    /// Of these, which the host has not been told of.
    private var untold: UInt64 = 0
    /// The host is told of them.
    public var tellsDrops = false {
        didSet { if !tellsDrops { untold = 0 } }
    }

    private let hasMemory: @Sendable (Int) -> Bool

    public init() { self.init { EventBlock.hasMemory($0) } }

    /// `hasMemory` is for tests: whether so many bytes could be had.
    init(hasMemory: @escaping @Sendable (Int) -> Bool) {
        self.hasMemory = hasMemory
        last = first
    }

    /// Whether there is memory for one more event. Nothing is asked while there is a place left for it.
    public var mayGrow: Bool {
        !last.isFull || hasMemory(EventBlock.byteCount)
    }

    public var isEmpty: Bool { waiting == 0 && untold == 0 }

    public mutating func append(_ event: NodeEvent) -> Verdict {
        switch event {
        case .message, .request, .log:
            guard others < Self.eventsMax, bytes < Self.bytesMax, mayGrow else { return lost() }
            if untold > 0 {
                hold(.dropped(count: untold))
                untold = 0
                guard mayGrow else { return lost() }
            }
        case .state where states == Self.statesMax:
            guard let lastState else { break }
            lastState.block.events[lastState.index] = event
            return lost()
        case .response(let id, _, let kind, .some, let level) where bytes >= Self.bytesMax:
            hold(.response(id: id, .NEURON_WS_NO_MEMORY, kind, nil, level))
            return .held
        case .delivery, .state, .response, .room, .dropped: break
        }
        hold(event)
        return .held
    }

    /// There is room for it, or it needs none.
    private mutating func hold(_ event: NodeEvent) {
        switch event {
        case .delivery(let run):
            if waiting > 0, case .delivery(var before) = last.events[last.events.count - 1], before.join(run) {
                last.events[last.events.count - 1] = .delivery(before)
                return
            }
            runs += 1
        case .state: states += 1
        case .response: responses += 1
        case .room:
            if hasRoom { return }
            hasRoom = true
        case .message, .request, .log: others += 1
        case .dropped: gaps += 1
        }
        bytes += event.bytes?.count ?? 0
        if last.isFull {
            let block = EventBlock()
            last.next = block
            last = block
        }
        if case .state = event { lastState = (last, last.events.count) }
        last.events.append(event)
        waiting += 1
    }

    /// Also an event that could not even be made, for want of memory.
    public mutating func lost() -> Verdict {
        droppedCount &+= 1
        if tellsDrops { untold &+= 1 }
        return .dropped(count: droppedCount)
    }

    /// The next event. `singly`: a run of outcomes comes message by message, for a host that knows no runs.
    public mutating func take(singly: Bool = false) -> NodeEvent? {
        if waiting == 0 {
            defer { untold = 0 }
            return untold > 0 ? .dropped(count: untold) : nil
        }
        let next = first.events[head]
        switch next {
        case .delivery(var run):
            if singly, run.count > 1, let first = run.removeFirst() {
                self.first.events[head] = .delivery(run)
                return .delivery(first)
            }
            runs -= 1
            if let carried = run.closeReason { forget(carried) }
        case .state:
            states -= 1
            if states == 0 { lastState = nil }
        case .room: hasRoom = false
        case .dropped: gaps -= 1
        case .response(_, _, _, let carried, _):
            responses -= 1
            if let carried { forget(carried) }
        case .message(_, let carried), .request(_, let carried), .log(_, _, let carried):
            others -= 1
            forget(carried)
        }
        head += 1
        waiting -= 1
        if head == first.events.count {
            head = 0
            if let after = first.next { first = after } else { first.events.removeAll(keepingCapacity: true) }
        }
        return next
    }

    /// The next event's bytes go with it: nothing is kept for those that are gone but not yet removed.
    private mutating func forget(_ carried: EventBytes) {
        bytes -= carried.count
        first.events[head] = .state(link: 0, phase: .NEURON_WS_PHASE_IDLE, reason: .NEURON_WS_REASON_NONE)
    }

    /// Takes the requests out, and names them.
    public mutating func removeRequests() -> [UInt] {
        var handles: [UInt] = []
        var rest = EventBacklog(hasMemory: hasMemory)
        rest.tellsDrops = tellsDrops
        while waiting > 0, let event = take() {
            if case .request(let handle, _) = event { handles.append(handle) } else { rest.hold(event) }
        }
        rest.droppedCount = droppedCount
        rest.untold = untold
        self = rest
        return handles
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants() {
        var counts = (states: 0, others: 0, runs: 0, responses: 0, gaps: 0, bytes: 0)
        var count = 0
        var block: EventBlock? = first
        var start = head
        while let some = block {
            for event in some.events[start...] {
                switch event {
                case .state: counts.states += 1
                case .delivery: counts.runs += 1
                case .response: counts.responses += 1
                case .room: break
                case .dropped: counts.gaps += 1
                case .message, .request, .log: counts.others += 1
                }
                counts.bytes += event.bytes?.count ?? 0
                count += 1
            }
            start = 0
            block = some.next
        }
        precondition(count == waiting && (lastState == nil) == (states == 0))
        precondition(counts == (states, others, runs, responses, gaps, bytes))
        precondition(states <= Self.statesMax && others <= Self.eventsMax && gaps <= Self.eventsMax)
    }
}
