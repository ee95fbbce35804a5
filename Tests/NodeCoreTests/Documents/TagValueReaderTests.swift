// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct TagValueReaderTests {
    private func value(_ type: String, _ value: String) throws -> String? {
        try tags(withTags("{\"name\":\"t\",\"type\":\"\(type)\",\"value\":\(value)}")).first
    }

    @Test func everyTypeTakesItsEdges() throws {
        let cases: [(String, String, String)] = [
            ("INT8", "-128", "-128"), ("INT8", "127", "127"), ("UINT8", "0", "0"), ("UINT8", "255", "255"),
            ("INT16", "-32768", "-32768"), ("INT16", "32767", "32767"), ("UINT16", "65535", "65535"),
            ("WORD", "65535", "65535"), ("INT32", "-2147483648", "-2147483648"), ("INT32", "2147483647", "2147483647"),
            ("UINT32", "4294967295", "4294967295"), ("DWORD", "4294967295", "4294967295"),
            ("INT64", "-9223372036854775808", "-9223372036854775808"),
            ("INT64", #""-9223372036854775808""#, "-9223372036854775808"),
            ("INT64", #""9223372036854775807""#, "9223372036854775807"), ("INT64", #""0x7fFF""#, "32767"),
            ("UINT64", #""18446744073709551615""#, "18446744073709551615"),
            ("LWORD", #""0x8000000000000000""#, "9223372036854775808"), ("LWORD", "1", "1"),
            ("FLOAT", "1.1", "1.1"), ("FLOAT", "3.4028235e38", "3.4028235e+38"), ("FLOAT", #""nan""#, "nan"),
            ("FLOAT", #""-inf""#, "-inf"), ("FLOAT", "1e-46", "0.0"), ("DOUBLE", "1", "1.0"),
            ("DOUBLE", #""inf""#, "inf"), ("BIT", "1", "1"), ("BIT", "true", "1"), ("BIT", "0", "0"),
            ("BOOL", "true", "true"), ("STRING", #""ü""#, "ü"), ("STRING", "[97,0,98]", "a\0b"),
            ("STRING", #""""#, ""), ("PTR", #""p""#, "p"), ("TIME", #""T#5s""#, "T#5s"),
            ("DATA_AND_TIME", #""x""#, "x"), ("ARRAY_CHAR", #""abc""#, "abc"), ("BYTES", "[0,255]", "[0, 255]"),
            ("BYTES", "[]", "[]"), ("ERROR", "3002", "3002"), ("ARRAY_INT8", "[-128,127]", "[-128, 127]"),
            ("ARRAY_UINT8", "[255]", "[255]"), ("ARRAY_INT16", "[-1,300]", "[-1, 300]"),
            ("ARRAY_UINT16", "[65535]", "[65535]"), ("ARRAY_INT32", "[]", "[]"),
            ("ARRAY_UINT32", "[4294967295]", "[4294967295]"), ("ARRAY_INT64", #"["-1",2]"#, "[-1, 2]"),
            ("ARRAY_UINT64", #"["18446744073709551615",1]"#, "[18446744073709551615, 1]"),
            ("ARRAY_FLOAT", #"[1.5,"nan",2]"#, "[1.5, nan, 2.0]"), ("ARRAY_DOUBLE", "[1e16]", "[1e+16]"),
            ("ARRAY_BOOL", "[true,false]", "[true, false]"), ("ARRAY_STRING", #"["a","ü"]"#, #"["a", "ü"]"#),
            ("CUSTOM", "null", "null"), ("CUSTOM", #""s""#, #""s""#), ("CUSTOM", "[1,{}]", "[1,{}]"),
            ("custom", "1.10", "1.1"),
        ]
        for (type, json, expected) in cases {
            #expect(try value(type, json) == "t \(type.uppercased()) \(expected)", "\(type) \(json)")
        }
    }

    @Test func whatIsOutOfATypesRangeIsRefused() {
        let cases: [(String, [String])] = [
            ("INT8", ["-129", "128", "1.0", #""1""#, "true", "null"]), ("UINT8", ["-1", "256"]),
            ("INT16", ["-32769", "32768"]), ("UINT16", ["-1", "65536"]), ("WORD", ["65536"]),
            ("INT32", ["-2147483649", "2147483648"]), ("UINT32", ["-1", "4294967296"]), ("DWORD", ["4294967296"]),
            ("INT64", [#""9223372036854775808""#, #""-9223372036854775809""#, #""""#, #""-""#, #""1x""#, #""0x""#]),
            ("UINT64", ["-1", #""-1""#, #""18446744073709551616""#, #""0x10000000000000000""#, #"" 1""#]),
            ("FLOAT", ["3.5e38", #""NaN""#, #""1.5""#, "true"]), ("DOUBLE", ["null", "[]"]),
            ("BIT", ["2", "-1", #""1""#]), ("BOOL", ["1", #""true""#]), ("STRING", ["1", "[256]", #"["a"]"#, "{}"]),
            ("BYTES", [#""ab""#, "[-1]", "[1.5]"]), ("ERROR", ["2147483648"]), ("ARRAY_INT8", ["[128]", "1"]),
            ("ARRAY_FLOAT", ["[1e39]", "[null]"]), ("ARRAY_BOOL", ["[1]"]),
            ("ARRAY_STRING", ["[1]", #"["a\u0000"]"#, #""a""#]),
        ]
        for (type, values) in cases {
            for json in values {
                let error = groupRefusal(withTags("{\"name\":\"t\",\"type\":\"\(type)\",\"value\":\(json)}"))
                #expect(error?.kind == .invalidGroup, "\(type) \(json)")
                #expect(error?.text.hasPrefix("tag \"t\": ") == true, "\(type) \(json)")
                #expect(error?.text.contains(" is no \(type); it takes ") == true, "\(type) \(json)")
            }
        }
    }

    @Test func aRefusalNamesTagValueAndType() {
        #expect(
            groupRefusal(withTags(#"{"name":"temp","type":"UINT8","value":300}"#))?.text
                == #"tag "temp": 300 is no UINT8; it takes an integer from 0 to 255"#)
        #expect(
            groupRefusal(withTags(#"{"name":"t","value":null}"#))?.text
                == #"tag "t": null is no value; leave the tag out, or give it an "error""#)
    }
}
