// SPDX-License-Identifier: Apache-2.0
/// What the pages are told, and what becomes of what they say. It decides; `LivePages` carries out.
struct LiveHub {
    /// A gateway's connection.
    struct Connection {
        let number: Int
        let address: String
        let path: String
        let subprotocol: String
        /// When it was opened.
        let unixMilliseconds: Int64
    }

    struct Closing {
        let code: Int
        let reason: String
        let unixMilliseconds: Int64
    }

    /// A point in time by both clocks.
    struct Moment {
        let unixMilliseconds: Int64
        /// CLOCK_MONOTONIC.
        let milliseconds: Int64
    }

    enum Request: Equatable {
        case nothing
        /// To be answered with `sent`.
        case send(id: Int64, text: [UInt8], connections: [Int])
        case unplug(seconds: Int)
        case plug
    }

    private struct Page {
        var queue = PageQueue()
        var second: Int64 = 0
        var received = 0
        /// Why it is closed.
        var closing: (code: UInt16, reason: String)?
    }

    /// A larger message is not shown whole.
    static let shownBytesMax = 1 << 20
    static let receivedPerSecondMax = 100

    private var connections: [Int: Connection] = [:]
    private var pages: [Int: Page] = [:]
    private var unpluggedUntil: Int64?

    /// Whether anybody looks.
    var hasPages: Bool { !pages.isEmpty }

    var pageNumbers: [Int] { pages.keys.sorted() }

    // MARK: Gateways

    mutating func opened(_ connection: Connection, _ now: Moment) {
        connections[connection.number] = connection
        tell(LiveText.connection(connection), now)
    }

    /// - Returns: the pages to wake.
    mutating func received(_ connection: Int, isText: Bool, _ bytes: UnsafeRawBufferPointer, _ now: Moment) -> [Int] {
        guard hasPages else { return [] }
        let message = PageQueue.Message(
            connection: connection, unixMilliseconds: now.unixMilliseconds, isText: isText, byteCount: bytes.count,
            bytes: bytes.count > Self.shownBytesMax ? nil : Array(bytes))
        var woken: [Int] = []
        for number in pages.keys where pages[number]?.queue.add(message, nowMilliseconds: now.milliseconds) == true {
            woken.append(number)
        }
        return woken
    }

    /// One that was never opened is nothing to the pages.
    mutating func closed(_ connection: Int, code: Int?, reason: String, _ now: Moment) {
        guard let gone = connections.removeValue(forKey: connection) else { return }
        // RFC 6455 §7.1.5: without a Close frame it is 1006.
        let closing = Closing(code: code ?? 1006, reason: reason, unixMilliseconds: now.unixMilliseconds)
        tell(LiveText.connection(gone, closed: closing), now)
    }

    mutating func unplugged(milliseconds: Int64, _ now: Moment) {
        unpluggedUntil = now.unixMilliseconds + milliseconds
        tell(LiveText.plug(until: unpluggedUntil), now)
    }

    mutating func plugged(_ now: Moment) {
        guard unpluggedUntil != nil else { return }
        unpluggedUntil = nil
        tell(LiveText.plug(until: nil), now)
    }

    private mutating func tell(_ notice: [UInt8], _ now: Moment) {
        for number in pages.keys { tell(number, notice, now) }
    }

    private mutating func tell(_ page: Int, _ notice: [UInt8], _ now: Moment) {
        pages[page]?.queue.add(notice: notice, nowMilliseconds: now.milliseconds)
    }

    // MARK: Pages

    mutating func pageOpened(_ page: Int, hello: [UInt8], _ now: Moment) {
        pages[page] = Page()
        tell(page, hello, now)
        for number in connections.keys.sorted() {
            if let connection = connections[number] { tell(page, LiveText.connection(connection), now) }
        }
        tell(page, LiveText.plug(until: unpluggedUntil), now)
    }

    mutating func pageEnded(_ page: Int) { pages[page] = nil }

    mutating func pageReceived(
        _ page: Int, isText: Bool, _ bytes: UnsafeRawBufferPointer, _ now: Moment
    ) -> Request {
        guard isAllowed(page, now) else { return .nothing }
        do throws(PageCommand.Failure) {
            switch try PageCommand.parse(isText: isText, bytes) {
            case .unplug(let seconds): return .unplug(seconds: seconds)
            case .plug: return .plug
            case .send(let id, let connection, let text):
                let targets = connection.map { connections[$0] == nil ? [] : [$0] } ?? connections.keys.sorted()
                if !targets.isEmpty { return .send(id: id, text: text, connections: targets) }
                let why = connection.map { "There is no open connection \($0)." } ?? "No gateway is connected."
                tell(page, LiveText.failed(id, why), now)
            }
        } catch { tell(page, LiveText.error(error.text), now) }
        return .nothing
    }

    private mutating func isAllowed(_ page: Int, _ now: Moment) -> Bool {
        guard var sender = pages[page], sender.closing == nil else { return false }
        let second = now.milliseconds / 1000
        if sender.second != second { sender.received = 0 }
        sender.second = second
        sender.received += 1
        if sender.received > Self.receivedPerSecondMax {
            // RFC 6455 §7.4.1: policy violation.
            sender.closing = (1008, "a page may send \(Self.receivedPerSecondMax) messages a second")
        }
        pages[page] = sender
        return sender.closing == nil
    }

    /// The outcome of a `Request.send`: which of the connections have taken it.
    mutating func sent(_ page: Int, id: Int64, to took: [Int], of asked: [Int], _ now: Moment) {
        guard took.isEmpty else { return tell(page, LiveText.sent(id, took), now) }
        let which = asked.count == 1 ? "Connection \(asked[0]) has" : "The connections have"
        tell(page, LiveText.failed(id, "\(which) ended, or not read what was sent before; try again later."), now)
    }

    mutating func nextStep(_ page: Int, nowMilliseconds: Int64) -> PageQueue.Step {
        pages[page]?.queue.nextStep(nowMilliseconds: nowMilliseconds) ?? .idle
    }

    /// Why the page is to be closed; nil: it is not.
    func closing(of page: Int) -> (code: UInt16, reason: String)? { pages[page]?.closing }
}
