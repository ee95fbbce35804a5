// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct TakenMailTests {
    /// Where it goes.
    private final class Place {
        var cache = MessageCache(MessageCache.Settings(memoryBytes: 1 << 20, diskBytes: 1 << 20, syncInterval: 1))
        var backlog = Backlog()

        func take(_ mail: consuming TakenMail) -> Bool { mail.deliver(to: &cache, &backlog, now: 1) }
        func check() { cache.checkInvariants(backlog) }

        var isOpen: Bool { cache.isOpen }
        var away: Range<UInt64> { cache.away }
        var held: Range<UInt64> { backlog.openID..<backlog.endID }
        var tail: Range<UInt64>? { cache.tail.first.map { $0.firstID..<cache.tail.endID } }
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
        let place = Place()
        let hasMail = place.take(TakenMail(ChunkList()))
        #expect(!hasMail && place.held.isEmpty && !place.isOpen)
    }

    @Test func whatCameGoesBehindWhatIsThere() {
        let place = Place()
        let (first, second) = (place.take(TakenMail(mail(1...2))), place.take(TakenMail(mail(3...5))))
        #expect(first && second && place.held == 1..<6)
    }

    /// In order: what came before the cache was opened, what was found there, what came since.
    @Test func whatWasFoundOnDiskStandsBetweenWhatCameBeforeAndWhatCameSince() {
        let place = Place()
        let found = MessageCache.Found(count: 10, bytes: 1000, clock: 5)
        let opened = TakenMail.Opened(found, first: 3, openID: 1)
        let hasMail = place.take(TakenMail(mail(13...14), behind: opened, mail(1...2)))
        #expect(hasMail && place.isOpen && place.held == 1..<3 && place.away == 3..<13 && place.tail == 13..<15)
        place.check()
    }

    @Test func aCacheThatIsOpenedAloneIsNoMail() {
        let place = Place()
        let found = MessageCache.Found(count: 1, bytes: 100, clock: 5)
        let opened = TakenMail.Opened(found, first: 1, openID: 1)
        let hasMail = place.take(TakenMail(ChunkList(), behind: opened, ChunkList()))
        #expect(!hasMail && place.isOpen && place.away == 1..<2)
    }
}
