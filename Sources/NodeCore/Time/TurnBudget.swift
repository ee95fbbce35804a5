// SPDX-License-Identifier: Apache-2.0
/// How long one node may keep the loop's thread before the others have their turn.
///
/// Each kind of work draws what it costs, and a turn ends when that is used up or when the clock says so, whichever
/// comes first. Counting alone would be wrong on a slower machine and for callbacks of the host, whose cost nobody
/// knows. The clock alone would have to be read for each frame, and could not be tested. So the count says when to look
/// at the clock (`wantsTime`), which is passed in, and ends the turn by itself where nobody looks.
///
/// Times are monotonic nanoseconds. Invariant: `drawn <= lengthNanoseconds` or `isSpent`.
public struct TurnBudget: Equatable, Sendable {
    /// What one turn of the loop is shared out of, nanoseconds: 5 ms.
    public static let loopTurnNanoseconds: UInt64 = 5_000_000
    /// What a node gets whatever the others have used, nanoseconds: enough for the smallest pieces of work.
    public static let leastNanoseconds: UInt64 = 250_000
    /// The clock is looked at when so much has been drawn since, nanoseconds.
    public static let lookNanoseconds: UInt64 = 250_000

    /// What is done on the loop for a node.
    public enum Work: Sendable {
        /// Bytes from the server, decoded and put together.
        case bytesReceived
        /// Frames from the server, whatever they hold.
        case framesReceived
        /// Messages and control frames handed on, callbacks of the host among them.
        case eventsHandled
        /// Bytes of documents that may be requests, read once more.
        case bytesParsed
        /// Documents that are requests or look like one.
        case requestsParsed
        /// Bytes framed, masked and written.
        case bytesSent
        /// Bytes that went into compression.
        case bytesDeflated
        /// Bytes that came out of inflation.
        case bytesInflated
        /// Callbacks with the outcome of a message, and commands whose end is told.
        case outcomesTold
        /// Commands that have gone out, or whose connection or run is over.
        case commandsSettled
        /// Lines of a trace, callbacks of the host among them.
        case linesTraced
        /// Lines about ends of requests, callbacks of the host among them.
        case linesAudited
        /// Groups whose values waited for their publishing time, written and queued, whatever they hold.
        case groupsPublished

        /// What one costs, picoseconds: measured on two virtual 2.5 GHz cores, rounded up. On another machine the clock
        /// corrects it.
        var picoseconds: UInt64 {
            switch self {
            case .bytesReceived: 250
            case .framesReceived: 50_000
            case .eventsHandled: 250_000
            case .bytesParsed: 4_000
            case .requestsParsed: 4_000_000
            case .bytesSent: 500
            case .bytesDeflated: 15_000
            case .bytesInflated: 2_000
            case .outcomesTold: 50_000
            case .commandsSettled: 500_000
            case .linesTraced: 1_000_000
            case .linesAudited: 5_000_000
            case .groupsPublished: 4_000_000
            }
        }

        /// Callbacks may take any time: after so many the clock is looked at, however little was drawn. 0: no callback.
        var looksAfter: UInt64 {
            switch self {
            case .eventsHandled, .requestsParsed: 8
            case .outcomesTold, .linesTraced: 32
            case .linesAudited: 4
            case .groupsPublished: 1
            default: 0
            }
        }
    }

    public let lengthNanoseconds: UInt64
    public let deadline: UInt64
    private var drawnPicoseconds: UInt64 = 0
    /// Towards the next look at the clock.
    private var unseenPicoseconds: UInt64 = 0
    private var isLate = false

    public init(lengthNanoseconds: UInt64, now: UInt64) {
        self.lengthNanoseconds = lengthNanoseconds
        deadline = now &+ lengthNanoseconds
    }

    /// What a node gets in a turn of the loop that began at `turnStart`: its share among those that had more to do than
    /// fitted into the turn before, of what is left of this one.
    public init(turnStart: UInt64, now: UInt64, busyNodes: Int) {
        let share = Self.loopTurnNanoseconds / UInt64(max(1, busyNodes))
        let used = now > turnStart ? now - turnStart : 0
        let left = used < Self.loopTurnNanoseconds ? Self.loopTurnNanoseconds - used : 0
        self.init(lengthNanoseconds: max(Self.leastNanoseconds, min(share, left)), now: now)
    }

    public var drawnNanoseconds: UInt64 { drawnPicoseconds / 1000 }

    public mutating func draw(_ work: Work, _ count: Int = 1) {
        let number = UInt64(clamping: count)
        let cost = number.multipliedReportingOverflow(by: work.picoseconds)
        let added = drawnPicoseconds.addingReportingOverflow(cost.overflow ? .max : cost.partialValue)
        drawnPicoseconds = added.overflow ? .max : added.partialValue
        let step = work.looksAfter > 0 ? Self.lookNanoseconds * 1000 / work.looksAfter : 0
        let look = number.multipliedReportingOverflow(by: max(work.picoseconds, step))
        let unseen = unseenPicoseconds.addingReportingOverflow(look.overflow ? .max : look.partialValue)
        unseenPicoseconds = unseen.overflow ? .max : unseen.partialValue
    }

    /// The clock has not been looked at for long: call `timeIs`.
    public var wantsTime: Bool { unseenPicoseconds >= Self.lookNanoseconds * 1000 }

    public mutating func timeIs(_ now: UInt64) {
        unseenPicoseconds = 0
        if now >= deadline { isLate = true }
    }

    /// The turn is over.
    public var isSpent: Bool { isLate || drawnPicoseconds >= lengthNanoseconds * 1000 }
}
