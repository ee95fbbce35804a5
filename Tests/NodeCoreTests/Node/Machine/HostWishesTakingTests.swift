// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct HostWishesTakingTests {
    private func makeQueue(_ count: Int, messagesMax: Int = 100) -> SendQueue {
        var queue = SendQueue(
            limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: messagesMax), stream: 1)
        let bytes = Array("message".utf8)
        for _ in 0..<count {
            var chunk = ChunkPool.make(byteCount: 4096)
            _ = bytes.withUnsafeBytes {
                try? queue.put(
                    OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)), unreadRuns: 0, chunk: &chunk,
                    now: 0)
            }
        }
        return queue
    }

    /// What a configure leaves until the loop looks.
    private var reconnecting: HostWishes {
        var wishes = HostWishes()
        wishes.configure(reconnects: true)
        return wishes
    }

    @Test(arguments: [(false, true, true), (false, false, true), (true, true, false), (true, false, true)])
    func behindAConfigureMailWaitsForTheNextConnection(reconnects: Bool, isLinked: Bool, isTaken: Bool) {
        var queue = makeQueue(2)
        var wishes = HostWishes()
        wishes.configure(reconnects: reconnects)
        let hasSome = wishes.takeMail(from: &queue, isLinked: isLinked) != nil
        let isLeft = queue.hasMail()
        #expect(hasSome == isTaken && isLeft != isTaken)
    }

    @Test func whenTheLoopHasLookedItIsTaken() {
        var queue = makeQueue(1)
        var wishes = reconnecting
        _ = wishes.take()
        let hasSome = wishes.takeMail(from: &queue, isLinked: true) != nil
        let isLeft = queue.hasMail()
        #expect(hasSome && !isLeft)
    }

    private func takesForDisk(
        _ wishes: HostWishes, isLinked: Bool, isLeftToSender: Bool = false, isLast: Bool = false
    ) -> Bool {
        var queue = makeQueue(1)
        var pace = MailPace()
        let mail = wishes.takeMailThatWaits(
            from: &queue, &pace, isLinked: isLinked, isLeftToSender: isLeftToSender, isLast: isLast, opensCache: true,
            syncInterval: 1, now: 1_000)
        let hasSome = mail != nil
        // Who holds it back comes for it without a timer.
        #expect(pace.deadline(syncInterval: 1) == nil)
        return hasSome
    }

    @Test func theDiskGetsNothingThatTheConnectionDoesNot() {
        #expect(takesForDisk(HostWishes(), isLinked: true))
        #expect(!takesForDisk(HostWishes(), isLinked: true, isLeftToSender: true))
        #expect(!takesForDisk(reconnecting, isLinked: true))
        #expect(takesForDisk(reconnecting, isLinked: false))
        #expect(!takesForDisk(HostWishes(), isLinked: false, isLast: true))
    }

    @Test func forTheDiskItGoesAtItsPace() {
        var queue = makeQueue(1)
        var pace = MailPace()
        func takes(_ pace: inout MailPace, _ queue: inout SendQueue, isLast: Bool, now: UInt64) -> Bool {
            let mail = HostWishes().takeMailThatWaits(
                from: &queue, &pace, isLinked: false, isLeftToSender: false, isLast: isLast, opensCache: true,
                syncInterval: 1000, now: now)
            return mail != nil
        }
        let (first, second) = (
            takes(&pace, &queue, isLast: false, now: 5000), takes(&pace, &queue, isLast: false, now: 5500)
        )
        #expect(first && !second)
        let last = takes(&pace, &queue, isLast: true, now: 9000)
        #expect(!last)
    }

    @Test func whatMayNotBeStoredYetIsStoredWhenTheLoopHasLooked() {
        var queue = makeQueue(1)
        var wishes = reconnecting
        let isHeld = wishes.takeMailToStore(from: &queue, isLinked: true, opensCache: true) == nil
        #expect(isHeld && wishes.stores)
        var others = HostWishes()
        let isTaken = others.takeMailToStore(from: &queue, isLinked: true, opensCache: true) != nil
        #expect(isTaken && !others.stores)
    }

    @Test func behindAConfigureCommandsWaitToo() throws {
        let table = CommandTable()
        let bytes = try #require(Array("?".utf8).withUnsafeBytes { EventBytes($0) })
        let command = Command(
            kind: .NEURON_WS_TEXT, bytes: bytes, rule: .order, timeoutMilliseconds: 1000, retries: 0)
        let id = table.add(command, now: 0)
        #expect(!reconnecting.hasCommand(in: table) && reconnecting.takeCommand(from: table) == nil)
        let wishes = HostWishes()
        #expect(wishes.hasCommand(in: table) && wishes.takeCommand(from: table)?.id == id)
    }

    @Test func whileNewerOnesAreHeldBackNothingMakesRoom() {
        let queue = makeQueue(4, messagesMax: 4)
        let (wants, holds) = (
            HostWishes().wantsRoom(in: queue, isLinked: true), reconnecting.wantsRoom(in: queue, isLinked: true)
        )
        #expect(wants && !holds)
        let isAlone = reconnecting.wantsRoom(in: queue, isLinked: false)
        #expect(isAlone)
    }
}
