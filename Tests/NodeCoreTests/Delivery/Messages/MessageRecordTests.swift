// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MessageRecordTests {
    @Test func aMessageOf64BytesTakes80() {
        #expect(MemoryLayout<MessageRecord>.size == 16)
        #expect(MessageRecord.size(byteCount: 64) == 80)
        #expect(MessageRecord.size(byteCount: 0) == 16 && MessageRecord.size(byteCount: 1) == 24)
    }

    @Test func theStampComesBackAsItWentIn() {
        let times: [Int64] = [0, 1, 1_650_006_388_943, 1 << 43 - 1]
        for time in times {
            for group in [0, 1, 0x8000, 0xFFFF] as [UInt16] {
                for kind in [1, 2] as [UInt8] {
                    let stamp = MessageStamp(kind: kind, timeMilliseconds: time, group: group)
                    var record = MessageRecord(byteCount: 1 << 30, stamp: stamp)
                    #expect(record.stamp == stamp && record.byteCount == 1 << 30)
                    #expect(!record.has(MessageRecord.refused) && !record.has(MessageRecord.inspected))
                    record.packed |= MessageRecord.refused | MessageRecord.inspected
                    #expect(record.stamp == stamp && record.has(MessageRecord.refused))
                }
            }
        }
    }

    /// The server lies where a group lies else, and is none.
    @Test func anAnswerKnowsItsServer() {
        for server in [1, 0x8000, 0xFFFF] as [UInt16] {
            var stamp = MessageStamp(kind: 2, timeMilliseconds: 1 << 43 - 1)
            stamp.server = server
            stamp.isNumbered = true
            var record = MessageRecord(byteCount: 1, stamp: stamp)
            #expect(record.stamp == stamp && record.server == Int(server) && record.group == 0)
            #expect(record.refusal == nil)
            record.packed |= MessageRecord.refused
            #expect(record.refusal == .NEURON_WS_DROPPED_REFUSED)
            record.markUntold()
            #expect(record.refusal == .NEURON_WS_DROPPED_OTHER_SERVER && record.has(MessageRecord.refused))
            #expect(record.stamp.timeMilliseconds == 1 << 43 - 1 && record.stamp.kind == 2)
        }
        let ofGroup = MessageRecord(byteCount: 1, stamp: MessageStamp(kind: 1, timeMilliseconds: 0, group: 7))
        #expect(ofGroup.server == 0 && ofGroup.group == 7)
    }

    @Test func timesThatAreNoneAreCut() {
        func kept(_ time: Int64) -> Int64 {
            MessageRecord(byteCount: 1, stamp: MessageStamp(kind: 1, timeMilliseconds: time)).stamp.timeMilliseconds
        }
        #expect(kept(.min) == 0 && kept(-1) == 0)
        #expect(kept(.max) == 1 << 43 - 1)
    }
}
