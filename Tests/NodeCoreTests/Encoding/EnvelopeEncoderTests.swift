// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct EnvelopeEncoderTests {
    private func inside(_ tags: [TestTag], _ format: UploadFormat, reportsErrors: Bool = true) -> String {
        let outcome = encoded(TestGroup(tags), format, reportsErrors: reportsErrors)
        guard case .message(let text, _, _) = outcome else { return "\(outcome)" }
        let head = #"{"node":"plc1","group":"grp","timestamp":1700000000123,"#
        #expect(text.hasPrefix(head))
        return String(text.dropFirst(head.count).dropLast())
    }

    @Test func valuesErrorsAndMetasStandInTheirSections() {
        let tags = [
            TestTag("a", 7, .integer(1), metas: [TestTag("q", 7, .integer(192)), TestTag("t", 13, .text([0x78]))]),
            TestTag("b", error: 1011, metas: [TestTag("q", 7, .integer(0))]), TestTag("c", 10, .double(.nan)),
            TestTag("d", 9, .float(2.5)),
        ]
        #expect(
            inside(tags, .values)
                == #""values":{"a":1,"d":2.5},"errors":{"b":1011,"c":3008},"metas":{"a":{"q":192,"t":"x"},"b":{"q":0}}"#
        )
        #expect(
            inside(tags, .values, reportsErrors: false)
                == #""values":{"a":1,"d":2.5},"errors":{},"metas":{"a":{"q":192,"t":"x"}}"#)
        #expect(
            inside(tags, .tags)
                == #""tags":[{"name":"a","value":1,"q":192,"t":"x"},{"name":"b","error":1011,"q":0},"#
                + #"{"name":"c","error":3008},{"name":"d","value":2.5}]"#)
        #expect(
            inside(tags, .tags, reportsErrors: false)
                == #""tags":[{"name":"a","value":1,"q":192,"t":"x"},{"name":"d","value":2.5}]"#)
        #expect(
            inside(tags, .ecp)
                == #""tags":[{"name":"a","value":1,"type":2,"q":192,"t":"x"},{"name":"d","value":2.5,"type":3}]"#)
    }

    @Test func metasNeverStandForATagsOwnMembers() {
        let metas = ["name", "value", "error", "type", "q"].map { TestTag($0, 7, .integer(1)) }
        let tags = [TestTag("a", 7, .integer(5), metas: metas), TestTag("b", error: 9, metas: metas)]
        #expect(inside(tags, .tags) == #""tags":[{"name":"a","value":5,"q":1},{"name":"b","error":9,"q":1}]"#)
        #expect(inside(tags, .ecp) == #""tags":[{"name":"a","value":5,"type":2,"q":1}]"#)
        #expect(
            inside([tags[0]], .values)
                == #""values":{"a":5},"errors":{},"metas":{"a":{"name":1,"value":1,"error":1,"type":1,"q":1}}"#)
    }

    @Test func aMetaThatIsNotFiniteIsNull() {
        let tags = [TestTag("a", 7, .integer(5), metas: [TestTag("m", 9, .float(.infinity))])]
        #expect(inside(tags, .values) == #""values":{"a":5},"errors":{},"metas":{"a":{"m":null}}"#)
    }

    @Test func everyTypeInECP() {
        func one(_ type: Int32, _ value: TestTag.Value) -> String {
            String(
                inside([TestTag("x", type, value)], .ecp).dropFirst(#""tags":[{"name":"x","value":"#.count).dropLast(2))
        }
        #expect(one(12, .boolean(true)) == #"true,"type":1"#)
        #expect(one(11, .integer(1)) == #"1,"type":2"#)
        #expect(one(8, .unsigned(.max)) == #"18446744073709551615,"type":2"#)
        #expect(one(15, .integer(0)) == #"0,"type":2"#)
        #expect(one(9, .float(1.5)) == #"1.5,"type":3"#)
        #expect(one(13, .text([0x61, 0x22])) == #""a\"","type":4"#)
        #expect(one(14, .array([.integer(1), .integer(255)])) == #""[1,255]","type":4"#)
        #expect(one(34, .array([.text([0x61, 0x22])])) == #""[\"a\\\"\"]","type":4"#)
        #expect(one(32, .array([.double(1), .double(.nan)])) == #""[1.0,null]","type":4"#)
        func custom(_ text: String) -> String { one(40, .text(Array(text.utf8))) }
        #expect(custom(#"{ "a" : [1, 2] }"#) == #""{\"a\":[1,2]}","type":4"#)
        #expect(custom(" true ") == #"true,"type":1"#)
        #expect(custom("12") == #"12,"type":2"#)
        #expect(custom("18446744073709551615") == #"18446744073709551615,"type":2"#)
        #expect(custom("1.50") == #"1.50,"type":3"#)
        #expect(custom(#""s""#) == #""s","type":4"#)
        #expect(custom("null") == #""null","type":4"#)
    }

    @Test func onlyErrorsAreSkippedWhereTheyAreNotReported() {
        let errors = TestGroup([TestTag("a", error: 1), TestTag("b", 10, .double(.infinity))])
        #expect(encoded(errors, .values, reportsErrors: false) == .skipped)
        #expect(encoded(errors, .tags, reportsErrors: false) == .skipped)
        #expect(encoded(errors, .ecp) == .skipped)
        #expect(encoded(TestGroup([]), .tags) == .skipped)
    }

    @Test func theBufferKeepsWhatItHadAfterSkipsAndErrors() throws {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        try buffer.append([UInt8](repeating: 0, count: 14))
        let options = EncodingOptions(format: .tags, reportsErrors: false)
        let errors = TestGroup([TestTag("a", error: 1)])
        #expect(
            try EnvelopeEncoder.encode(
                GroupView.open(errors.pointer), timestampMilliseconds: 1, options: options, names: GroupNames(),
                key: nil, into: buffer)
                == .skipped)
        let broken = TestGroup([TestTag("a", 7, .integer(1)), TestTag("b", 99)])
        #expect(throws: EncodingError.self) {
            try EnvelopeEncoder.encode(
                GroupView.open(broken.pointer), timestampMilliseconds: 1, options: options, names: GroupNames(),
                key: nil, into: buffer)
        }
        #expect(buffer.count == 14)
        let good = TestGroup([TestTag("a", 7, .integer(1))])
        _ = try EnvelopeEncoder.encode(
            GroupView.open(good.pointer), timestampMilliseconds: -1, options: options, names: GroupNames(), key: nil,
            into: buffer)
        #expect(
            buffer.text
                == String(repeating: "\0", count: 14)
                + #"{"node":"plc1","group":"grp","timestamp":-1,"tags":[{"name":"a","value":1}]}"#)
        withExtendedLifetime((errors, broken, good)) {}
    }

    @Test func customValuesGoOutAsTheyAre() {
        func custom(_ text: String) -> String { inside([TestTag("c", 40, .text(Array(text.utf8)))], .tags) }
        #expect(
            custom(
                "{ \"b\" : 1.10,\n\t\"a\":\"x y\\\" \\u0041\", \"n\" : [ -0 , 1E400e ] }".replacing("E400e", with: "e3")
            )
                == #""tags":[{"name":"c","value":{"b":1.10,"a":"x y\" \u0041","n":[-0,1e3]}}]"#)
        #expect(custom("[18446744073709551615]") == #""tags":[{"name":"c","value":[18446744073709551615]}]"#)
        let broken = encoded(TestGroup([TestTag("ok", 7), TestTag("c", 40, .text(Array("{\"a\":}".utf8)))]))
        guard case .failed(.invalidJSON(let text)) = broken else {
            Issue.record("\(broken)")
            return
        }
        #expect(text.hasPrefix("tag 1 (c) has a CUSTOM value that is no JSON: line 1, column 6"))
        #expect(
            inside([TestTag("c", 40, .text([0x22, 0xff, 0x22]))], .tags)
                == "\"tags\":[{\"name\":\"c\",\"value\":\"\u{fffd}\"}]")
    }

    @Test func aTextMayEndWithNULInsteadOfHavingALength() {
        let group = TestGroup([TestTag("s", 13, .text([0x68, 0x69, 0]))])
        group.tag(0).pointee.value.text.length = -1
        guard case .message(let text, 1, 0) = encoded(group, .tags) else {
            Issue.record("no message")
            return
        }
        #expect(text.hasSuffix(#"[{"name":"s","value":"hi"}]}"#))
    }

    @Test func namesOfEveryLengthWithAndWithoutEscapes() {
        let letters = Array("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".utf8)
        for count in 0...40 {
            // At each place of the name one that must be escaped, one that must not, or nothing.
            var names = [letters[0..<count]]
            for place in 0...count {
                for special in [[0x22], [0x7f], [0x1f], [0xc3, 0xa9]] as [[UInt8]] {
                    names.append(letters[0..<place] + special + letters[place..<count])
                }
            }
            let tags = names.map { TestTag(String(decoding: $0, as: UTF8.self), 7, .integer(7)) }
            for usesLengths in [false, true] {
                let group = TestGroup(tags, usesLengths: usesLengths)
                expectNames(tags, encoded(group, .values), inValues: true)
                expectNames(tags, encoded(group, .tags), inValues: false)
            }
        }
    }

    private func expectNames(_ tags: [TestTag], _ outcome: TestOutcome, inValues: Bool) {
        guard case .message(let text, tags.count, 0) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        let names = tags.map { String(decoding: $0.name, as: UTF8.self) }
        let expected: TestJSON =
            inValues
            ? .object(names.map { ($0, .number("7")) })
            : .array(names.map { .object([("name", .string($0)), ("value", .number("7"))]) })
        #expect(TestJSON.parse(text)[inValues ? "values" : "tags"] == expected)
    }

    @Test func elementsNeedNotBeAligned() {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
        defer { raw.deallocate() }
        raw.initializeMemory(as: UInt8.self, repeating: 1, count: 64)
        for (type, text) in [(25, "[257]"), (28, "[16843009]"), (29, "[72340172838076673]")] as [(Int32, String)] {
            let group = TestGroup([TestTag("a", type, .array([.integer(0)]))])
            group.tag(0).pointee.value.array.data = UnsafeRawPointer(raw + 1)
            guard case .message(let message, _, _) = encoded(group, .tags) else { continue }
            #expect(message.hasSuffix("\"value\":\(text)}]}"))
        }
    }

    @Test func messagesPastTheLimitAreTooBigAndAtTheLimitAreNot() {
        let tags = (0..<2000).map { TestTag("tag\($0)", 13, .text([UInt8](repeating: 0x61, count: 100))) }
        guard case .message(let text, 2000, 0) = encoded(TestGroup(tags)) else {
            Issue.record("no message")
            return
        }
        let count = text.utf8.count
        #expect(encoded(TestGroup(tags), byteCountMax: count) == .message(text, values: 2000, errors: 0))
        #expect(
            encoded(TestGroup(tags), byteCountMax: count - 1)
                == .failed(.tooBig("the message is larger than \(count - 1) bytes")))
    }

    @Test func aMillionTags() {
        let group = TestGroup((0..<1000).map { TestTag("tag\($0)", 7, .integer(Int64($0))) })
        let many = UnsafeMutablePointer<neuron_ws_tag_t>.allocate(capacity: 1_000_000)
        defer { many.deallocate() }
        for index in 0..<1_000_000 { (many + index).initialize(to: group.tag(index % 1000).pointee) }
        group.pointer.pointee.tags = UnsafePointer(many)
        group.pointer.pointee.tag_count = 1_000_000
        guard case .message(let text, 1_000_000, 0) = encoded(group, .tags) else {
            Issue.record("no message")
            return
        }
        #expect(text.utf8.count == 29_780_064)
        #expect(text.hasSuffix(#"{"name":"tag998","value":998},{"name":"tag999","value":999}]}"#))
    }

    @Test func aTextOfTenMegabytes() {
        let bytes = [UInt8](repeating: 0x61, count: 10_000_000) + [0x22]
        guard case .message(let text, 1, 0) = encoded(TestGroup([TestTag("s", 19, .text(bytes))]), .tags) else {
            Issue.record("no message")
            return
        }
        #expect(text.utf8.count == 88 + 10_000_002)
        #expect(text.hasSuffix("aaa\\\"\"}]}"))
    }

    // MARK: A name that comes twice

    private func statics(_ json: String) throws -> StaticTags {
        try StaticTags.parse(JSONDocument.parse(json, byteCountMax: 1 << 20).root)
    }

    private func values(_ tags: [TestTag], _ node: String = "{}", own: String = "{}") throws -> String {
        let outcome = encoded(TestGroup(tags), .values, staticTags: try statics(node), own: try statics(own))
        guard case .message(let text, _, _) = outcome else { return "\(outcome)" }
        return String(text.dropFirst(#"{"node":"plc1","group":"grp","timestamp":1700000000123,"#.utf8.count).dropLast())
    }

    @Test func theLastValueStandsAtThePlaceOfTheFirst() throws {
        let tags = [TestTag("x", 7, .integer(1)), TestTag("y", 7, .integer(2)), TestTag("x", 7, .integer(3))]
        #expect(try values(tags) == #""values":{"x":3,"y":2},"errors":{},"metas":{}"#)
        #expect(
            inside(tags, .tags)
                == #""tags":[{"name":"x","value":1},{"name":"y","value":2},{"name":"x","value":3}]"#)
        #expect(
            try values([TestTag("x", 13, .text(Array("a".utf8)))] + tags.reversed())
                == #""values":{"x":1,"y":2},"errors":{},"metas":{}"#)
    }

    @Test func aValueAndAnErrorOfOneNameStandInBothObjects() throws {
        let tags = [
            TestTag("x", error: 5), TestTag("x", 7, .integer(1)), TestTag("x", error: 6), TestTag("y", error: 7),
        ]
        #expect(try values(tags) == #""values":{"x":1},"errors":{"x":6,"y":7},"metas":{}"#)
    }

    @Test func namesAreTheSameIfTheyAreWrittenTheSame() throws {
        // Both are no UTF-8 and become U+FFFD (rule C6).
        var tags = [TestTag("", 7, .integer(1)), TestTag("", 7, .integer(2)), TestTag("b", 7, .integer(3))]
        tags[0].name = [0x61, 0xff]
        tags[1].name = [0x61, 0xfe]
        let group = TestGroup(tags, usesLengths: true)
        let outcome = encoded(group)
        guard case .message(let text, _, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(text.contains("\"values\":{\"a\u{FFFD}\":2,\"b\":3}"))
    }

    @Test func aStaticTagStandsForATagAtItsPlace() throws {
        let tags = [TestTag("a", 7, .integer(1)), TestTag("s", 7, .integer(2)), TestTag("b", 7, .integer(3))]
        #expect(
            try values(tags, #"{"n":0,"s":"x"}"#) == #""values":{"a":1,"s":"x","b":3,"n":0},"errors":{},"metas":{}"#)
        #expect(
            try values(tags, #"{"n":0,"s":"x"}"#, own: #"{"b":null,"s":"y"}"#)
                == #""values":{"a":1,"s":"y","b":"null","n":0},"errors":{},"metas":{}"#)
        // A tag that has an error is not among the values: there the static tag keeps its own place.
        let failed = [TestTag("s", error: 9), TestTag("b", 7, .integer(3))]
        #expect(
            try values(failed, #"{"m":1,"s":"x","n":0}"#)
                == #""values":{"b":3,"m":1,"s":"x","n":0},"errors":{"s":9},"metas":{}"#)
    }

    @Test func metasOfOneNameAndTagsOfOneNameWithMetas() throws {
        func metas(_ numbers: [(String, Int64)]) -> [TestTag] { numbers.map { TestTag($0.0, 7, .integer($0.1)) } }
        let tags = [
            TestTag("x", 7, .integer(1), metas: metas([("q", 1), ("t", 2), ("q", 3)])),
            TestTag("y", 7, .integer(2), metas: metas((0..<20).map { ("m\($0 % 3)", $0) })),
            TestTag("x", 7, .integer(3), metas: metas([("r", 4)])), TestTag("x", 7, .integer(5)),
        ]
        #expect(
            try values(tags)
                == #""values":{"x":5,"y":2},"errors":{},"metas":{"x":{"r":4},"y":{"m0":18,"m1":19,"m2":17}}"#)
        #expect(
            inside(Array(tags.prefix(1)), .tags) == #""tags":[{"name":"x","value":1,"q":3,"t":2}]"#)
    }

    @Test(arguments: [
        (#"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#),
        (#"[ {"a" : {"b":1, "b" : [ ] } } , {} ]"#, #"[{"a":{"b":[]}},{}]"#),
        (
            #"{"a":1,"\u0061":2,"\"":{"x":"}{,:\"","x":[1,{"y":1,"y":2}]},"":[]}"#,
            #"{"a":2,"\"":{"x":[1,{"y":2}]},"":[]}"#
        ),
        (#"{"a":1,"a":18446744073709551616,"b":1.50}"#, #"{"a":18446744073709551616,"b":1.50}"#),
        (#"{"a":{"a":1},"a":{"b":{"c":[],"c":0}},"z":{}}"#, #"{"a":{"b":{"c":0}},"z":{}}"#),
    ])
    func aCustomValueHoldsANameOnce(_ json: String, _ expected: String) {
        #expect(
            inside([TestTag("c", 40, .text(Array(json.utf8)))], .tags)
                == "\"tags\":[{\"name\":\"c\",\"value\":\(expected)}]")
    }

    @Test func aDeepCustomValueHoldsANameOnce() {
        let depth = 1000
        let json = String(repeating: #"{"a":1,"a":"#, count: depth) + "0" + String(repeating: "}", count: depth)
        let expected = String(repeating: #"{"a":"#, count: depth) + "0" + String(repeating: "}", count: depth)
        #expect(
            inside([TestTag("c", 40, .text(Array(json.utf8)))], .tags)
                == "\"tags\":[{\"name\":\"c\",\"value\":\(expected)}]")
    }
}
