// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NeuronWS
@testable import NodeCore
@testable import WebSocketCore

/// What is left of a message for another turn goes on from where it was, whatever was done with copies of it.
@Suite struct ArrivingTests {
    private func message(_ text: String) -> ArrivedMessage {
        let bytes = MessageBytes(memory: .heap)
        Array(text.utf8).withUnsafeBytes {
            _ = bytes.reserve($0.count)
            bytes.append($0)
        }
        return ArrivedMessage(kind: .NEURON_WS_TEXT, bytes: .plain(bytes), asker: .nobody, limit: 7, question: nil)
    }

    private func kept(_ content: Arriving.Content, _ message: ArrivedMessage) -> Arriving? {
        Arriving(message: message, content: content)
    }

    @Test func aLookThatWasKeptGoesOn() throws {
        let message = message(#"{"x":[1,2,3,{"y":"}"}],"id":"a"}"#)
        #expect(message.values.isEmpty && message.limit == 7)
        let pointer = try Array("id".utf8).withUnsafeBytes { try JSONPointer($0) }
        var rest = kept(.look(PlaceScan(PlaceSet([pointer]))), message)
        var turns = 0
        var value: String?
        while let arriving = rest, case .look(var scan) = arriving.content {
            arriving.message.bytes.withBytes { bytes in
                turns += 1
                let isOver = scan.step(bytes, byteCount: 5)
                rest = isOver ? nil : kept(.look(scan), arriving.message)
                value = isOver ? scan.value(at: 0).map { String(decoding: bytes[$0], as: UTF8.self) } : nil
            }
        }
        #expect(value == #""a""# && turns > 2)
    }

    @Test func anAcknowledgementThatWasKeptTellsEachNumberOnce() throws {
        let message = message(#"{"ack":[3,1,2,5]}"#)
        let reader = message.bytes.withBytes { AcknowledgementReader($0, member: Array("ack".utf8), stream: []) }
        var rest = kept(.acknowledgement(try #require(reader)), message)
        var numbers: [UInt64] = []
        var steps = 0
        while let arriving = rest, case .acknowledgement(var reader) = arriving.content, steps < 100 {
            steps += 1
            arriving.message.bytes.withBytes { _ in
                let step = reader.step { if case .single(let id) = $0 { numbers.append(id) } }
                if case .finished = step { rest = nil } else { rest = kept(.acknowledgement(reader), arriving.message) }
            }
        }
        #expect(numbers == [3, 1, 2, 5])
    }

    @Test func documentsThatWereKeptComeInOrder() throws {
        let message = message(#"[{"a":1},{"uuid":"u","node":"n","group":"g"},{"c":3}]"#)
        let rules = RequestRules(policy: .read, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        let incoming = try #require(message.bytes.withBytes { IncomingMessage.make($0) })
        var rest = kept(.documents(incoming), message)
        var documents: [String] = []
        while let arriving = rest, case .documents(var incoming) = arriving.content {
            arriving.message.bytes.withBytes { bytes in
                guard let part = incoming.next(rules) else { return rest = nil }
                switch part {
                case .other(let range): documents.append(String(decoding: bytes[range], as: UTF8.self))
                case .request: documents.append("request")
                default: break
                }
                rest = kept(.documents(incoming), arriving.message)
            }
        }
        #expect(documents == [#"{"a":1}"#, "request", #"{"c":3}"#])
    }
}
