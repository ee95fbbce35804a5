// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

private func make(interval: UInt64 = 20, timeout: UInt64 = 10) -> KeepAlive {
    KeepAlive(intervalNanoseconds: interval * second, timeoutNanoseconds: timeout * second, now: 0)
}

/// Lets the timer fire until the verdict; `progress` is asked for at each look. nil: it lives at `end`.
private func verdict(
    _ keepAlive: inout KeepAlive, until end: UInt64, _ progress: (inout KeepAlive, UInt64) -> SendProgress?
) -> UInt64? {
    while let deadline = keepAlive.deadline, deadline <= end {
        let progress = progress(&keepAlive, deadline)
        if keepAlive.timerFired(now: deadline, progress: progress) == .timedOut { return deadline }
    }
    return nil
}

@Suite struct KeepAliveTests {
    @Test func aPingGoesOutAtEachIntervalAndItsPongGivesTheRoundTrip() {
        var keepAlive = make()
        #expect(keepAlive.deadline == 20 * second)
        #expect(keepAlive.timerFired(now: 19 * second) == .none)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        keepAlive.pingLeft(end: 14, now: 21 * second)
        keepAlive.bytesReceived(now: 23 * second)
        #expect(keepAlive.pongReceived(sequence: keepAlive.sequence, now: 23 * second) == 2 * second)
        #expect(keepAlive.deadline == 40 * second)
    }

    @Test func aPingOfTheHostsOwnHasARoundTripAndNoConsequence() {
        var keepAlive = make()
        keepAlive.pingWanted()
        #expect(keepAlive.sequence == 1)
        keepAlive.pingLeft(end: 14, now: 1 * second)
        #expect(keepAlive.deadline == 20 * second)
        keepAlive.bytesReceived(now: 3 * second)
        #expect(keepAlive.pongReceived(sequence: 1, now: 3 * second) == 2 * second)
        // One that is never answered kills nobody.
        keepAlive.pingWanted()
        #expect(keepAlive.timerFired(now: 19 * second) == .none)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        #expect(keepAlive.sequence == 3)
    }

    @Test func aHostMayPingWhereNoPingsAreSent() {
        var keepAlive = make(interval: 0)
        keepAlive.pingWanted()
        keepAlive.pingLeft(end: 14, now: 1 * second)
        #expect(keepAlive.deadline == nil)
        #expect(keepAlive.pongReceived(sequence: 1, now: 2 * second) == second)
    }

    @Test func silenceAfterAPingIsTheEnd() {
        var keepAlive = make()
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        #expect(verdict(&keepAlive, until: 100 * second) { _, _ in nil } == 30 * second)
    }

    @Test func anyByteIsASignOfLifeAndTheNextPingComesInTime() {
        var keepAlive = make()
        for round in 1...100 as ClosedRange<UInt64> {
            #expect(keepAlive.deadline == 20 * round * second)
            #expect(keepAlive.timerFired(now: 20 * round * second) == .sendPing)
            // A Pong with another payload, or half a message.
            keepAlive.bytesReceived(now: 20 * round * second + 9 * second)
            #expect(keepAlive.pongReceived(sequence: 99999, now: 20 * round * second + 9 * second) == nil)
        }
    }

    @Test func aServerThatTalksWithoutAnsweringPingsIsAsked() {
        var keepAlive = make()
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        // Long after the next one was due.
        keepAlive.bytesReceived(now: 29 * second)
        #expect(keepAlive.timerFired(now: 40 * second) == .sendPing)
        #expect(verdict(&keepAlive, until: 100 * second) { _, _ in nil } == 50 * second)
    }

    @Test func aPingsTimeRunsFromWhenWhatIsBeforeItHasDrained() {
        var keepAlive = make()
        // 9 MB at 100 kB/s, all in one frame: the Ping leaves after 90 s.
        var left = false
        let end = verdict(&keepAlive, until: 300 * second) { keepAlive, now in
            if now >= 90 * second, !left {
                left = true
                keepAlive.pingLeft(end: 9_000_014, now: now)
            }
            return SendProgress(acknowledged: min(now / 10_000, 9_000_014))
        }
        // Acknowledged at 90 s, seen at the next look: no later than a quarter of the timeout; then silence.
        #expect(end != nil && end! > 100 * second && end! <= 103 * second)
    }

    @Test func aStallInTheMiddleIsFoundAndOneThatResumesIsForgiven() {
        var keepAlive = make()
        // Drains until 30 s, stands still for 8 s, goes on until 60 s, and is gone.
        func acknowledged(_: inout KeepAlive, _ now: UInt64) -> SendProgress {
            let moving = now < 30 * second ? now : now < 38 * second ? 30 * second : min(now, 60 * second) - 8 * second
            let age = now > 60 * second ? now - 60 * second : 0
            return SendProgress(acknowledged: moving / 10_000, acknowledgementAge: age)
        }
        #expect(verdict(&keepAlive, until: 300 * second, acknowledged) == 70 * second)
    }

    @Test func whatIsAcknowledgedBehindThePingDoesNotCount() {
        var keepAlive = make()
        #expect(keepAlive.timerFired(now: 20 * second, progress: SendProgress(acknowledged: 500)) == .sendPing)
        keepAlive.pingLeft(end: 514, now: 20 * second)
        // The kernel of a process that hangs takes more and more.
        let end = verdict(&keepAlive, until: 300 * second) { keepAlive, now in
            SendProgress(acknowledged: 514 + (now - 20 * second) / 1_000_000, windowEnd: 65_000)
        }
        #expect(end != nil && end! <= 33 * second)
    }

    @Test func aWindowThatMovesOnIsAReaderThatReads() {
        var keepAlive = make()
        // 4 MB lie in the peer's buffer before the Ping; its application reads 20 kB/s: 200 s.
        let first = SendProgress(acknowledged: 4_000_000, windowEnd: 4_194_304)
        #expect(keepAlive.timerFired(now: 20 * second, progress: first) == .sendPing)
        keepAlive.pingLeft(end: 4_000_014, now: 20 * second)
        var asked: UInt64 = 20 * second
        while let deadline = keepAlive.deadline, deadline < 220 * second {
            // Only a Ping's acknowledgement tells of the window.
            let read = (asked - 20 * second) / 1_000_000_000 * 20_000
            let progress = SendProgress(
                acknowledged: 4_000_014 + 14 * keepAlive.sequence, windowEnd: 4_194_304 + read,
                acknowledgementAge: deadline - asked)
            switch keepAlive.timerFired(now: deadline, progress: progress) {
            case .sendPing: asked = deadline
            case .none: break
            case .timedOut:
                Issue.record("dead at \(deadline / second) s")
                return
            }
        }
        #expect(keepAlive.sequence > 10)
    }

    @Test func theRoundingOfAWindowIsNoReader() {
        var keepAlive = make()
        #expect(
            keepAlive.timerFired(now: 20 * second, progress: SendProgress(acknowledged: 0, windowEnd: 65_536))
                == .sendPing)
        keepAlive.pingLeft(end: 14, now: 20 * second)
        let end = verdict(&keepAlive, until: 300 * second) { keepAlive, _ in
            SendProgress(acknowledged: 14 * keepAlive.sequence, windowEnd: 65_536 + 16_384 * keepAlive.sequence)
        }
        #expect(end != nil && end! <= 33 * second)
    }

    @Test func aClosedWindowIsGivenTheIntervalMore() {
        var keepAlive = make()
        let held = SendProgress(acknowledged: 65_536, windowEnd: 65_536, acknowledgementAge: 0, isHeldByPeer: true)
        #expect(verdict(&keepAlive, until: 300 * second) { _, _ in held } == 50 * second)
        // And if it opens after 26 s, that is life.
        keepAlive = make()
        let end = verdict(&keepAlive, until: 400 * second) { _, now in
            let steps = now / (26 * second)
            return SendProgress(acknowledged: steps * 500_000, windowEnd: steps * 500_000, isHeldByPeer: true)
        }
        #expect(end == nil)
    }

    @Test func newSettingsAreInForceAtOnce() {
        var keepAlive = make()
        keepAlive.configured(intervalNanoseconds: 5 * second, timeoutNanoseconds: second, now: 2 * second)
        #expect(keepAlive.deadline == 5 * second)
        keepAlive.configured(intervalNanoseconds: second, timeoutNanoseconds: second, now: 3 * second)
        // Overdue: at once.
        #expect(keepAlive.timerFired(now: 3 * second) == .sendPing)
        keepAlive.configured(intervalNanoseconds: second, timeoutNanoseconds: 100 * second, now: 3 * second)
        #expect(verdict(&keepAlive, until: 102 * second) { _, _ in nil } == nil)
        // Shorter while a Ping is out: it is too late already.
        keepAlive.configured(intervalNanoseconds: second, timeoutNanoseconds: 2 * second, now: 50 * second)
        #expect(keepAlive.timerFired(now: 50 * second) == .timedOut)
        keepAlive.configured(intervalNanoseconds: 0, timeoutNanoseconds: 2 * second, now: 50 * second)
        #expect(keepAlive.deadline == nil)
        keepAlive.configured(intervalNanoseconds: 30 * second, timeoutNanoseconds: 2 * second, now: 60 * second)
        #expect(keepAlive.timerFired(now: 60 * second) == .sendPing)
    }

    @Test func aForeignOrLatePongGivesNoRoundTrip() {
        var keepAlive = make()
        #expect(keepAlive.pongReceived(sequence: 0, now: 1) == nil)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        #expect(keepAlive.pongReceived(sequence: 1, now: 21 * second) == nil)
        keepAlive.pingLeft(end: 14, now: 21 * second)
        #expect(keepAlive.pongReceived(sequence: 99, now: 21 * second) == nil)
        #expect(keepAlive.pongReceived(sequence: 1, now: 22 * second) == second)
        #expect(keepAlive.pongReceived(sequence: 1, now: 23 * second) == nil)
    }

    @Test func anIntervalOfZeroMeansNoPings() {
        var keepAlive = make(interval: 0)
        #expect(keepAlive.deadline == nil)
        #expect(keepAlive.timerFired(now: .max) == .none)
    }

    @Test(arguments: 0..<500) func aMovingLinkLivesAndADeadOneIsFound(seed: UInt64) {
        var random = SplitMix(seed)
        var link = MadeLink(&random)
        var keepAlive = KeepAlive(
            intervalNanoseconds: link.interval, timeoutNanoseconds: link.timeout, now: 0)
        let step = second / 50
        var now: UInt64 = 0
        var verdict: UInt64?
        while now < link.deathDate + link.deathMax, verdict == nil {
            now += step
            link.moves(by: step, now: now)
            if link.takesPong { keepAlive.bytesReceived(now: now) }
            guard let deadline = keepAlive.deadline, deadline <= now else { continue }
            switch keepAlive.timerFired(now: now, progress: link.progress) {
            case .none: break
            case .sendPing: keepAlive.pingLeft(end: link.ping(), now: now)
            case .timedOut: verdict = now
            }
        }
        #expect(verdict != nil, "\(link)")
        if let verdict { #expect(verdict > link.deathDate, "declared dead at \(verdict) while it moved: \(link)") }
    }
}

/// A sender's queue, a link, the peer's buffer and its reader, in steps of time; dead from `deathDate` on: the link, or
/// the reader.
private struct MadeLink: CustomStringConvertible {
    let interval: UInt64
    let timeout: UInt64
    let deathDate: UInt64
    let dies: Bool
    /// Bytes a second of the link, of the reader, and of what the host pushes.
    let linkRate: UInt64
    let readRate: UInt64
    let pushRate: UInt64
    let bufferBytes: UInt64
    /// Positions in the stream of bytes.
    var pushed: UInt64
    var acknowledged: UInt64 = 0
    var read: UInt64 = 0
    /// As the last acknowledgement told it, and when.
    var windowEnd: UInt64
    var lastAcknowledgement: UInt64 = 0
    var now: UInt64 = 0
    var pings: [UInt64] = []
    var takesPong = false

    init(_ random: inout SplitMix) {
        interval = (1 + random.next() % 20) * second
        timeout = (4 + random.next() % 10) * second
        deathDate = (30 + random.next() % 300) * second
        dies = random.next() % 2 == 0
        linkRate = 20_000 + random.next() % 2_000_000
        readRate = 20_000 + random.next() % 2_000_000
        pushRate = random.next() % 3 == 0 ? 0 : random.next() % 200_000
        bufferBytes = 4096 << (random.next() % 11)
        pushed = random.next() % 9_000_000
        windowEnd = bufferBytes
    }

    var description: String {
        "interval \(interval / second) timeout \(timeout / second) dead at \(deathDate / second) "
            + "\(dies ? "link" : "reader") link \(linkRate) read \(readRate) push \(pushRate) buffer \(bufferBytes)"
    }

    /// What may pass between the death and the verdict: what the dead reader's buffer takes still, a Ping's interval,
    /// and the patience.
    var deathMax: UInt64 {
        let drain = dies ? 0 : bufferBytes * second / min(linkRate, max(1000, pushRate))
        return drain + 2 * interval + 2 * timeout
    }

    /// Where it ends.
    mutating func ping() -> UInt64 {
        pushed += 14
        pings.append(pushed)
        return pushed
    }

    mutating func moves(by step: UInt64, now: UInt64) {
        self.now = now
        takesPong = false
        if pushed < acknowledged + 2_000_000 { pushed += pushRate * step / second }
        if now < deathDate || dies {
            read = min(acknowledged, read + readRate * step / second)
        }
        guard now < deathDate || !dies else { return }
        let sent = min(pushed, acknowledged + linkRate * step / second, read + bufferBytes)
        if sent > acknowledged {
            acknowledged = sent
            lastAcknowledgement = now
            windowEnd = read + bufferBytes
        } else if read + bufferBytes > windowEnd + bufferBytes / 2 {
            windowEnd = read + bufferBytes
            lastAcknowledgement = now
        }
        while let first = pings.first, first <= read {
            pings.removeFirst()
            takesPong = true
        }
    }

    var progress: SendProgress {
        SendProgress(
            acknowledged: acknowledged, windowEnd: windowEnd, acknowledgementAge: now - lastAcknowledgement,
            isHeldByPeer: pushed > acknowledged && acknowledged >= windowEnd)
    }
}
