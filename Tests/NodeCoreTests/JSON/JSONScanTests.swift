// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct JSONScanTests {
    private func elements(_ text: String) -> [String] {
        Array(text.utf8).withUnsafeBytes { bytes in
            var found: [String] = []
            JSONScan.forEachElement(bytes) {
                found.append(String(decoding: $0, as: UTF8.self))
                return true
            }
            return found
        }
    }

    private func members(_ text: String) -> [String] {
        Array(text.utf8).withUnsafeBytes { bytes in
            var found: [String] = []
            JSONScan.forEachMember(bytes) {
                found.append(String(decoding: $0, as: UTF8.self) + "=" + String(decoding: $1, as: UTF8.self))
            }
            return found
        }
    }

    @Test func anArrayIsWalkedElementByElement() {
        #expect(elements("[]") == [] && elements("[ ]") == [])
        #expect(
            elements(#"[ 1 ,"a,]\"", [2,[3]] ,{"x":[4]},null,-1.5e3]"#)
                == ["1", #""a,]\"""#, "[2,[3]]", #"{"x":[4]}"#, "null", "-1.5e3"])
    }

    @Test func anObjectIsWalkedMemberByMember() {
        #expect(members("{}") == [])
        #expect(
            members(#"{ "a" : 1 , "b":{"c":2},"d\"":"}" ,"e":[],"":true}"#)
                == ["a=1", #"b={"c":2}"#, #"d\"="}""#, "e=[]", "=true"])
    }

    @Test func whatIsBrokenEnds() {
        for text in [
            "[", "[,", "[1", "[]]", "[:", "[}", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":}", "{1}", "[\"",
        ] {
            _ = elements(text)
            _ = members(text)
        }
    }

    @Test func namesAreComparedAsTheyAreMeant() {
        func isName(_ name: String) -> Bool { Array(name.utf8).withUnsafeBytes { JSONScan.isName($0, "name") } }
        #expect(isName("name") && isName(#"n\u0061me"#) && isName(#"\u006e\u0061\u006d\u0065"#))
        #expect(!isName("nam") && !isName("names") && !isName(#"n\u0062me"#) && !isName(#"na\me"#) && !isName(""))
    }

    @Test func textsAreDecodedAsJanssonDoes() {
        for text in [
            "", "plain", #"\"\\\/\b\f\n\r\t"#, #"\u0041\u00e9\u6e29\ud83d\ude00x"#, #"\u0000"#, "é温😀\\u0041",
            #"\uFFFF\uE000"#,
        ] {
            let quoted = Array("\"\(text)\"".utf8)
            let expected = quoted.withUnsafeBytes { bytes in
                (try? JSONDocument.parse(bytes, byteCountMax: .max))?.root.withUTF8 { Array($0) }
            }
            #expect(Array(text.utf8).withUnsafeBytes { JSONScan.decoded($0) } == expected, "\(text)")
        }
    }

    @Test func whatIsNoEscapeDoesNoHarm() {
        for text in [
            #"\"#, #"\u"#, #"\u12"#, #"\ud800"#, #"\ud800\u"#, #"\ud800\u0041"#, #"\udc00"#, #"\x"#, #"\ud83d\ude0"#,
        ] {
            _ = Array(text.utf8).withUnsafeBytes { JSONScan.decoded($0) }
        }
    }

    @Test func kindsAreToldByTheFirstByte() {
        let kinds = ["{}", "[]", "\"\"", "true", "false", "null", "1", "-1", "1.5", "1e3"].map { text in
            Array(text.utf8).withUnsafeBytes { "\(JSONScan.kindName($0))" }
        }
        #expect(
            kinds == [
                "an object", "an array", "a text", "true or false", "true or false", "null", "an integer", "an integer",
                "a real number", "a real number",
            ])
    }
}
