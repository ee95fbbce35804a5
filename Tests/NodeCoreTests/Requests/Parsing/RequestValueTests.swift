// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

/// Values of any length, of a document that lies elsewhere at each step, as it does when the turn is over meanwhile.
@Suite struct RequestValueTests {
    private func write(_ value: String) -> String {
        #"{"uuid":"1","node":"d","group":"g","tag":"t","value":\#(value)}"#
    }

    /// What comes of a document, and in how many steps its value was read.
    private func read(_ text: String, _ rules: RequestRules = anyRules) throws -> (IncomingMessage.Part?, steps: Int) {
        let text = Array(text.utf8)
        var part: IncomingMessage.Part?
        var steps = 0
        try text.withUnsafeBytes { bytes in
            var incoming = try #require(IncomingMessage.make(bytes))
            while let next = incoming.next(rules) {
                if case .unfinished(let byteCount) = next, byteCount == 0 { steps += 1 }
                part = next
            }
        }
        return (part, steps)
    }

    private func tag(_ value: String, steps least: Int) throws -> (neuron_ws_tag_t, Request) {
        let (part, steps) = try read(write(value))
        #expect(steps >= least)
        guard case .request(let request) = part else { throw Unexpected() }
        return (request.info.tags[0], request)
    }

    private struct Unexpected: Error {}

    /// Longer than a step, and read twice.
    private let count = 40_000

    @Test func integersAreReadInSteps() throws {
        let values = (0..<count).map { Int64($0) &* 1_000_003 } + [.min, .max]
        let (tag, request) = try tag("[" + values.map { "\($0)" }.joined(separator: " ,") + "]", steps: 20)
        try withExtendedLifetime(request) {
            try #require(tag.type == .NEURON_WS_TYPE_ARRAY_INT64 && tag.value.array.count == values.count)
            let read = tag.value.array.data.assumingMemoryBound(to: Int64.self)
            #expect(values.indices.allSatisfy { read[$0] == values[$0] })
        }
    }

    @Test func numbersOfSeveralKindsAreReals() throws {
        let texts = (0..<count).map { ["\($0)", "\($0).25e1", "9223372036854775808", "-1"][$0 % 4] }
        let (tag, request) = try tag("[" + texts.joined(separator: ",") + "]", steps: 10)
        try withExtendedLifetime(request) {
            try #require(tag.type == .NEURON_WS_TYPE_ARRAY_DOUBLE && tag.value.array.count == count)
            let read = tag.value.array.data.assumingMemoryBound(to: Double.self)
            #expect(texts.indices.allSatisfy { read[$0] == Double(texts[$0]) })
        }
    }

    @Test func textsAndTruthsAreReadInSteps() throws {
        let list = (0..<count).map { #""\u00e9\#($0)""# }.joined(separator: ",")
        let (texts, request) = try tag("[\(list)]", steps: 10)
        try withExtendedLifetime(request) {
            try #require(texts.type == .NEURON_WS_TYPE_ARRAY_STRING && texts.value.array.count == count)
            let read = texts.value.array.data.assumingMemoryBound(to: UnsafePointer<CChar>.self)
            #expect((0..<count).allSatisfy { String(cString: read[$0]) == "é\($0)" })
        }
        let (truths, other) = try tag("[" + (0..<count).map { "\($0 % 3 == 0)" }.joined(separator: ",") + "]", steps: 8)
        try withExtendedLifetime(other) {
            try #require(truths.type == .NEURON_WS_TYPE_ARRAY_BOOL && truths.value.array.count == count)
            let read = truths.value.array.data.assumingMemoryBound(to: Bool.self)
            #expect((0..<count).allSatisfy { read[$0] == ($0 % 3 == 0) })
        }
    }

    /// Behind a beginning that could be an array of its kind.
    @Test(arguments: [
        #""a b\" c""#, "null", #"{ "a" : [ 1 , "x  y" ] }"#, "[ ]", "true", #""a\u0000""#, "9223372036854775808",
    ])
    func whatMixesKindsStaysJSONWithoutBlanks(_ last: String) throws {
        let first = (0..<count).map { "\($0)" }
        let text = "[ " + (first + [last]).joined(separator: " , ") + "\n]"
        let (tag, request) = try tag(text, steps: 10)
        withExtendedLifetime(request) {
            let shown = last.hasPrefix("\"") ? last : last.replacing(" ", with: "")
            let end = last.hasPrefix("{") ? #"{"a":[1,"x  y"]}"# : shown
            let expected = "[" + first.joined(separator: ",") + "," + end + "]"
            let bytes = UnsafeRawBufferPointer(start: tag.value.text.data, count: tag.value.text.length)
            #expect(tag.type == .NEURON_WS_TYPE_CUSTOM && bytes.elementsEqual(expected.utf8))
        }
    }

    @Test func aTextWithNULStaysInJSON() throws {
        let (tag, request) = try tag(#"["a\u0000","\\u0000"]"#, steps: 0)
        withExtendedLifetime(request) {
            let bytes = UnsafeRawBufferPointer(start: tag.value.text.data, count: tag.value.text.length)
            #expect(tag.type == .NEURON_WS_TYPE_CUSTOM && bytes.elementsEqual(#"["a\u0000","\\u0000"]"#.utf8))
        }
        let (plain, other) = try self.tag(#"["\\u0000"]"#, steps: 0)
        withExtendedLifetime(other) { #expect(plain.type == .NEURON_WS_TYPE_ARRAY_STRING) }
    }

    @Test(arguments: ["18446744073709551616", "-9223372036854775809", "1e999"])
    func aNumberThatIsTooLargeIsNamed(_ number: String) throws {
        guard case .malformed(let malformed, _) = try read(write("[1,\(number)]")).0 else { throw Unexpected() }
        #expect(malformed.reason == #""value" holds a number that is too large"#)
    }

    @Test func manyArraysInOneListAreReadInSteps() throws {
        let array = "[" + [String](repeating: "1", count: 500).joined(separator: ",") + "]"
        let list = (0..<400).map { #"{"tag":"t\#($0)","value":\#(array)}"# }.joined(separator: ",")
        let (part, steps) = try read(#"{"uuid":"1","node":"d","group":"g","tags":[\#(list)]}"#)
        guard case .request(let request) = part else { throw Unexpected() }
        #expect(request.info.tag_count == 400 && request.info.tags[399].value.array.count == 500)
        #expect(steps >= 400 * array.utf8.count / RequestParser.bytesPerStep)
    }

    /// Those of a read too: names, and an operation's variables.
    @Test func namesAreReadInSteps() throws {
        let names = (0..<20_000).map { #""t\#($0)""# }.joined(separator: ",")
        let (part, steps) = try read(#"{"uuid":"1","node":"d","group":"g","tags":[\#(names)]}"#)
        guard case .request(let request) = part else { throw Unexpected() }
        #expect(request.info.tag_count == 20_000 && steps >= 5)
        var rules = anyRules
        rules.openGate = OpenGateIdentity(deviceID: "gw", isReduced: false)
        let list = #"{"variableList":[\#(names),\#(names)]}"#
        let operation =
            #"{"operation":{"request":{"id":"1","name":"GET_DEVICE_PARAMETERS","parameters":\#(list)}}}"#
        let (other, more) = try read(operation, rules)
        guard case .request(let variables) = other else { throw Unexpected() }
        #expect(variables.info.tag_count == 20_000 && more >= 9)
    }

    /// For the log: what is written, as the document says it, of the first 64 tags, and none of our secrets.
    @Test func theSubjectOfAWriteSaysItsValues() throws {
        func text(_ document: String, _ policy: RequestPolicy = .all) throws -> String {
            var rules = RequestRules(policy: policy, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
            rules.mask = SecretMask(headerValues: [], others: [SecretBytes("hunter2!")])
            switch try read(document, rules).0 {
            case .request(let request): return request.subject.text
            case .refused(let refused): return refused.subject.text
            default: throw Unexpected()
            }
        }
        let head = #"{"uuid":"7","node":"d","group":"g","#
        let tags = (0..<66).map { #"{"tag":"t\#($0)","value":\#($0)}"# }.joined(separator: ",")
        for policy: RequestPolicy in [.all, .read] {
            #expect(try text(head + #""tag":"t","value":-1.5e3}"#, policy) == "write of d/g (t = -1.5e3), uuid 7")
            #expect(
                try text(head + #""tag":"t","value":"hunter2!"}"#, policy) == "write of d/g (t = \"…\"), uuid 7")
            let shown = (0..<64).map { "t\($0) = \($0)" }.joined(separator: ", ")
            #expect(
                try text(head + "\"tags\":[" + tags + "]}", policy) == "write of d/g (\(shown) and 2 more), uuid 7")
            #expect(try text(head + #""tag":"t","value":[1,2]}"#, policy) == "write of d/g (t = [1,2]), uuid 7")
        }
        #expect(try text(#"{"uuid":"7","node":"d","group":"g","tags":["a"]}"#) == "read of d/g (a), uuid 7")
        #expect(try text(#"{"uuid":"7","node":"d","action":"reset"}"#) == "action of d/reset, uuid 7")
    }

    /// No name looks like two, and what is cut says how long it is.
    @Test func theSubjectOfAWriteCannotBeForged() throws {
        func text(_ document: String) throws -> String {
            guard case .request(let request) = try read(document, anyRules).0 else { throw Unexpected() }
            return request.subject.text
        }
        func write(_ tag: String, _ value: String) -> String {
            #"{"uuid":"7, done","node":"a/b","group":"g (x","tag":"\#(tag)","value":\#(value)}"#
        }
        let head = #"write of "a/b"/"g (x" ("#
        let tail = #"), uuid "7, done""#
        #expect(try text(write("a = 1, b", "2")) == head + #""a = 1, b" = 2"# + tail)
        #expect(try text(write(#"a\"b"#, #""x, c = 1""#)) == head + #""a\"b" = "x, c = 1""# + tail)
        let long = String(repeating: "v", count: 300)
        let cut = String(repeating: "v", count: 63)
        #expect(try text(write("t", "\"\(long)\"")) == head + #"t = "\#(cut)…" (302 bytes)"# + tail)
        #expect(
            try text(write(long, "1")) == head + #""\#(cut)v…" (300 bytes) = 1"# + tail)
        let list = "[" + [String](repeating: "\"ab\"", count: 40).joined(separator: ",") + "]"
        let shown = try text(write("t", list))
        #expect(shown.contains(#"t = "[\"ab\",\"ab\","#) && shown.hasSuffix(#"…" (201 bytes)"# + tail), "\(shown)")
    }

    @Test func whatTheServerWasToldStandsInNoText() throws {
        let token = String(repeating: "token-of-ours.", count: 40)
        var rules = RequestRules(policy: .read, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        rules.mask = SecretMask(headerValues: [], others: [SecretBytes(token)])
        guard
            case .malformed(let malformed, _) = try read(
                #"{"uuid":"1","node":"d","group":"g","tag":"\#(token)","value":null}"#,
                RequestRules(policy: .all, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20, mask: rules.mask)
            ).0
        else { throw Unexpected() }
        #expect(malformed.reason == #"tag "…": null is no value"#)
        guard case .request(let request) = try read(#"{"uuid":"\#(token)","node":"d","group":"g"}"#, rules).0 else {
            throw Unexpected()
        }
        #expect(request.subject.text == "read of d/g, uuid …")
        guard
            case .refused(let refused) = try read(
                #"{"uuid":"\#(token)","node":"d","group":"g","tag":"t","value":1}"#, rules
            ).0
        else { throw Unexpected() }
        #expect(refused.subject.text == "write of d/g (t = 1), uuid …")
    }
}
