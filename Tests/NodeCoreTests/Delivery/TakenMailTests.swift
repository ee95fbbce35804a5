// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct TakenMailTests {
    private func cache() -> MessageCache {
        MessageCache(MessageCache.Settings(memoryBytes: 1 << 20, diskBytes: 1 << 20, syncInterval: 1))
    }

    private func mail(_ ids: ClosedRange<UInt64>) -> ChunkList {
        var mailbox = Mailbox()
        for id in ids {
            [UInt8]("x".utf8).withUnsafeBytes {
                mailbox.put(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)), id: id)
            }
        }
        return mailbox.takeAll()
    }

    @Test func nothingIsNothing() {
        var (cache, backlog) = (cache(), Backlog())
        let hasMail = TakenMail(ChunkList()).deliver(to: &cache, &backlog, now: 1)
        #expect(!hasMail && backlog.isEmpty && !cache.isOpen)
    }

    @Test func whatCameGoesBehindWhatIsThere() {
        var (cache, backlog) = (cache(), Backlog())
        let first = TakenMail(mail(1...2)).deliver(to: &cache, &backlog, now: 1)
        let second = TakenMail(mail(3...5)).deliver(to: &cache, &backlog, now: 2)
        #expect(first && second)
        #expect(backlog.openID == 1 && backlog.endID == 6)
    }

    /// In order: what came before the cache was opened, what was found there, what came since.
    @Test func whatWasFoundOnDiskStandsBetweenWhatCameBeforeAndWhatCameSince() {
        var (cache, backlog) = (cache(), Backlog())
        let found = MessageCache.Found(count: 10, bytes: 1000, clock: 5)
        let taken = TakenMail(mail(13...14), behind: TakenMail.Opened(found, first: 3, openID: 1), mail(1...2))
        let hasMail = taken.deliver(to: &cache, &backlog, now: 1)
        #expect(hasMail && cache.isOpen)
        #expect(backlog.openID == 1 && backlog.endID == 3)
        #expect(cache.away == 3..<13 && cache.tail.first?.firstID == 13 && cache.tail.endID == 15)
        cache.checkInvariants(backlog)
    }

    @Test func aCacheThatIsOpenedAloneIsNoMail() {
        var (cache, backlog) = (cache(), Backlog())
        let found = MessageCache.Found(count: 1, bytes: 100, clock: 5)
        let taken = TakenMail(ChunkList(), behind: TakenMail.Opened(found, first: 1, openID: 1), ChunkList())
        let hasMail = taken.deliver(to: &cache, &backlog, now: 1)
        #expect(!hasMail && cache.isOpen && cache.away == 1..<2)
    }
}
