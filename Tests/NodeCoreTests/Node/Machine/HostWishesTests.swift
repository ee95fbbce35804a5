// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct HostWishesTests {
    @Test func aStartTakesBackAStopThatNobodyHasSeen() {
        var wishes = HostWishes()
        wishes.stop(timeout: 7, isAwaited: true)
        wishes.start()
        #expect(wishes.starts && wishes.stopTimeout == nil && !wishes.awaitsEnd)
    }

    @Test func aStopTakesBackAStart() {
        var wishes = HostWishes()
        wishes.start()
        wishes.stop(timeout: 7, isAwaited: false)
        #expect(!wishes.starts && wishes.stopTimeout == 7 && !wishes.awaitsEnd)
    }

    @Test(arguments: [(UInt64(3), UInt64(9)), (9, 3)]) func ofTwoStopsTheShorterTimeCounts(
        first: UInt64, second: UInt64
    ) {
        var wishes = HostWishes()
        wishes.stop(timeout: first, isAwaited: true)
        // Another thread's, which waits by itself: the first still waits to be told.
        wishes.stop(timeout: second, isAwaited: false)
        #expect(wishes.stopTimeout == 3 && wishes.awaitsEnd)
    }

    @Test func settingsThatNeedANewConnectionStayIt() {
        var wishes = HostWishes()
        wishes.configure(reconnects: true)
        wishes.configure(reconnects: false)
        #expect(wishes.isReconfigured && wishes.reconnects)
    }

    @Test func settingsStandBesideStartAndStop() {
        var wishes = HostWishes()
        wishes.configure(reconnects: false)
        wishes.start()
        wishes.ping()
        wishes.destroy()
        let taken = wishes.take()
        #expect(taken.isReconfigured && taken.starts && taken.pings && taken.isDestroyed)
        #expect(wishes == HostWishes())
    }
}
