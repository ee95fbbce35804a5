// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MailPaceTests {
    private static let millisecond: UInt64 = 1_000_000

    @Test func whatComesSoonAfterWaitsForTheInterval() {
        var pace = MailPace()
        let interval = 50 * Self.millisecond
        let start = 1000 * Self.millisecond
        let answer1 = pace.takes(now: start, syncInterval: interval, isUrgent: false, isEnding: false, hasMail: true)
        #expect(answer1)
        #expect(pace.deadline(syncInterval: interval) == nil)
        let answer2 = pace.takes(
            now: start + 1, syncInterval: interval, isUrgent: false, isEnding: false, hasMail: false)
        #expect(!answer2)
        #expect(pace.deadline(syncInterval: interval) == nil)
        let answer3 = pace.takes(
            now: start + 2, syncInterval: interval, isUrgent: false, isEnding: false, hasMail: true)
        #expect(!answer3)
        #expect(pace.deadline(syncInterval: interval) == start + interval)
        let answer4 = pace.takes(
            now: start + interval - 1, syncInterval: interval, isUrgent: false, isEnding: false, hasMail: false)
        #expect(!answer4)
        let answer5 = pace.takes(
            now: start + interval, syncInterval: interval, isUrgent: false, isEnding: false, hasMail: true)
        #expect(answer5)
        #expect(pace.deadline(syncInterval: interval) == nil)
    }

    @Test func whatIsUrgentDoesNotWait() {
        var pace = MailPace()
        for now in UInt64(5)..<9 {
            let answer6 = pace.takes(
                now: now, syncInterval: 100 * Self.millisecond, isUrgent: true, isEnding: false, hasMail: true)
            #expect(answer6)
        }
    }

    @Test func aLongSyncIntervalCountsAsATenthOfASecond() {
        var pace = MailPace()
        let answer7 = pace.takes(now: 1 << 40, syncInterval: .max, isUrgent: false, isEnding: false, hasMail: true)
        #expect(answer7)
        let answer8 = pace.takes(
            now: (1 << 40) + 1, syncInterval: .max, isUrgent: false, isEnding: false, hasMail: true)
        #expect(!answer8)
        #expect(pace.deadline(syncInterval: .max) == (1 << 40) + MailPace.intervalMax)
    }

    @Test func whatAnotherTakesIsNotWaitedFor() {
        var pace = MailPace()
        _ = pace.takes(now: 1 << 40, syncInterval: 1000, isUrgent: false, isEnding: false, hasMail: true)
        _ = pace.takes(now: (1 << 40) + 1, syncInterval: 1000, isUrgent: false, isEnding: false, hasMail: true)
        #expect(pace.deadline(syncInterval: 1000) != nil)
        pace.isLeftToSender()
        #expect(pace.deadline(syncInterval: 1000) == nil)
    }

    /// However urgent it is: it would come for ever.
    @Test func whatComesWhileTheNodeEndsStaysWhereItIs() {
        var pace = MailPace()
        _ = pace.takes(now: 1 << 40, syncInterval: 1000, isUrgent: false, isEnding: false, hasMail: true)
        _ = pace.takes(now: (1 << 40) + 1, syncInterval: 1000, isUrgent: false, isEnding: false, hasMail: true)
        for now in [(1 << 40) + 2, 1 << 41] as [UInt64] {
            let isTaken = pace.takes(now: now, syncInterval: 1000, isUrgent: true, isEnding: true, hasMail: true)
            #expect(!isTaken && pace.deadline(syncInterval: 1000) == nil)
        }
        let isTaken = pace.takes(now: 1 << 41, syncInterval: 1000, isUrgent: false, isEnding: false, hasMail: true)
        #expect(isTaken)
    }
}
