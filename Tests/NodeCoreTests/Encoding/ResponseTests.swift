// SPDX-License-Identifier: Apache-2.0
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
                + #"{"name":"fp","value":2.50,"transferPrecision":2},"#
                + #"{"name":"d","value":0.0,"transferPrecision":1,"q":1},"#
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
        try WriteTagsResponse.encode(
            uuid: "u", tags: try JSONDocument.parse(json, byteCountMax: 1000).root, into: buffer)
        #expect(buffer.text == #"{"uuid":"u","tags":"# + json + "}")
        #expect(throws: EncodingError.invalidOptions("tags[0] lacks group, name (texts) or error (an integer)")) {
            try WriteTagsResponse.encode(
                uuid: "u", tags: try JSONDocument.parse("[{}]", byteCountMax: 1000).root, into: buffer)
        }
    }

    @Test func driverStatesHoldDriversOnly() throws {
        let options = try JSONDocument.parse(
            #"{"timestamp":5,"states":[{"node":"a","link":1,"running":3},"#
                + #"{"node":"m","link":1,"running":3,"is_driver":false},"#
                + #"{"node":"b","link":0,"running":2,"is_driver":true}]}"#, byteCountMax: 1000)
        let buffer = ByteBuffer(byteCountMax: 1000)
        #expect(
            try DriverStates.encode(options: options.root, now: 0, into: buffer) == .message(values: 2, errors: 0))
        #expect(
            buffer.text
                == #"{"timestamp":5,"states":[{"node":"a","link":1,"running":3},{"node":"b","link":0,"running":2}]}"#)
        let none = try JSONDocument.parse(#"{"states":[]}"#, byteCountMax: 1000)
        #expect(try DriverStates.encode(options: none.root, now: 1, into: buffer) == .skipped)
    }

    @Test(arguments: [
        (#"{}"#, "states is missing or no array"),
        (#"{"states":[],"timestamp":"x"}"#, "timestamp is a text, it takes an integer"),
        (#"{"states":[{"node":"a","link":1}]}"#, "states[0] lacks node (a text), link or running (integers)"),
        (
            #"{"states":[{"node":"a","link":1,"running":3,"is_driver":1}]}"#,
            "states[0].is_driver is neither true nor false"
        ),
    ])
    func statesOfAnotherFormAreRefused(_ json: String, _ expected: String) throws {
        #expect(throws: EncodingError.invalidOptions(expected)) {
            _ = try DriverStates.encode(
                options: try JSONDocument.parse(json, byteCountMax: 1000).root, now: 0,
                into: ByteBuffer(byteCountMax: 1000))
        }
    }
}

/// Responses with their texts as a test writes them.
extension ReadResponse {
    static func encode(
        uuid: String, _ group: UnsafePointer<neuron_ws_group_t>, into buffer: ByteBuffer
    ) throws -> EncodedGroup {
        try uuid.utf8Bytes { try encode(uuid: $0, group, into: buffer) }
    }
}

extension WriteResponse {
    static func encode(uuid: String, error: Int64, reason: String? = nil, into buffer: ByteBuffer) throws {
        try uuid.utf8Bytes { uuid in
            guard let reason else { return try encode(uuid: uuid, error: error, into: buffer) }
            try reason.utf8Bytes { try encode(uuid: uuid, error: error, reason: $0, into: buffer) }
        }
    }
}

extension WriteTagsResponse {
    static func encode(uuid: String, tags: JSONValue, into buffer: ByteBuffer) throws {
        try uuid.utf8Bytes { try encode(uuid: $0, tags: tags, into: buffer) }
    }
}

extension String {
    fileprivate func utf8Bytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Array(utf8).withUnsafeBytes(body)
    }
}
