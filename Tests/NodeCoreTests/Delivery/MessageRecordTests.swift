// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MessageRecordTests {
    @Test func aMessageOf64BytesTakes80() {
        #expect(MemoryLayout<MessageRecord>.size == 16)
        #expect(MessageRecord.size(byteCount: 64) == 80)
        #expect(MessageRecord.size(byteCount: 0) == 16 && MessageRecord.size(byteCount: 1) == 24)
    }

    @Test func theStampComesBackAsItWentIn() {
        let times: [Int64] = [0, 1, 1_650_006_388_943, 1 << 44 - 1]
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

    @Test func timesThatAreNoneAreCut() {
        func kept(_ time: Int64) -> Int64 {
            MessageRecord(byteCount: 1, stamp: MessageStamp(kind: 1, timeMilliseconds: time)).stamp.timeMilliseconds
        }
        #expect(kept(.min) == 0 && kept(-1) == 0)
        #expect(kept(.max) == 1 << 44 - 1)
    }
}
