// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

func groupDocument(_ json: String) throws(GroupDocumentError) -> GroupDocument {
    let result: Result<GroupDocument, GroupDocumentError> = Array(json.utf8).withUnsafeBytes { bytes in
        do throws(GroupDocumentError) {
            return .success(try GroupDocument.parse(bytes))
        } catch { return .failure(error) }
    }
    return try result.get()
}

func groupRefusal(_ json: String) -> GroupDocumentError? {
    do throws(GroupDocumentError) {
        _ = try groupDocument(json)
        return nil
    } catch { return error }
}

/// A document in tags-format with these tags.
func withTags(_ tags: String) -> String { "{\"node\":\"n\",\"group\":\"g\",\"tags\":[\(tags)]}" }

/// A tag as a text: name, type's name, value or error, precision; what the C struct says.
func described(_ tag: neuron_ws_tag_t) -> String {
    let name = String(
        decoding: UnsafeRawBufferPointer(start: tag.name, count: tag.name_length), as: UTF8.self)
    var text = "\(name) "
    if tag.error != 0 {
        text += "error \(tag.error)"
    } else {
        text += "\(TagType.name(tag.type)) " + describedValue(tag)
        if tag.precision != 0 { text += " precision \(tag.precision)" }
    }
    for index in 0..<tag.meta_count { text += " [" + described(tag.metas[index]) + "]" }
    return text
}

func describedValue(_ tag: neuron_ws_tag_t) -> String {
    func array<Element>(_: Element.Type) -> [Element] {
        let array = tag.value.array
        return (0..<array.count).map { array.data!.assumingMemoryBound(to: Element.self)[$0] }
    }
    switch tag.type {
    case .NEURON_WS_TYPE_INT8: return "\(tag.value.i8)"
    case .NEURON_WS_TYPE_UINT8, .NEURON_WS_TYPE_BIT: return "\(tag.value.u8)"
    case .NEURON_WS_TYPE_INT16: return "\(tag.value.i16)"
    case .NEURON_WS_TYPE_UINT16, .NEURON_WS_TYPE_WORD: return "\(tag.value.u16)"
    case .NEURON_WS_TYPE_INT32, .NEURON_WS_TYPE_ERROR: return "\(tag.value.i32)"
    case .NEURON_WS_TYPE_UINT32, .NEURON_WS_TYPE_DWORD: return "\(tag.value.u32)"
    case .NEURON_WS_TYPE_INT64: return "\(tag.value.i64)"
    case .NEURON_WS_TYPE_UINT64, .NEURON_WS_TYPE_LWORD: return "\(tag.value.u64)"
    case .NEURON_WS_TYPE_FLOAT: return "\(tag.value.f32)"
    case .NEURON_WS_TYPE_DOUBLE: return "\(tag.value.d64)"
    case .NEURON_WS_TYPE_BOOL: return "\(tag.value.boolean)"
    case .NEURON_WS_TYPE_BYTES, .NEURON_WS_TYPE_ARRAY_UINT8: return "\(array(UInt8.self))"
    case .NEURON_WS_TYPE_ARRAY_INT8: return "\(array(Int8.self))"
    case .NEURON_WS_TYPE_ARRAY_INT16: return "\(array(Int16.self))"
    case .NEURON_WS_TYPE_ARRAY_UINT16: return "\(array(UInt16.self))"
    case .NEURON_WS_TYPE_ARRAY_INT32: return "\(array(Int32.self))"
    case .NEURON_WS_TYPE_ARRAY_UINT32: return "\(array(UInt32.self))"
    case .NEURON_WS_TYPE_ARRAY_INT64: return "\(array(Int64.self))"
    case .NEURON_WS_TYPE_ARRAY_UINT64: return "\(array(UInt64.self))"
    case .NEURON_WS_TYPE_ARRAY_FLOAT: return "\(array(Float.self))"
    case .NEURON_WS_TYPE_ARRAY_DOUBLE: return "\(array(Double.self))"
    case .NEURON_WS_TYPE_ARRAY_BOOL: return "\(array(Bool.self))"
    case .NEURON_WS_TYPE_ARRAY_STRING: return "\(array(UnsafePointer<CChar>.self).map { String(cString: $0) })"
    default:
        let value = tag.value.text
        return String(decoding: UnsafeRawBufferPointer(start: value.data, count: value.length), as: UTF8.self)
    }
}

func tags(_ json: String) throws -> [String] {
    try groupDocument(json).withGroup { group in
        (0..<group.pointee.tag_count).map { described(group.pointee.tags[$0]) }
    }
}

@Suite struct GroupDocumentTests {
    @Test func theGroupHasItsNamesTimeAndSizes() throws {
        let document = try groupDocument(#"{"node":"plc1","group":"fast","timestamp":1650006388943,"tags":[]}"#)
        document.withGroup { group in
            #expect(group.pointee.size == MemoryLayout<neuron_ws_group_t>.size)
            #expect(String(cString: group.pointee.driver) == "plc1")
            #expect(String(cString: group.pointee.group) == "fast")
            #expect(group.pointee.timestamp_ms == 1_650_006_388_943)
            #expect(group.pointee.tag_count == 0)
            #expect(group.pointee.tag_size == MemoryLayout<neuron_ws_tag_t>.size)
        }
        #expect(try groupDocument(withTags("")).timestampMilliseconds == 0)
    }

    @Test func typesFollowFromTheValues() throws {
        let json = withTags(
            """
            {"name":"i","value":-1},{"name":"r","value":1.0},{"name":"b","value":true},{"name":"s","value":"x\\u0000y"},
            {"name":"o","value":{"a":[0.1,null,"\\""]}},{"name":"ai","value":[1,-2]},{"name":"ar","value":[1,2.5]},
            {"name":"ab","value":[true,false]},{"name":"as","value":["a","b"]},{"name":"am","value":[1,"a"]},
            {"name":"an","value":[null]},{"name":"ae","value":[]},{"name":"a0","value":["a\\u0000"]}
            """)
        #expect(
            try tags(json) == [
                "i INT64 -1", "r DOUBLE 1.0", "b BOOL true", "s STRING x\0y", #"o CUSTOM {"a":[0.1,null,"\""]}"#,
                "ai ARRAY_INT64 [1, -2]", "ar ARRAY_DOUBLE [1.0, 2.5]", "ab ARRAY_BOOL [true, false]",
                #"as ARRAY_STRING ["a", "b"]"#, #"am CUSTOM [1,"a"]"#, "an CUSTOM [null]", "ae CUSTOM []",
                #"a0 CUSTOM ["a\u0000"]"#,
            ])
    }

    @Test func integersBeyondInt64AreUnsigned() throws {
        let json = withTags(
            """
            {"name":"u","value":18446744073709551615},{"name":"h","value":9223372036854775808},
            {"name":"m","value":9223372036854775807},{"name":"a","value":[18446744073709551615,1]},
            {"name":"n","value":[18446744073709551615,-1]},{"name":"d","value":[18446744073709551615,1.5]},
            {"name":"c","value":{"x":18446744073709551615}},{"name":"t","type":"UINT64","value":9223372036854775808},
            {"name":"f","type":"DOUBLE","value":9223372036854775808},{"name":"q","value":"99999999999999999999 \\" x"}
            """)
        #expect(
            try tags(json) == [
                "u UINT64 18446744073709551615", "h UINT64 9223372036854775808", "m INT64 9223372036854775807",
                "a CUSTOM [18446744073709551615,1]", "n CUSTOM [18446744073709551615,-1]",
                "d ARRAY_DOUBLE [1.8446744073709552e+19, 1.5]", #"c CUSTOM {"x":18446744073709551615}"#,
                "t UINT64 9223372036854775808", "f DOUBLE 9.223372036854776e+18",
                #"q STRING 99999999999999999999 " x"#,
            ])
        let above = try #require(groupRefusal(withTags(#"{"name":"u","value":18446744073709551616}"#)))
        #expect(above.kind == .invalidJSON)
        #expect(above.text.contains("too big integer near '18446744073709551616'"))
        let below = try #require(groupRefusal(withTags(#"{"name":"u","value":-9223372036854775809}"#)))
        #expect(below.text.contains("too big negative integer"))
    }

    @Test func aTextThatLooksLikeAMarkStaysAText() throws {
        #expect(try tags(withTags(#"{"name":"s","value":"\u0000u64:5"}"#)) == ["s STRING \0u64:5"])
        let both = #"{"name":"s","value":"\u0000u64:5"},{"name":"u","value":18446744073709551615}"#
        #expect(groupRefusal(withTags(both))?.kind == .invalidJSON)
    }

    @Test func valuesFormatGivesValuesThenErrorsWithTheirMetas() throws {
        let json = """
            {"node":"n","group":"g","values":{"t":21.5,"u":1},"errors":{"e":2014,"z":0},
            "metas":{"t":{"quality":192,"s":"x"},"e":{"q":1},"u":{}}}
            """
        #expect(
            try tags(json) == [
                "t DOUBLE 21.5 [quality INT64 192] [s STRING x]", "u INT64 1", "e error 2014 [q INT64 1]", "z INT32 0",
            ])
        #expect(try tags(#"{"node":"n","group":"g","errors":{"e":1}}"#) == ["e error 1"])
        #expect(
            try tags(#"{"node":"n","group":"g","values":{"e":5},"errors":{"e":1},"metas":{"e":{"q":1}}}"#)
                == ["e INT64 5 [q INT64 1]", "e error 1"])
    }

    @Test func errorsPrecisionBiasAndMetasAreRead() throws {
        let json = withTags(
            """
            {"name":"e","error":3002,"precision":0,"bias":0,"metas":[]},{"name":"z","error":0},
            {"name":"v","error":0,"value":7},{"name":"w","error":5,"value":7},
            {"name":"f","type":"float","value":1.5,"precision":17,"bias":0.5,
            "metas":[{"name":"q","type":"INT32","value":9},{"name":"a","type":"ARRAY_INT32","value":[1,2]}]},
            {"name":"","value":1},{"name":"n\\u0000m","value":1}
            """)
        #expect(
            try tags(json) == [
                "e error 3002", "z INT32 0", "v INT64 7", "w error 5",
                "f FLOAT 1.5 precision 17 [q INT32 9] [a ARRAY_INT32 [1, 2]]", " INT64 1", "n\0m INT64 1",
            ])
    }

    @Test func malformedDocumentsAreRefusedWithAReason() {
        let cases: [(String, String)] = [
            ("", "the document is empty"),
            ("[]", "the group is an array; it must be an object"),
            (#"{"group":"g","tags":[]}"#, #""node" is missing; it takes a name"#),
            (#"{"node":1,"group":"g","tags":[]}"#, #""node" is an integer; it takes a name"#),
            (#"{"node":"n","tags":[]}"#, #""group" is missing; it takes a name"#),
            (
                #"{"node":"n","group":"g","timestamp":1.5,"tags":[]}"#,
                #""timestamp" is a real number; it takes Unix time in milliseconds, an integer"#
            ),
            (#"{"node":"n","group":"g"}"#, #""tags" or "values" is missing"#),
            (#"{"node":"n","group":"g","tags":{}}"#, #""tags" is an object; it takes an array of tags"#),
            (#"{"node":"n","group":"g","values":[]}"#, #""values" is an array; it takes an object"#),
            (
                #"{"node":"n","group":"g","tags":[],"values":{}}"#,
                #""values" stands beside "tags"; give one or the other"#
            ),
            (
                #"{"node":"n","group":"g","tags":[],"static_tags":{}}"#,
                #""static_tags" is no member of a group; it takes "node", "group", "timestamp", "#
                    + #"and "tags" or "values", "errors", "metas""#
            ),
            (
                #"{"node":"n","group":"g","values":{},"metas":{"x":{}}}"#,
                #""metas" names a tag that is in neither "values" nor "errors""#
            ),
            (withTags("3"), "tag 0 is an integer; it must be an object"),
            (
                withTags(#"{"name":"t","value":1,"unit":"C"}"#),
                #"tag "t": "unit" is no member of a tag; it takes "name", "type", "value", "precision", "bias", "#
                    + #""error", "metas""#
            ),
            (
                withTags(#"{"name":"t","value":1,"metas":{}}"#),
                #"tag "t": "metas" is an object; it takes an array of tags"#
            ),
        ]
        for (json, text) in cases {
            #expect(groupRefusal(json) == GroupDocumentError(.invalidJSON, text), "\(json)")
        }
        #expect(groupRefusal("{\"node\":}")?.text.hasPrefix("line 1, column 9") == true)
    }

    @Test func groupsThatCannotBeAreRefusedWithAReason() {
        let cases: [(String, String)] = [
            (#"{"node":"","group":"g","tags":[]}"#, #""node" has 0 bytes; it takes 1 to 1024"#),
            (#"{"node":"n","group":"a\u0000","tags":[]}"#, #""group" holds U+0000, which no name may"#),
            (withTags(#"{"value":1}"#), #"tag 0 has no "name""#),
            (withTags(#"{"name":1,"value":1}"#), #"tag 0 has no "name""#),
            (withTags(#"{"name":"t"}"#), #"tag "t" has neither "value" nor "error""#),
            (
                withTags(#"{"name":"t","value":1,"precision":18}"#),
                #"tag "t": "precision" is 18; it takes an integer from 0 to 17"#
            ),
            (
                withTags(#"{"name":"t","error":2147483648}"#),
                #"tag "t": the error is 2147483648; it takes an integer of 32 bits"#
            ),
            (
                withTags(#"{"name":"t","value":1,"type":"INT128"}"#),
                #"tag "t": "type" is "INT128"; it takes INT8, UINT8 … ARRAY_STRING or CUSTOM"#
            ),
        ]
        for (json, text) in cases {
            #expect(groupRefusal(json) == GroupDocumentError(.invalidGroup, text), "\(json)")
        }
        let long = String(repeating: "n", count: 1025)
        #expect(groupRefusal("{\"node\":\"\(long)\",\"group\":\"g\",\"tags\":[]}")?.kind == .invalidGroup)
    }

    @Test func membersBesideTheGroupsMayBeIgnored() throws {
        let json = Array(#"{"node":"n","group":"g","tags":[],"upload_err":true}"#.utf8)
        _ = try json.withUnsafeBytes { try GroupDocument.parse($0, ignoring: ["upload_err"]) }
    }

    @Test func limitsAreHeld() {
        let metas = [String](repeating: #"{"name":"m","value":1}"#, count: 1025).joined(separator: ",")
        #expect(
            groupRefusal(withTags(#"{"name":"t","value":1,"metas":["# + metas + "]}"))
                == GroupDocumentError(.tooBig, #"tag "t" has 1025 metas, at most 1024 are taken"#))
        let tags = [String](repeating: "0", count: 2_000_001).joined(separator: ",")
        #expect(
            groupRefusal(withTags(tags))
                == GroupDocumentError(.tooBig, "the group has 2000001 tags, at most 2000000 are taken"))
        let long = withTags("") + String(repeating: " ", count: 64 << 20)
        #expect(groupRefusal(long)?.kind == .tooBig)
    }
}
