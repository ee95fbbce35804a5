// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How far the peer's WebSocket layer has read what a connection sends, told by Pings between the messages: whoever
/// answers a Ping (RFC 6455 §5.5.3) has read all before it.
///
/// One such Ping is out at a time, and stands for all messages in front of it. Its payload is the connection's epoch,
/// a number and 8 random bytes, so that no other Pong is taken for its echo. The first goes out behind the opening
/// handshake, whether there are messages or not: it asks whether this peer answers with what it got. One that lives and
/// does not is told by `isDegraded`: of its messages no more is known than that the kernel took them.
///
/// Some peers answer only the newest of several Pings. A keep-alive's Ping behind ours serves as well as ours.
///
/// Pure: times in nanoseconds, messages by their numbers. A class, since most connections have none, and need no room
/// for one.
public final class Barrier {
    /// A Ping that is framed and not answered.
    private struct Question {
        let payload: ControlPayload
        /// All messages with lower numbers stand before it, and of the live ones these.
        let before: UInt64
        let beforeLive: UInt64
        /// Where it ends in the connection's stream; nil: the kernel has it.
        var end: UInt64?
        /// When it left.
        var leftAt: UInt64?
        /// A keep-alive's Ping behind it, and what stands before that.
        var keepAlive: (sequence: UInt64, before: UInt64, beforeLive: UInt64)?
    }

    /// How the peer comes along while the kernel has the question.
    private struct Watch {
        /// The Ping left, or something moved.
        var since: UInt64
        /// Where it ends among the bytes that the kernel was given.
        let kernelEnd: UInt64
        var nextLook: UInt64
        var acknowledged: UInt64 = 0
        var windowEnd: UInt64 = 0
        /// Bytes have come since.
        var hasHeard = false

        /// The peer's kernel has taken more of what stands before the Ping's end, or the peer reads more than comes
        /// anew. That it takes and reads what comes behind, a keep-alive's Pings, is no progress towards it.
        func hasMoved(_ acknowledged: UInt64, windowEnd: UInt64) -> Bool {
            if min(acknowledged, kernelEnd) > min(self.acknowledged, kernelEnd) { return true }
            let came = acknowledged - min(acknowledged, self.acknowledged)
            return windowEnd > self.windowEnd &+ came
        }
    }

    private let epoch: UInt64
    /// How long nothing may move, while the peer sends, until it counts as one that does not echo.
    private let patience: UInt64
    private var number: UInt64 = 0
    private var queued: ControlPayload?
    private var question: Question?
    private var watch: Watch?
    /// When the Ping left that was answered last; see `takeAnswered`.
    private var answered: UInt64?
    /// The peer has read all messages with lower numbers; 0: it has echoed nothing yet.
    public private(set) var confirmedID: UInt64 = 0
    /// The same of those in the live lane.
    public private(set) var confirmedLiveID: UInt64 = 0
    public private(set) var isDegraded: Bool

    /// - Parameters:
    ///   - epoch: of this connection alone.
    ///   - patience: nanoseconds.
    ///   - isDegraded: earlier connections of this peer showed that it does not echo. It is asked all the same.
    public init(epoch: UInt64, patience: UInt64, isDegraded: Bool = false) {
        self.epoch = epoch
        self.patience = patience
        self.isDegraded = isDegraded
    }

    /// The peer has answered with what it got.
    public var hasEcho: Bool { confirmedID > 0 }

    public var hasAsked: Bool { number > 0 }

    /// A Pong's payload is one that this connection's questions had, the present one or an earlier one.
    public func isOwn(_ payload: ControlPayload) -> Bool {
        payload.withBytes { bytes in
            guard bytes.byteCount == 24 else { return false }
            let number = UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
            return UInt64(bigEndian: bytes.unsafeLoadUnaligned(as: UInt64.self)) == epoch
                && number > 0 && number <= self.number
        }
    }

    // MARK: Asking

    /// A Ping is to go out where a message has ended, with all before `nextID` framed, and of the live ones all before
    /// `nextLiveID`.
    func isWanted(before nextID: UInt64, live nextLiveID: UInt64 = 0) -> Bool {
        guard question == nil, queued == nil else { return false }
        return !hasAsked || (nextID > confirmedID || nextLiveID > confirmedLiveID) && !isDegraded
    }

    /// The payload for the next one; nil: there are no random bytes.
    func ask(_ random: inout MaskingKeyPool) -> ControlPayload? {
        guard random.keysLeft >= 2, let first = random.next(), let second = random.next() else { return nil }
        number &+= 1
        let words = [
            epoch.bigEndian, number.bigEndian, UInt64(first.word) << 32 | UInt64(second.word),
        ]
        queued = words.withUnsafeBytes { ControlPayload($0.bytes) }
        return queued
    }

    /// What waited is in a send buffer now, up to `end` in the stream, behind all messages before `nextID`.
    /// - Parameter keepAlive: a keep-alive's Ping was among it.
    func framed(before nextID: UInt64, live nextLiveID: UInt64 = 0, end: UInt64, keepAlive: UInt64?) {
        if let keepAlive, question != nil { question?.keepAlive = (keepAlive, nextID, nextLiveID) }
        guard let payload = queued else { return }
        queued = nil
        question = Question(payload: payload, before: nextID, beforeLive: nextLiveID, end: end)
    }

    /// True, once for each Ping: it has left, as `written` bytes of the stream have.
    func hasLeft(written: UInt64) -> Bool {
        guard let end = question?.end, end <= written else { return false }
        question?.end = nil
        return true
    }

    // MARK: The peer

    func pongReceived(_ payload: ControlPayload) {
        guard let question, question.end == nil else { return }
        if payload == question.payload {
            answered = question.leftAt
            return confirm(question.before, question.beforeLive)
        }
        if let asked = question.keepAlive, payload.sequence == asked.sequence {
            confirm(asked.before, asked.beforeLive)
        }
    }

    /// When the Ping left whose own echo has come, once for each.
    public func takeAnswered() -> UInt64? {
        defer { answered = nil }
        return answered
    }

    private func confirm(_ before: UInt64, _ beforeLive: UInt64) {
        confirmedID = before
        confirmedLiveID = beforeLive
        question = nil
        watch = nil
        isDegraded = false
    }

    /// Any bytes of the peer.
    func bytesReceived() { watch?.hasHeard = true }

    // MARK: A peer that does not echo

    /// The kernel has the Ping, which ends at `kernelEnd` of the bytes it was given.
    public func left(kernelEnd: UInt64, now: UInt64) {
        guard question != nil else { return }
        question?.leftAt = now
        if isDegraded { return }
        watch = Watch(since: now, kernelEnd: kernelEnd, nextLook: now &+ patience / 2)
    }

    /// When `look` is due; nil: never.
    public var deadline: UInt64? { watch?.nextLook }

    /// - Parameter progress: how far the peer has come, as of now; nil: it cannot be told.
    /// - Returns: true: from now on it is degraded. The peer's kernel has the Ping, nothing has moved for `patience`,
    ///   and the peer has sent something. One that sends nothing either is the keep-alive's to judge.
    public func look(now: UInt64, progress: SendProgress?) -> Bool {
        guard var watch, now >= watch.nextLook else { return false }
        watch.nextLook = now &+ max(1, patience / 2)
        defer { self.watch = isDegraded ? nil : watch }
        if let progress {
            let windowEnd = progress.windowEnd ?? 0
            let hasMoved = watch.hasMoved(progress.acknowledged, windowEnd: windowEnd)
            let isFirst = watch.acknowledged == 0 && watch.windowEnd == 0
            if isFirst || hasMoved {
                watch.acknowledged = max(watch.acknowledged, progress.acknowledged)
                watch.windowEnd = max(watch.windowEnd, windowEnd)
            }
            if hasMoved, !isFirst { watch.since = now }
            if progress.acknowledged < watch.kernelEnd || progress.isHeldByPeer { return false }
        }
        guard watch.hasHeard, now &- watch.since >= patience else { return false }
        isDegraded = true
        question = nil
        return true
    }
}
