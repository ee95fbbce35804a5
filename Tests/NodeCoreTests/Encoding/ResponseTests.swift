import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct ResponseTests {
    @Test func readResponsesCarryTransferPrecisionErrorsAndMetas() throws {
        let group = TestGroup([
            TestTag("i16", 3, .integer(2)), TestTag("f", 9, .float(2.5)), TestTag("fp", 9, .float(2.5), precision: 2),
            TestTag("d", 10, .double(0), metas: [TestTag("q", 7, .integer(1))]), TestTag("s", 13, .text([0x78])),
            TestTag("e", error: 3004), TestTag("n", 10, .double(.nan)),
        ])
        group.pointer.pointee.driver = nil
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        #expect(
            try ReadResponse.encode(uuid: "u\"1", group.pointer, into: buffer) == .message(values: 5, errors: 2))
        withExtendedLifetime(group) {}
        #expect(
            buffer.text
                == #"{"uuid":"u\"1","tags":[{"name":"i16","value":2},{"name":"f","value":2.5,"transferPrecision":1},"#
                + #"{"name":"fp","value":2.50,"transferPrecision":2},{"name":"d","value":0.0,"transferPrecision":1,"q":1},"#
                + #"{"name":"s","value":"x"},{"name":"e","error":3004},{"name":"n","error":3008}]}"#)
    }

    @Test func writeResponses() throws {
        let buffer = ByteBuffer(byteCountMax: 1000)
        try WriteResponse.encode(uuid: "1", error: 0, into: buffer)
        #expect(buffer.text == #"{"uuid":"1","error":0}"#)
        buffer.removeAll(keepingCapacity: true)
        try WriteResponse.encode(uuid: "1", error: 1002, reason: "no \"node\"", into: buffer)
        #expect(buffer.text == #"{"uuid":"1","error":1002,"reason":"no \"node\""}"#)
    }

    @Test func writeTagsResponses() throws {
        let buffer = ByteBuffer(byteCountMax: 1000)
        let json = #"[{"group":"g","name":"a","error":0},{"group":"g","name":"b","error":3004}]"#
        let tags = try WriteTagsResponse.parse(tags: try JSONDocument.parse(json, byteCountMax: 1000).root)
        try WriteTagsResponse.encode(uuid: "u", tags, into: buffer)
        #expect(buffer.text == #"{"uuid":"u","tags":"# + json + "}")
        #expect(throws: EncodingError.invalidOptions("tags[0] lacks group, name (texts) or error (an integer)")) {
            try WriteTagsResponse.parse(tags: try JSONDocument.parse("[{}]", byteCountMax: 1000).root)
        }
    }

    @Test func driverStatesHoldDriversOnly() throws {
        let options = try JSONDocument.parse(
            #"{"timestamp":5,"states":[{"node":"a","link":1,"running":3},{"node":"m","link":1,"running":3,"is_driver":false},"#
                + #"{"node":"b","link":0,"running":2,"is_driver":true}]}"#, byteCountMax: 1000)
        let parsed = try DriverStates.parse(options.root)
        let buffer = ByteBuffer(byteCountMax: 1000)
        #expect(
            try DriverStates.encode(parsed.states, timestampMilliseconds: parsed.timestampMilliseconds!, into: buffer)
                == .message(values: 2, errors: 0))
        #expect(
            buffer.text
                == #"{"timestamp":5,"states":[{"node":"a","link":1,"running":3},{"node":"b","link":0,"running":2}]}"#)
        #expect(try DriverStates.encode([], timestampMilliseconds: 1, into: buffer) == .skipped)
    }

    @Test(arguments: [
        (#"{}"#, "states is missing or no array"), (#"{"states":[],"timestamp":"x"}"#, "timestamp is a text, it takes an integer"),
        (#"{"states":[{"node":"a","link":1}]}"#, "states[0] lacks node (a text), link or running (integers)"),
        (
            #"{"states":[{"node":"a","link":1,"running":3,"is_driver":1}]}"#,
            "states[0].is_driver is neither true nor false"
        ),
    ])
    func statesOfAnotherFormAreRefused(_ json: String, _ expected: String) throws {
        #expect(throws: EncodingError.invalidOptions(expected)) {
            _ = try DriverStates.parse(try JSONDocument.parse(json, byteCountMax: 1000).root)
        }
    }
}
