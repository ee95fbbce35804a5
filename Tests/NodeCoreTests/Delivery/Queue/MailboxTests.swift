// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MailboxTests {
    @Test func aLargeMessageComesInAChunkOfItsOwnAndKeepsItsPlace() {
        var mailbox = Mailbox()
        var id: UInt64 = 0
        func put(_ byte: UInt8, _ count: Int) {
            id += 1
            let stamp = MessageStamp(kind: 1, timeMilliseconds: Int64(byte))
            [UInt8](repeating: byte, count: count).withUnsafeBytes { bytes in
                if count >= Mailbox.aloneBytesMin {
                    let chunk = ChunkPool.make(byteCount: count)!
                    chunk.append(OutgoingMessage(bytes, stamp))
                    return mailbox.append(chunk, id: id)
                }
                mailbox.put(OutgoingMessage(bytes, stamp), id: id)
            }
        }
        put(1, 10)
        put(2, Mailbox.aloneBytesMin)
        put(3, 10)
        put(4, Mailbox.aloneBytesMin)
        var list = mailbox.takeAll()
        let (isEmpty, endID) = (mailbox.isEmpty, list.endID)
        #expect(isEmpty && endID == 5)
        var seen: [UInt8] = []
        var numbers: [UInt64] = []
        while let chunk = list.removeFirst() {
            var offset = 0
            for index in 0..<chunk.count {
                seen.append(chunk.payload(at: offset)[0])
                numbers.append(chunk.firstID + UInt64(index))
                offset += MessageRecord.size(byteCount: chunk.payload(at: offset).count)
            }
        }
        #expect(seen == [1, 2, 3, 4] && numbers == [1, 2, 3, 4])
    }
}
