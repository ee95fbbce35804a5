// SPDX-License-Identifier: Apache-2.0
/// What one page has still to be told: messages of gateways, gathered for a moment, and notices in between, in order.
/// A page that is too slow loses its oldest messages, which are counted; notices it loses none of: a page that does not
/// take them either is given up.
/// Invariant: `queuedBytes` is at most `queuedBytesMax`.
struct PageQueue {
    /// A message of a gateway, shared by the queues of all pages.
    struct Message {
        let connection: Int
        let unixMilliseconds: Int64
        let isText: Bool
        let byteCount: Int
        /// Nil: it was too large to be shown.
        let bytes: [UInt8]?
    }

    private struct Numbered<Content> {
        let number: UInt64
        let milliseconds: Int64
        let content: Content
    }

    enum Step: Equatable {
        case send([UInt8])
        /// Messages are being gathered until then.
        case wait(untilMilliseconds: Int64)
        case idle
        /// It did not even take the notices.
        case giveUp
    }

    /// The document's 8 MiB.
    static let queuedBytesMax = 8 << 20
    static let gatherMilliseconds: Int64 = 50
    /// A gathered batch goes at once when its messages have so many bytes.
    static let batchBytesMax = 256 * 1024
    /// What an entry costs besides its bytes.
    static let entryBytes = 128

    private var messages = Line<Numbered<Message>>()
    private var notices = Line<Numbered<[UInt8]>>()
    private var lastNumber: UInt64 = 0
    private var messageBytes = 0
    private var noticeBytes = 0
    private var skipped = 0
    private var isGivenUp = false

    var queuedBytes: Int { messageBytes + noticeBytes }

    /// - Returns: whether the page must be asked anew for its next step.
    mutating func add(_ message: Message, nowMilliseconds: Int64) -> Bool {
        guard !isGivenUp else { return false }
        let wasQuiet = messages.isEmpty
        let wasFull = messageBytes >= Self.batchBytesMax
        let cost = Self.cost(message)
        makeRoom(for: cost)
        guard queuedBytes + cost <= Self.queuedBytesMax else {
            skipped += 1
            return false
        }
        lastNumber += 1
        messages.append(Numbered(number: lastNumber, milliseconds: nowMilliseconds, content: message))
        messageBytes += cost
        return wasQuiet || !wasFull && messageBytes >= Self.batchBytesMax
    }

    /// - Parameter notice: a whole message of JSON.
    mutating func add(notice: [UInt8], nowMilliseconds: Int64) {
        guard !isGivenUp else { return }
        let cost = notice.count + Self.entryBytes
        makeRoom(for: cost)
        guard queuedBytes + cost <= Self.queuedBytesMax else {
            self = PageQueue()
            isGivenUp = true
            return
        }
        lastNumber += 1
        notices.append(Numbered(number: lastNumber, milliseconds: nowMilliseconds, content: notice))
        noticeBytes += cost
    }

    private static func cost(_ message: Message) -> Int { (message.bytes?.count ?? 0) + entryBytes }

    private mutating func makeRoom(for bytes: Int) {
        while queuedBytes + bytes > Self.queuedBytesMax, let oldest = messages.popFirst() {
            messageBytes -= Self.cost(oldest.content)
            skipped += 1
        }
    }

    mutating func nextStep(nowMilliseconds: Int64) -> Step {
        if isGivenUp { return .giveUp }
        let oldest = messages.first
        if let notice = notices.first, oldest.map({ notice.number < $0.number }) ?? true {
            _ = notices.popFirst()
            noticeBytes -= notice.content.count + Self.entryBytes
            return .send(notice.content)
        }
        guard let oldest else { return skipped > 0 ? .send(skippedNotice()) : .idle }
        let due = oldest.milliseconds + Self.gatherMilliseconds
        // A notice that waits behind them is not held up.
        if nowMilliseconds < due && messageBytes < Self.batchBytesMax && notices.isEmpty {
            return .wait(untilMilliseconds: due)
        }
        return .send(skipped > 0 ? skippedNotice() : batch())
    }

    private mutating func skippedNotice() -> [UInt8] {
        defer { skipped = 0 }
        return LiveText.skipped(skipped)
    }

    private mutating func batch() -> [UInt8] {
        var text = LiveText.Batch()
        while let next = messages.first, text.bytes.count < Self.batchBytesMax {
            if let notice = notices.first, notice.number < next.number { break }
            _ = messages.popFirst()
            messageBytes -= Self.cost(next.content)
            text.append(next.content)
        }
        return text.finished()
    }
}

/// First in, first out.
private struct Line<Element> {
    private var elements: [Element?] = []
    private var start = 0

    var isEmpty: Bool { start == elements.count }
    var first: Element? { isEmpty ? nil : elements[start] }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard let first else { return nil }
        elements[start] = nil
        start += 1
        // Each element is moved once at most for each that has gone.
        if start == elements.count {
            elements.removeAll(keepingCapacity: elements.count <= 1024)
            start = 0
        } else if start >= 1024 && start * 2 >= elements.count {
            elements.removeFirst(start)
            start = 0
        }
        return first
    }
}
