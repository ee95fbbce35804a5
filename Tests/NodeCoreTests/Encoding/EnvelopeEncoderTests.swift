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
                == #""values":{"a":1,"d":2.5},"errors":{"b":1011,"c":3008},"metas":{"a":{"q":192,"t":"x"},"b":{"q":0}}"#)
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
            String(inside([TestTag("x", type, value)], .ecp).dropFirst(#""tags":[{"name":"x","value":"#.count).dropLast(2))
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
        try buffer.appendZeros(14)
        let options = EncodingOptions(format: .tags, reportsErrors: false)
        let errors = TestGroup([TestTag("a", error: 1)])
        #expect(
            try EnvelopeEncoder.encode(errors.pointer, timestampMilliseconds: 1, options: options, into: buffer) == .skipped)
        let broken = TestGroup([TestTag("a", 7, .integer(1)), TestTag("b", 99)])
        #expect(throws: EncodingError.self) {
            try EnvelopeEncoder.encode(broken.pointer, timestampMilliseconds: 1, options: options, into: buffer)
        }
        #expect(buffer.count == 14)
        let good = TestGroup([TestTag("a", 7, .integer(1))])
        _ = try EnvelopeEncoder.encode(good.pointer, timestampMilliseconds: -1, options: options, into: buffer)
        #expect(
            buffer.text
                == String(repeating: "\0", count: 14)
                + #"{"node":"plc1","group":"grp","timestamp":-1,"tags":[{"name":"a","value":1}]}"#)
        withExtendedLifetime((errors, broken, good)) {}
    }

    @Test func customValuesGoOutAsTheyAre() {
        func custom(_ text: String) -> String { inside([TestTag("c", 40, .text(Array(text.utf8)))], .tags) }
        #expect(
            custom("{ \"b\" : 1.10,\n\t\"a\":\"x y\\\" \\u0041\", \"n\" : [ -0 , 1E400e ] }".replacing("E400e", with: "e3"))
                == #""tags":[{"name":"c","value":{"b":1.10,"a":"x y\" \u0041","n":[-0,1e3]}}]"#)
        #expect(custom("[18446744073709551615]") == #""tags":[{"name":"c","value":[18446744073709551615]}]"#)
        let broken = encoded(TestGroup([TestTag("ok", 7), TestTag("c", 40, .text(Array("{\"a\":}".utf8)))]))
        guard case .failed(.invalidJSON(let text)) = broken else {
            Issue.record("\(broken)")
            return
        }
        #expect(text.hasPrefix("tag 1 (c) has a CUSTOM value that is no JSON: line 1, column 6"))
        #expect(
            inside([TestTag("c", 40, .text([0x22, 0xff, 0x22]))], .tags) == "\"tags\":[{\"name\":\"c\",\"value\":\"\u{fffd}\"}]")
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
        for count in 0...40 {
            let plain = String("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".prefix(count))
            for place in 0...count {
                for special in ["", "\"", "\u{7f}", "\u{1f}", "é"] {
                    var name = plain
                    name.insert(contentsOf: special, at: name.index(name.startIndex, offsetBy: place))
                    for usesLengths in [false, true] {
                        for format in [UploadFormat.values, .tags] {
                            let outcome = encoded(TestGroup([TestTag(name, 7, .integer(7))], usesLengths: usesLengths), format)
                            guard case .message(let text, 1, 0) = outcome else {
                                Issue.record("\(name)")
                                continue
                            }
                            let json = TestJSON.parse(text)
                            let expected: TestJSON? =
                                format == .values
                                ? .object([(name, .number("7"))])
                                : .array([.object([("name", .string(name)), ("value", .number("7"))])])
                            if json[format == .values ? "values" : "tags"] != expected { Issue.record("\(name): \(text)") }
                        }
                    }
                }
            }
        }
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

    @Test func noGroupMeansWhatTheHeaderSaysOfOpenGate() {
        #expect(
            encoded(TestGroup([TestTag("a", 7)]), .openGate)
                == .failed(.invalidOptions("format 5 has no envelope in this version")))
    }
}
