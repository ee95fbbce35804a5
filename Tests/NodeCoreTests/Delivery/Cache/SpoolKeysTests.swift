// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// Where messages lie in a cache's file, from life to life.
@Suite struct SpoolKeysTests {
    @Test func whatWasFoundKeepsItsKeysAndNewOnesComeBehind() {
        var keys = SpoolKeys(first: 100, next: 110)
        keys.begin(41, openID: 41)
        #expect(keys.key(41) == 100 && keys.id(100) == 41 && keys.key(51) == 110 && keys.givenAnew == 0)
        #expect(keys.first(forgetting: 0) == 100 && keys.first(forgetting: 45) == 104)
        keys.committed(first: 104, end: 113)
        #expect(keys.first == 104 && keys.next == 113 && keys.first(forgetting: 42) == 104)
    }

    /// They were accepted before the file was opened.
    @Test func whatIsOlderComesInFront() {
        var keys = SpoolKeys(first: 100, next: 110)
        keys.begin(41, openID: 38)
        #expect(keys.key(38) == 97 && keys.givenAnew == 3)
        #expect([0, 39, 43].map { keys.first(forgetting: $0) } == [97, 98, 102])
        // What failed was not done.
        keys.restore(first: 100, next: 110)
        #expect(keys.first == 100 && keys.givenAnew == 3)
        keys.committed(first: 97)
        #expect(keys.first == 97 && keys.next == 110 && keys.givenAnew == 0)
        #expect(keys.first(forgetting: 38) == 97)
    }

    @Test func workThatSeemedToHaveFailedMayHaveBeenDone() {
        var keys = SpoolKeys(first: 100, next: 110)
        keys.begin(41, openID: 38)
        keys.restore(first: 98, next: 112)
        #expect(keys.first == 98 && keys.next == 112 && keys.givenAnew == 0)
        // From then on it goes forwards, whatever a damaged file says.
        keys.restore(first: 90, next: 112)
        #expect(keys.first == 98)
        var damaged = SpoolKeys(first: 100, next: 110)
        damaged.begin(41, openID: 38)
        damaged.restore(first: 5, next: 110)
        #expect(damaged.first == 100 && damaged.givenAnew == 3)
    }

    @Test func whatWasFoundIsNeverTakenForWorkThatIsDoneAgain() {
        var keys = SpoolKeys(first: 100, next: 110)
        keys.begin(41, openID: 38)
        #expect(keys.unsure(from: 97) == [97..<100, 110..<Int64.max])
        #expect(keys.unsure(from: 110) == [110..<Int64.max] && keys.unsure(from: 115) == [115..<Int64.max])
        #expect(SpoolKeys(first: 7, next: 7).unsure(from: 7) == [7..<Int64.max])
    }
}
