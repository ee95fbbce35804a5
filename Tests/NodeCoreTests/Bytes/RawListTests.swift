// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct RawListTests {
    @Test func itKeepsWhatIsAppendedAndGrowsByDoubling() throws {
        var list = RawList<Int>()
        #expect(list.count == 0)
        #expect(list.byteCount == 0)
        for index in 0..<1000 { try list.append(index) }
        list[3] = -1
        #expect(list.count == 1000)
        #expect((0..<1000).allSatisfy { list[$0] == ($0 == 3 ? -1 : $0) })
        #expect(list.byteCount == 1024 * 8)
        list.removeAll()
        #expect(list.count == 0)
        #expect(list.byteCount == 1024 * 8)
    }
}
