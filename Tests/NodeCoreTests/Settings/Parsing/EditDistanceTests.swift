// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct EditDistanceTests {
    @Test(arguments: [
        ("ping", "ping", 0), ("Ping_Interval", "ping-interval", 0), ("pin", "ping", 1), ("pign", "ping", 1),
        ("pang", "ping", 1), ("xing-x", "ping", 3), ("", "ab", 2), ("abc", "xyz", 3),
    ])
    func lettersPutInTakenOutChangedOrSwappedAreCounted(one: String, other: String, distance: Int) {
        #expect(EditDistance.between(one, other, atMost: 3) == distance)
        #expect(EditDistance.between(other, one, atMost: 3) == distance)
    }

    @Test func whatIsFartherIsOneMoreThanTheLimit() {
        #expect(EditDistance.between("abc", "xyz", atMost: 1) == 2)
        #expect(EditDistance.between("a", String(repeating: "a", count: 100_000), atMost: 2) == 3)
    }
}
