// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// The contract's documents, and what becomes of names that come twice.
@Suite struct DatastreamWriterTests {
    private let gateway = OpenGateIdentity(deviceID: "gateway1", isReduced: false)
    private let reduced = OpenGateIdentity(deviceID: "gateway1", isReduced: true)

    private func text(
        _ tags: [TestTag], device: String = "plc1", _ identity: OpenGateIdentity, reportsErrors: Bool = true,
        statics: String? = nil
    ) throws -> String {
        let statics = try statics.map { try StaticTags.parse(JSONDocument.parse($0, byteCountMax: 1 << 20).root) }
        let group = TestGroup(driver: device, group: "grp", timestamp: 1_650_006_388_943, tags)
        guard
            case .message(let text, _, _) = encoded(
                group, .openGate, reportsErrors: reportsErrors, staticTags: statics, openGate: identity)
        else { return "skipped" }
        return text
    }

    private let temperature = TestTag("temperature", 10, .double(21.5))

    @Test func aLowerDeviceHasThePathThroughTheGateway() throws {
        let expected =
            #"{"version":"9.0","device":"plc1","path":["gateway1"],"datastreams":[{"id":"temperature","feed":"grp","#
            + #""datapoints":[{"at":1650006388943,"value":21.5}]}]}"#
        #expect(try text([temperature], gateway) == expected)
    }

    @Test func theGatewayItselfHasNoPath() throws {
        let expected =
            #"{"version":"9.0","device":"gateway1","datastreams":[{"id":"temperature","feed":"grp","#
            + #""datapoints":[{"at":1650006388943,"value":21.5}]}]}"#
        #expect(try text([temperature], device: "gateway1", gateway) == expected)
    }

    @Test func reducedLeavesOutPathAndTimesAndTheGatewaysOwnName() throws {
        let streams = #""datastreams":[{"id":"temperature","feed":"grp","datapoints":[{"value":21.5}]}]}"#
        #expect(try text([temperature], device: "gateway1", reduced) == #"{"version":"9.0","# + streams)
        #expect(try text([temperature], reduced) == #"{"version":"9.0","device":"plc1","# + streams)
    }

    @Test func valuesOfOneNameAreDatapointsInTheirOrder() throws {
        let tags = [
            TestTag("a", 7, .integer(1)), TestTag("b", 7, .integer(2)), TestTag("a", 13, .text(Array("x".utf8))),
        ]
        let expected =
            #"{"version":"9.0","device":"plc1","datastreams":["#
            + #"{"id":"a","feed":"grp","datapoints":[{"value":1},{"value":"x"},{"value":9}]},"#
            + #"{"id":"b","feed":"grp","datapoints":[{"value":2}]},"#
            + #"{"id":"s","feed":"grp","datapoints":[{"value":true}]}]}"#
        #expect(try text(tags, reduced, statics: #"{"a":9,"s":true}"#) == expected)
    }

    @Test func errorsHaveAMemberOfTheirOwnOrNone() throws {
        let tags = [temperature, TestTag("bad", 7, .integer(0), error: 3002)]
        let streams =
            #"{"version":"9.0","device":"plc1","datastreams":["#
            + #"{"id":"temperature","feed":"grp","datapoints":[{"value":21.5}]}]"#
        #expect(try text(tags, reduced) == streams + #","errors":[{"id":"bad","error":3002}]}"#)
        #expect(try text(tags, reduced, reportsErrors: false) == streams + "}")
        let onlyBad = [TestTag("bad", 7, .integer(0), error: 3002)]
        #expect(try text(onlyBad, reduced, reportsErrors: false) == "skipped")
        #expect(try text(onlyBad, reduced, reportsErrors: false, statics: #"{"s":1}"#) == "skipped")
        #expect(
            try text(onlyBad, reduced)
                == #"{"version":"9.0","device":"plc1","datastreams":[],"errors":[{"id":"bad","error":3002}]}"#)
    }
}
