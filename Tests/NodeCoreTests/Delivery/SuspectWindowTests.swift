// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct SuspectWindowTests {
    /// How many messages may be on their way at a time.
    private func room(_ window: SuspectWindow, _ openID: UInt64) -> UInt64 {
        var count: UInt64 = 0
        while count < 1000, !window.holds(openID + count, behind: openID) { count += 1 }
        return count
    }

    @Test func whereNoneIsSuspectedNoneWaits() {
        var window = SuspectWindow()
        #expect(room(window, 1) == 1000)
        window.delivered(7, to: 8)
        #expect(room(window, 8) == 1000)
    }

    @Test func oneGoesAloneAndTwiceAsManyBehindIt() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 500)
        #expect(room(window, 1) == 1)
        var open: UInt64 = 1
        var rooms: [UInt64] = []
        while window.suspects(open), rooms.count < 20 {
            let count = room(window, open)
            rooms.append(count)
            open += count
            window.delivered(count, to: open)
        }
        #expect(rooms.prefix(8) == [1, 2, 4, 8, 16, 32, 64, 64])
        #expect(open >= 500 && room(window, open) == 1000)
    }

    @Test func thoseAmongWhichOneIsGoAlone() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 500)
        window.delivered(1, to: 2)
        window.delivered(2, to: 4)
        #expect(room(window, 4) == 4)
        window.suspect(from: 4, before: 8)
        for open in UInt64(4)..<8 {
            #expect(room(window, open) == 1)
            window.delivered(1, to: open + 1)
        }
        #expect(room(window, 8) > 1)
    }

    @Test func nextTimeItBeginsWithOneAgain() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 5)
        window.delivered(4, to: 5)
        window.suspect(from: 5, before: 9)
        #expect(room(window, 5) == 1)
        window.delivered(1, to: 6)
        #expect(room(window, 6) == 2)
    }
}
