// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MemberListTests {
    /// What becomes of `,name:value,…` behind a text that must stay.
    private func finished(_ members: [(String, String)]) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        var writer = try ByteWriter.open(buffer)
        try writer.write(Array("before".utf8))
        var list = MemberList(at: writer.offset)
        for (name, value) in members {
            try writer.write(Array(",\(name)".utf8))
            try list.nameEnds(at: writer.offset)
            try writer.write(Array(":\(value)".utf8))
            list.valueEnds(at: writer.offset)
        }
        try list.finish(&writer)
        try writer.finish()
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func namesThatDifferStayAsTheyAre() throws {
        #expect(try finished([]) == "before")
        #expect(try finished([("a", "1")]) == "before,a:1")
        #expect(try finished([("a", "1"), ("b", "1"), ("ab", "2"), ("", "3")]) == "before,a:1,b:1,ab:2,:3")
    }

    @Test func ofOneNameTheLastValueStandsAtThePlaceOfTheFirst() throws {
        #expect(try finished([("a", "1"), ("b", "2"), ("a", "3")]) == "before,a:3,b:2")
        #expect(try finished([("a", "1"), ("a", "22"), ("a", "")]) == "before,a:")
        #expect(try finished([("a", "1"), ("b", "2"), ("b", "3"), ("a", "4")]) == "before,a:4,b:3")
    }

    /// Beyond eight they are looked up.
    @Test(arguments: [2, 8, 9, 300]) func theyAreFound(count: Int) throws {
        let members = (0..<count).map { ("n\($0)", "\($0)") }
        let plain = members.map { ",\($0.0):\($0.1)" }
        #expect(try finished(members) == "before" + plain.joined())
        let mended = [",n0:last"] + plain.dropFirst()
        #expect(try finished(members + [("n0", "last")]) == "before" + mended.joined())
    }
}
