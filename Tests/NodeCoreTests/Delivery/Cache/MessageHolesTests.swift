// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MessageHolesTests {
    @Test func rowsThatMeetAreOne() {
        var holes = MessageHoles()
        for each in [10..<12, 20..<22, 12..<14, 5..<6, 13..<20] as [Range<UInt64>] { holes.insert(each) }
        #expect(holes.overlapping(0..<1000) == [5..<6, 10..<22])
        holes.insert(7..<7)
        holes.insert(0..<100)
        #expect(holes.overlapping(0..<1000) == [0..<100])
    }

    @Test func theRestIsWhatIsInNoneOfThem() {
        var holes = MessageHoles()
        for each in [5..<6, 10..<20] as [Range<UInt64>] { holes.insert(each) }
        #expect(holes.rest(of: 1..<30) == [1..<5, 6..<10, 20..<30])
        #expect(holes.rest(of: 10..<20).isEmpty && holes.rest(of: 12..<22) == [20..<22])
        #expect(holes.count(in: 1..<15) == 6 && holes.count(in: 3..<3) == 0)
    }

    @Test func whatLiesInFrontIsForgotten() {
        var holes = MessageHoles()
        for each in [5..<6, 10..<20] as [Range<UInt64>] { holes.insert(each) }
        holes.remove(before: 6)
        #expect(holes.overlapping(0..<1000) == [10..<20])
        holes.remove(before: 20)
        #expect(holes.overlapping(0..<1000).isEmpty)
    }
}
