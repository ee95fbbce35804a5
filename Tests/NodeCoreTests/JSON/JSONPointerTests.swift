// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct JSONPointerTests {
    /// Whatever the steps are.
    private func find(_ text: String, in document: String) -> String? {
        let found = [1, 2, 3, 7, 1 << 20].map { byteCount in
            Array(text.utf8).withUnsafeBytes { text -> String? in
                guard let pointer = try? JSONPointer(text) else { return "no pointer" }
                return Array(document.utf8).withUnsafeBytes { bytes in
                    var scan = PlaceScan(PlaceSet([pointer]))
                    while !scan.step(bytes, byteCount: byteCount) {}
                    return scan.value(at: 0).map { String(decoding: bytes[$0], as: UTF8.self) }
                }
            }
        }
        for other in found { #expect(other == found[0], "\(text) in \(document.prefix(80))") }
        return found[0]
    }

    @Test func `RFC 6901 section 5`() {
        let document = #"""
            {"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}
            """#
        #expect(find("/foo", in: document) == #"["bar","baz"]"#)
        #expect(find("/foo/0", in: document) == #""bar""#)
        #expect(find("/", in: document) == "0")
        #expect(find("/a~1b", in: document) == "1")
        #expect(find("/c%d", in: document) == "2")
        #expect(find(#"/i\j"#, in: document) == "5")
        #expect(find(#"/k"l"#, in: document) == "6")
        #expect(find("/ ", in: document) == "7")
        #expect(find("/m~0n", in: document) == "8")
    }

    @Test func `a name without a slash is a member of the root object`() {
        #expect(find("a~1b", in: #"{"a~1b":1}"#) == "1")
        #expect(find("uuid", in: "\u{FEFF} {\"x\":{\"uuid\":1},\"uuid\" : \"\\u0041\"} ") == #""\u0041""#)
        #expect(find("uuid", in: #"{"uu\u0069d":3}"#) == "3")
        #expect(find("a", in: #"{"a":1,"a":2}"#) == "2")
    }

    @Test func `of a name that stands there twice nothing counts of the first`() {
        #expect(find("/a/b", in: #"{"a":{"b":1},"a":{"c":2}}"#) == nil)
        #expect(find("/a/b", in: #"{"a":{"b":1},"a":{"b":2}}"#) == "2")
        #expect(find("/a/b", in: #"{"a":{"b":1},"a":7}"#) == nil)
        #expect(find("/a/1/b", in: #"{"a":[{"b":0},{"b":[1, 2]}]}"#) == "[1, 2]")
        #expect(find("/1", in: #"{"1":[3]}"#) == "[3]")
    }

    @Test func `what is not there is not found`() {
        for (pointer, document) in [
            ("a", ""), ("a", "   "), ("a", "1"), ("a", #""a""#), ("a", "[]"), ("/0", "[]"), ("/01", "[1,2]"),
            ("/-", "[1]"), ("/9999999999999999999999", "[1]"), ("/a/b", #"{"a":1}"#), ("a", #"{"a""#),
            ("a", #"{"a":"#), ("a", "{"), ("/1", "[1"), ("a", #"{"b":{"a":1}}"#),
            ("a", #"{"a":1"#), ("a", #"{"a":}"#), ("a", #"{"a" 1}"#), ("a", #"{"b":{"a":1}"#), ("a", #"{"b" "a":1}"#),
        ] { #expect(find(pointer, in: document) == nil, "\(pointer) in \(document)") }
    }

    @Test func `what is whole is found though the rest is cut off or no JSON`() {
        #expect(find("a", in: #"{"a":1,"b":tru"#) == "1")
        #expect(find("a", in: #"{"a":[1,{"x":}],"b" 2}"#) == #"[1,{"x":}]"#)
        #expect(find("a", in: #"{"a":1]"#) == "1")
    }

    @Test func `a text that is no pointer is told`() {
        func fault(_ text: String) -> JSONPointer.Fault? {
            Array(text.utf8).withUnsafeBytes { bytes in
                do throws(JSONPointer.Fault) {
                    _ = try JSONPointer(bytes)
                    return nil
                } catch { return error }
            }
        }
        #expect(fault("") == .empty)
        #expect(fault("/a~") == .escape)
        #expect(fault("/a~2") == .escape)
        #expect(fault("a~2") == nil)
    }

    @Test func `deep nesting and what is cut off cost no stack and trap nothing`() {
        let deep = #"{"a":"# + String(repeating: "[", count: 200_000)
        #expect(find("b", in: deep) == nil)
        let whole = Array(#"{"a":[1,{"b\"":"x"}],"c":{"d":[true,null]}}"#.utf8)
        let pointers = ["a", "/a/1/b\"", "/c/d/1", "/c/d/9"]
        for count in 0...whole.count {
            for pointer in pointers { _ = find(pointer, in: String(decoding: whole[..<count], as: UTF8.self)) }
        }
    }

    @Test func `a value's text is what it means`() {
        func text(_ value: String, bytesMax: Int = 100) -> String? {
            Array(value.utf8).withUnsafeBytes { bytes in
                JSONPointer.text(of: bytes, bytesMax: bytesMax).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        #expect(text(#""a\u00e9\n""#) == "aé\n")
        #expect(text("17") == "17")
        #expect(text("1.50") == "1.50")
        #expect(text("null") == "null")
        #expect(text("{}") == nil)
        #expect(text("[1]") == nil)
        #expect(text("\"") == nil)
        #expect(text(#""abcd""#, bytesMax: 3) == nil)
        #expect(text("1234", bytesMax: 3) == nil)
    }
}
