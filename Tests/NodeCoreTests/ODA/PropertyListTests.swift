// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct PropertyListTests {
    private func list(_ entries: [(String, String)]) throws -> PropertyList {
        var left = entries[...]
        var line = 0
        return try PropertyList.make(byteCountMax: 1000) { room, start throws(JavaProperties.Fault) in
            guard let (key, value) = left.popFirst() else { return nil }
            line += 1
            let bytes = Array(key.utf8) + Array(value.utf8)
            for (offset, byte) in bytes.enumerated() { room[start + offset] = byte }
            return (line, start + key.utf8.count, start + bytes.count)
        }
    }

    private func shown(_ list: PropertyList) -> [String] {
        (0..<list.count).map { index in
            let key = list.withKey(list[index]) { String(decoding: $0, as: UTF8.self) }
            return key + "=" + list.withValue(list[index]) { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func ofAKeyTheLastOneStandsWhereTheFirstOneStood() throws {
        let list = try list([("a", "1"), ("b", ""), ("a", "2"), ("", "3"), ("ab", "4")])
        #expect(shown(list) == ["a=2", "b=", "=3", "ab=4"])
        #expect(list[0].line == 3)
        #expect(!list.isEmpty(list[0]) && list.isEmpty(list[1]))
    }

    @Test func whatIsTakenIsTakenOnce() throws {
        let list = try list([("a", "1"), ("b", "2")])
        #expect(list.untakenCount == 2)
        let entry = try #require(list.take("b"))
        #expect(list.withValue(entry) { String(decoding: $0, as: UTF8.self) } == "2")
        #expect(list.take("b") == nil && list.take("c") == nil && list.take("") == nil)
        #expect(list.untakenCount == 1 && list[1].isTaken && !list[0].isTaken)
    }

    @Test func anEmptyFileHasNone() throws {
        let list = try list([])
        #expect(list.count == 0 && list.untakenCount == 0)
    }

    @Test func aFaultOfTheFileIsHandedOn() {
        #expect(throws: JavaProperties.Fault.self) {
            try PropertyList.make(byteCountMax: 10) { _, _ throws(JavaProperties.Fault) in
                throw JavaProperties.Fault.noMemory
            }
        }
    }
}
