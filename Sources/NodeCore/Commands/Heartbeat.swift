// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// A message that is sent at intervals on an open connection, and what its answer is. A setting.
public struct HeartbeatOptions: Equatable, Sendable {
    /// What answers it.
    public enum Expectation: Equatable, Sendable {
        case nothing
        /// Whatever comes.
        case anyMessage
        case member(JSONPointer, value: [UInt8]?)
    }

    /// With "${timestamp}" and "${tai}" in it.
    public var message: [UInt8]
    public var kind: neuron_ws_kind_t
    /// Nanoseconds.
    public var interval: UInt64
    public var timeout: UInt64
    public var expects: Expectation

    public init(
        message: [UInt8], kind: neuron_ws_kind_t, intervalMilliseconds: Int64, timeoutMilliseconds: Int64,
        expects: Expectation
    ) {
        self.message = message
        self.kind = kind
        interval = UInt64(clamping: intervalMilliseconds) &* 1_000_000
        timeout = UInt64(clamping: timeoutMilliseconds) &* 1_000_000
        self.expects = expects
    }

    /// TAI is ahead of UTC by so many seconds since 2017.
    private static let taiOffsetSeconds: Int64 = 37

    /// The message as it goes out: "${timestamp}" is the time in milliseconds since 1970, "${tai}" the TAI time as
    /// AMWA IS-04 and IS-07 write it, seconds and nanoseconds.
    public func text(wallMilliseconds: Int64) -> [UInt8] {
        let seconds = wallMilliseconds / 1000 + Self.taiOffsetSeconds
        let text = Self.replaced(message, "${timestamp}", "\(wallMilliseconds)")
        return Self.replaced(text, "${tai}", "\(seconds):\(wallMilliseconds % 1000 * 1_000_000)")
    }

    private static func replaced(_ text: [UInt8], _ name: StaticString, _ value: String) -> [UInt8] {
        let length = name.utf8CodeUnitCount
        guard text.count >= length else { return text }
        let bytes = UnsafeBufferPointer(start: name.utf8Start, count: length)
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if index + length <= text.count, text[index..<index + length].elementsEqual(bytes) {
                result.append(contentsOf: value.utf8)
                index += length
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}

/// The heartbeats of one open connection: when the next one goes out, and the verdict that one is not answered. Times
/// are monotonic nanoseconds.
///
/// The time of an answer runs from when the heartbeat left, and anew while it is on its way: while the peer
/// acknowledges bytes in front of it, and while the peer's application reads what stands before it, as its receive
/// window tells. Until the answer has come, or is too late, no other goes out.
public struct Heartbeat {
    /// What is to be done now.
    public enum Action: Equatable, Sendable { case none, send, timedOut }

    private enum State {
        case idle
        /// It is on its way to the kernel.
        case leaving
        case awaiting(Wait)
    }

    /// For an answer.
    private struct Wait {
        /// Its place among the commands that went out.
        let order: UInt64
        /// Where it ends among the bytes that the kernel was given.
        let end: UInt64
        /// It left, or it was still on its way.
        var since: UInt64
        /// When progress is looked at next.
        var nextLook: UInt64
        var acknowledged: UInt64
        var windowEnd: UInt64
    }

    /// Progress is looked at so many times in `timeout`.
    private static let looksPerTimeout: UInt64 = 4

    /// So many of those whose answers nothing tells are remembered.
    private static let placesMax = 64

    private let options: HeartbeatOptions
    private var state = State.idle
    /// Of those whose answers nothing tells: each place among what went out, and when its time is over.
    private var places: [(order: UInt64, until: UInt64)] = []
    private var next: UInt64
    /// The widest that the peer's window was: then its application had read all that it had.
    private var windowMax: UInt64 = 0

    /// - Parameter former: that of the same connection before its settings changed; its answers may still come.
    public init(_ options: HeartbeatOptions, now: UInt64, former: Heartbeat? = nil) {
        self.options = options
        next = now &+ options.interval
        places = former?.places ?? []
    }

    /// When `timerFired` is due; nil: not before something else has happened.
    public var deadline: UInt64? {
        switch state {
        case .idle: next
        case .leaving: nil
        case .awaiting(let wait): min(wait.nextLook, wait.since &+ options.timeout)
        }
    }

    /// - Parameter progress: how far the peer has come, as of now; nil: it cannot be told.
    public mutating func timerFired(now: UInt64, progress: SendProgress? = nil) -> Action {
        guard let deadline, now >= deadline else { return .none }
        guard case .awaiting(var wait) = state else {
            state = .leaving
            next = now &+ options.interval
            return .send
        }
        if let progress { note(progress, &wait, now: now) }
        if now >= wait.since &+ options.timeout { return .timedOut }
        wait.nextLook = now &+ max(1, options.timeout / Self.looksPerTimeout)
        state = .awaiting(wait)
        return .none
    }

    /// The kernel has it whole.
    /// - Parameters:
    ///   - order: `CommandTable.heartbeatSent`.
    ///   - end: where it ends among the bytes that the kernel was given.
    public mutating func left(order: UInt64, end: UInt64, now: UInt64, progress: SendProgress? = nil) {
        guard case .leaving = state else { return }
        if options.expects == .nothing { return state = .idle }
        if let progress { noteWindow(progress) }
        if options.expects == .anyMessage {
            places.removeAll { $0.until <= now }
            if places.count == Self.placesMax { places.removeFirst() }
            places.append((order, now &+ options.timeout))
        }
        state = .awaiting(
            Wait(
                order: order, end: end, since: now, nextLook: now &+ max(1, options.timeout / Self.looksPerTimeout),
                acknowledged: progress?.acknowledged ?? 0, windowEnd: progress?.windowEnd ?? 0))
    }

    private mutating func noteWindow(_ progress: SendProgress) {
        guard let end = progress.windowEnd, end > progress.acknowledged else { return }
        windowMax = max(windowMax, end &- progress.acknowledged)
    }

    private mutating func note(_ progress: SendProgress, _ wait: inout Wait, now: UInt64) {
        noteWindow(progress)
        let windowEnd = progress.windowEnd ?? 0
        // What is acknowledged behind it proves nothing.
        let acknowledged = min(progress.acknowledged, wait.end)
        // What it has not read takes room from its window; a window moves by its unit without anybody reading.
        let wasRead = wait.windowEnd &+ KeepAlive.windowStepMin >= wait.end &+ windowMax
        let reads = !wasRead && windowEnd > wait.windowEnd &+ KeepAlive.windowStepMin
        if acknowledged > wait.acknowledged || reads {
            wait.since = max(wait.since, now &- min(progress.acknowledgementAge, now))
            wait.windowEnd = max(wait.windowEnd, windowEnd)
        }
        wait.acknowledged = max(wait.acknowledged, acknowledged)
    }

    /// A message came that is nothing else. Where any message answers, answers come in the order of what went out, as
    /// responses do that nothing else tells.
    /// - Parameters:
    ///   - next: the place of what it would be the response to; nil: of nothing.
    ///   - limit: what has this place went out since it came.
    /// - Returns: it is a heartbeat's, and no response.
    public mutating func takesInOrder(before next: UInt64?, limit: UInt64 = .max) -> Bool {
        guard let first = places.first, first.order < min(next ?? .max, limit) else { return false }
        places.removeFirst()
        return true
    }

    /// What a message that has come is to be asked for: it may answer the heartbeat of this place.
    public struct Question {
        public let place: JSONPointer
        /// Of that heartbeat among the commands that went out.
        public let order: UInt64
    }

    /// A message came. - Returns: nil: it answers nothing by what stands in it.
    public mutating func messageCame() -> Question? {
        guard case .awaiting(let wait) = state else { return nil }
        switch options.expects {
        case .nothing: return nil
        case .anyMessage:
            state = .idle
            // It may be whatever: it stays what it is besides.
            return nil
        case .member(let place, _): return Question(place: place, order: wait.order)
        }
    }

    /// Whether it would answer that heartbeat. It is the response of a command before that, or the answer, `answered`,
    /// and the host's all the same.
    public func isAnswered(_ question: Question, by values: MessageValues) -> Bool {
        guard case .awaiting(let wait) = state, wait.order == question.order,
            case .member(let place, let value) = options.expects
        else { return false }
        return values.has(value, at: place)
    }

    /// Nobody else takes the message that answers the heartbeat of this place.
    public mutating func answered(_ order: UInt64) {
        guard case .awaiting(let wait) = state, wait.order == order else { return }
        state = .idle
    }
}
