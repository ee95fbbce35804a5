// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct NodeErrorTests {
    private static let all: [(error: NodeError, status: neuron_ws_status_t)] = [
        (.invalidArgument("t"), .NEURON_WS_INVALID_ARGUMENT), (.invalidSettings("t"), .NEURON_WS_INVALID_SETTINGS),
        (.invalidJSON("t"), .NEURON_WS_INVALID_JSON), (.invalidGroup("t"), .NEURON_WS_INVALID_GROUP),
        (.structSize("t"), .NEURON_WS_STRUCT_SIZE), (.notFound("t"), .NEURON_WS_NOT_FOUND),
        (.tooBig("t"), .NEURON_WS_TOO_BIG), (.queueFull("t"), .NEURON_WS_QUEUE_FULL),
        (.notSubscribed("t"), .NEURON_WS_NOT_SUBSCRIBED), (.skipped("t"), .NEURON_WS_SKIPPED),
        (.system("t"), .NEURON_WS_SYSTEM), (.unsupported("t"), .NEURON_WS_UNSUPPORTED),
        (.timeout("t"), .NEURON_WS_TIMEOUT), (.notRunning("t"), .NEURON_WS_NOT_RUNNING),
        (.wrongThread("t"), .NEURON_WS_WRONG_THREAD),
    ]

    @Test func eachHasAStatusOfItsOwnAndItsSentence() {
        for (error, status) in Self.all { #expect(error.status == status && error.text == "t") }
        #expect(NodeError.noMemory.status == .NEURON_WS_NO_MEMORY && NodeError.noMemory.text == "memory is exhausted")
        #expect(Set(Self.all.map { $0.status.rawValue }).count == Self.all.count)
    }

    @Test(arguments: [
        (EncodingError.invalidGroup("t"), neuron_ws_status_t.NEURON_WS_INVALID_GROUP),
        (.structSize("t"), .NEURON_WS_STRUCT_SIZE), (.invalidJSON("t"), .NEURON_WS_INVALID_JSON),
        (.invalidTemplate("t"), .NEURON_WS_INVALID_SETTINGS), (.invalidOptions("t"), .NEURON_WS_INVALID_SETTINGS),
        (.tooBig("t"), .NEURON_WS_TOO_BIG), (.noMemory, .NEURON_WS_NO_MEMORY),
    ])
    func ofAnEncoding(error: EncodingError, status: neuron_ws_status_t) {
        #expect(NodeError(error).status == status && NodeError(error).text == error.text)
    }

    @Test(arguments: [
        (GroupDocumentError.Kind.invalidJSON, neuron_ws_status_t.NEURON_WS_INVALID_JSON),
        (.invalidGroup, .NEURON_WS_INVALID_GROUP), (.tooBig, .NEURON_WS_TOO_BIG), (.noMemory, .NEURON_WS_NO_MEMORY),
    ])
    func ofADocument(kind: GroupDocumentError.Kind, status: neuron_ws_status_t) {
        #expect(NodeError(GroupDocumentError(kind, "t")).status == status)
    }

    @Test func aSubscriptionsNamesAreShownAsForeignText() {
        let driver = Array("plc\u{1B}".utf8)
        let group = Array("g".utf8)
        let errors: [(SubscriptionError, neuron_ws_status_t)] = [
            (.invalidName, .NEURON_WS_INVALID_ARGUMENT), (.tooMany, .NEURON_WS_TOO_BIG),
            (.noMemory, .NEURON_WS_NO_MEMORY), (.notFound, .NEURON_WS_NOT_FOUND),
        ]
        driver.withUnsafeBytes { driver in
            for (error, status) in errors { #expect(NodeError(error, driver, nil).status == status) }
            #expect(NodeError(.notFound, driver, nil).text == #"there is no subscription of driver "plc\u{1b}""#)
            group.withUnsafeBytes { group in
                let text = #"there is no subscription of driver "plc\u{1b}", group "g""#
                #expect(NodeError(.notFound, driver, group).text == text)
            }
        }
    }
}
