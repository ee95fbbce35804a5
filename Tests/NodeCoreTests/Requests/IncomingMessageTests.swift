// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct IncomingMessageTests {
    @Test(arguments: [
        "", "   ", "not json", "5", "\"x\"", "null", "{}", "[]", "[1,2]", "{\"a\":1}", "[{}]", "{", "[",
        "[[{\"uuid\":\"1\"}]]",
        // Our own messages, which a server may echo, are no requests.
        #"{"uuid":"1","error":0}"#, #"{"uuid":"1","error":1002,"reason":"x"}"#,
        #"{"uuid":"1","tags":[{"name":"a","value":1}]}"#, #"{"uuid":"1","tags":[{"group":"g","name":"a","error":0}]}"#,
        #"{"node":"d","group":"g","timestamp":1,"values":{},"errors":{},"metas":{}}"#,
        #"{"node":"d","group":"g","timestamp":1,"tags":[{"name":"a","value":1}]}"#,
        #"{"timestamp":1,"states":[{"node":"d","link":1,"running":3}]}"#,
        // OpenGate's have their own version to come.
        // Names inside do not count.
        #"{"data":{"uuid":"1","node":"d","group":"g"}}"#, #"{"a":["uuid","node","group"]}"#,
    ])
    func otherMessagesStayWhatTheyAre(_ text: String) { #expect(parts(text) == ["message"]) }

    @Test func namesWithEscapesCount() {
        #expect(parts(#"{"\u0075uid":"1","n\u006fde":"d","group":"g"}"#) == ["read d/g"])
        #expect(parts(#" {"\u0075uid":"1"}"#) == ["message"])
    }

    @Test func anArrayIsTakenMemberByMember() {
        let read = #"{"uuid":"1","node":"d","group":"g"}"#
        let array = #" [ \#(read), 5 ,"a,]",{"x":[1,"}"]},[\#(read)],{"uuid":"2","node":"d"}, \#(read) ] "#
        #expect(
            parts(array) == [
                "read d/g", "message: 5 ", #"message: "a,]""#, #"message: {"x":[1,"}"]}"#, "message: [\(read)]",
                #"1002 "2" "group" is missing"#, "read d/g",
            ])
        let last = requests(array)[1]
        withExtendedLifetime(last) { #expect(String(cString: last.info.json) == read) }
    }

    @Test func aByteOrderMarkIsPassedOver() {
        let read = #"{"uuid":"1","node":"d","group":"g"}"#
        #expect(parts("\u{FEFF}" + read) == ["read d/g"])
        #expect(parts("\u{FEFF} [\(read),\(read)]") == ["read d/g", "read d/g"])
        let request = requests("\u{FEFF}" + read)[0]
        withExtendedLifetime(request) { #expect(String(cString: request.info.json) == read) }
    }

    @Test func ofWhatIsTooLongOnlyTheBeginningIsLookedAt() {
        let blanks = String(repeating: " ", count: 5_000_000)
        let refused = #"1002 "1" the request has 5000035 bytes; at most 4194304 are taken"#
        #expect(parts(#"{"uuid":"1","node":"d","group":"g""# + blanks + "}") == [refused])
        let late = "{" + blanks + #""uuid":"1","node":"d","group":"g"}"#
        #expect(parts(late) == ["message: " + late])
        #expect(parts("[" + blanks + #"{"uuid":"1","node":"d","group":"g"}]"#) == ["message"])
    }

    /// Whoever carries it between the steps may move its bytes.
    @Test(arguments: [false, true]) func aLargeDocumentTakesSteps(isInArray: Bool) throws {
        let filling = String(repeating: "[],", count: 4 * IncomingMessage.stepBytesMax / 3)
        let read = #"{"uuid":"1","x":[\#(filling)[]],"node":"d","group":"g","tags":["a"]}"#
        let text = Array((isInArray ? "[\(read),\(read)]" : " \(read) ").utf8)
        var steps: [String] = []
        var unfinished = 0
        try text.withUnsafeBytes { bytes in
            var incoming = try #require(IncomingMessage.make(bytes))
            #expect(incoming.isLarge)
            while !incoming.isAtEnd, let part = incoming.next(anyRules) {
                switch part {
                case .unfinished(let byteCount):
                    #expect(byteCount < 2 * IncomingMessage.stepBytesMax)
                    if steps.last != "unfinished" { steps.append("unfinished") }
                    unfinished += 1
                case .request(let request):
                    withExtendedLifetime(request) { steps.append(String(cString: request.info.uuid)) }
                default: steps.append("something else")
                }
            }
        }
        #expect(steps == (isInArray ? ["unfinished", "1", "unfinished", "1"] : ["unfinished", "1"]))
        // Each is passed over once to find out what it is, and once to check it; in an array a time more before.
        #expect(unfinished >= (isInArray ? 24 : 8))
    }

    @Test(arguments: [4096, 4097, 10_000]) func manyWritesTakeSteps(count: Int) throws {
        let tags = (0..<count).map { #"{"tag":"t\#($0)","value":{"a":\#($0)}}"# }.joined(separator: " , ")
        let text = Array(#"{"uuid":"1","node":"d","group":"g","tags":[ \#(tags) ]}"#.utf8)
        var steps = 0
        var values: [String] = []
        try text.withUnsafeBytes { bytes in
            var incoming = try #require(IncomingMessage.make(bytes))
            while let part = incoming.next(anyRules) {
                if case .unfinished(let byteCount) = part, byteCount == 0 { steps += 1 }
                guard case .request(let request) = part else { continue }
                #expect(request.info.tag_count == count && request.info.tag_list)
                for index in [0, 4095, 4096, count - 1] where index < request.info.tag_count {
                    let value = request.info.tags[index].value.text
                    values.append(
                        String(decoding: UnsafeRawBufferPointer(start: value.data, count: value.length), as: UTF8.self))
                }
            }
        }
        #expect(steps >= text.count / RequestParser.bytesPerStep - 1)
        #expect(steps >= (count - 1) / RequestParser.tagsPerStep)
        #expect(values == [0, 4095, 4096, count - 1].filter { $0 < count }.map { #"{"a":\#($0)}"# })
    }

    @Test func aSmallDocumentTakesOne() throws {
        let text = Array(#"{"uuid":"1","node":"d","group":"g"}"#.utf8)
        try text.withUnsafeBytes { bytes in
            var incoming = try #require(IncomingMessage.make(bytes))
            #expect(!incoming.isLarge)
            var isRequest = false
            if case .request = incoming.next(anyRules) { isRequest = true }
            #expect(isRequest && incoming.isAtEnd)
        }
    }

    @Test func utf16IsKnown() {
        func isUTF16(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { IncomingMessage.isUTF16($0) } }
        #expect(isUTF16([0xFF, 0xFE, 0x7B, 0]) && isUTF16([0xFE, 0xFF]) && isUTF16([0x7B, 0]) && isUTF16([0, 0x5B]))
        #expect(!isUTF16([]) && !isUTF16([0x7B]) && !isUTF16(Array("{}".utf8)) && !isUTF16([0, 0]))
    }

    @Test func ofABrokenArrayNothingIsCarriedOut() {
        let read = #"{"uuid":"1","node":"d","group":"g"}"#
        let refused = #"1002 "1" the array that holds the request is not JSON"#
        #expect(parts("[\(read)") == [refused])
        #expect(parts("[\(read),") == [refused])
        #expect(parts("[\(read)] x") == [refused])
        #expect(parts("[,\(read)]") == [refused])
        #expect(parts("[\(read) \(read)]") == [refused, refused])
        #expect(parts("[\(read),]") == [refused])
    }

    @Test func anArrayOfTooManyMembersIsAMessage() {
        let read = #"{"uuid":"1","node":"d","group":"g"}"#
        func array(_ count: Int) -> String {
            "[" + [String](repeating: read, count: count).joined(separator: ",") + "]"
        }
        #expect(parts(array(4096)).count == 4096)
        #expect(parts(array(4097)) == ["message"])
    }

    @Test func cutAnywhereOrWithAnyByteChangedItIsTaken() {
        let write = #"{"uuid":"1\"","node":"d","group":"g","tags":[{"tag":"t","value":[1,{"a":"\u00e9"}]}]}"#
        let text = Array("[\(write),{\"uuid\":2,\"node\":\"\"}]".utf8)
        for length in 0...text.count { _ = parts(Array(text[..<length])) }
        for index in text.indices {
            for byte: UInt8 in [0x00, 0x22, 0x2C, 0x3A, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0xFF] {
                var changed = text
                changed[index] = byte
                _ = parts(changed)
            }
        }
        #expect(parts(text).count == 2)
    }

    @Test func bytesOfAnyKindAreTaken() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"{}[]",:\ "uuid":"node""group""tag""value"1e-.tfn"#.utf8) + [0, 0x80, 0xFF]
        for _ in 0..<5_000 {
            var bytes: [UInt8] = Array(#"{"uuid":1,"node":"d","#.utf8)
            for _ in 0..<Int.random(in: 0..<40, using: &generator) {
                bytes.append(alphabet.randomElement(using: &generator)!)
            }
            #expect(!parts(bytes).isEmpty, "\(bytes)")
        }
    }
}
