// SPDX-License-Identifier: Apache-2.0
import CJansson
import Testing

@testable import NodeCore

@Suite struct JSONDocumentTests {
    private func root(_ text: String) throws -> JSONValue { try JSONDocument.parse(text, byteCountMax: 1 << 20).root }

    @Test func aLongNameComesWithoutItsEndAndIsNoNameOfOurs() throws {
        let long = String(repeating: "x", count: 10_000)
        let object = try root("{\"\(long)\":1,\"short\":2}")
        var names: [String] = []
        object.forEachMember { name, _ in
            names.append(name)
            return true
        }
        #expect(names == [long.prefix(JSONValue.nameBytesMax) + "\u{FFFD}", "short"])
        var counts: [Int] = []
        object.forEachMemberUTF8 { name, _ in counts.append(name.count) }
        #expect(counts == [10_000, 5])
    }

    @Test func textsAreReadWhereTheyLie() throws {
        let array = try root(#"["nan","na",1]"#)
        #expect(array[0]?.isText("nan") == true && array[1]?.isText("nan") == false && array[2]?.isText("nan") == false)
        #expect(array[0]?.utf8?.count == 3 && array[2]?.utf8 == nil)
    }

    @Test func aValueIsWrittenAsJanssonWritesIt() throws {
        #expect(try root(#"{"a": [1, 2.5, null]}"#).encoded(flags: JSON_COMPACT) == Array(#"{"a":[1,2.5,null]}"#.utf8))
    }

    @Test func ofALargeValueOnlyTheBeginningIsWritten() throws {
        let long = String(repeating: "x", count: 100_000)
        #expect(JSONText.beginning(try root("[\"\(long)\"]")).shown(charactersMax: 8) == "[\"xxxxxx…")
        #expect(JSONText.beginning(try root("[1,true]")).shown() == "[1,true]")
    }
}

extension JSONValue {
    /// As jansson writes it.
    func encoded(flags: Int32) -> [UInt8] {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        try? encode(flags: flags, into: buffer)
        return buffer.withBytes { Array($0) }
    }
}
