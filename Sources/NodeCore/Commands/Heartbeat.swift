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
/// The time of an answer runs from when the heartbeat left; until it has come, or is too late, no other goes out.
public struct Heartbeat {
    /// What is to be done now.
    public enum Action: Equatable, Sendable { case none, send, timedOut }

    private enum State {
        case idle
        /// It is on its way to the kernel.
        case leaving
        case awaiting(until: UInt64)
    }

    private let options: HeartbeatOptions
    private var state = State.idle
    private var next: UInt64

    public init(_ options: HeartbeatOptions, now: UInt64) {
        self.options = options
        next = now &+ options.interval
    }

    /// When `timerFired` is due; nil: not before something else has happened.
    public var deadline: UInt64? {
        switch state {
        case .idle: next
        case .leaving: nil
        case .awaiting(let until): until
        }
    }

    public mutating func timerFired(now: UInt64) -> Action {
        guard let deadline, now >= deadline else { return .none }
        if case .awaiting = state { return .timedOut }
        state = .leaving
        next = now &+ options.interval
        return .send
    }

    /// The kernel has it whole.
    public mutating func left(now: UInt64) {
        guard case .leaving = state else { return }
        state = options.expects == .nothing ? .idle : .awaiting(until: now &+ options.timeout)
    }

    /// A message came. - Returns: whether it is the answer, and the host's all the same.
    public mutating func messageReceived(_ message: UnsafeRawBufferPointer) -> Bool {
        guard case .awaiting = state else { return false }
        switch options.expects {
        case .nothing: return false
        case .anyMessage:
            state = .idle
            // It may be whatever: it stays what it is besides.
            return false
        case .member(let pointer, let value):
            guard let found = pointer.find(in: message) else { return false }
            if let value {
                guard JSONPointer.text(of: found, bytesMax: value.count) == value else { return false }
            }
            state = .idle
            return true
        }
    }
}
