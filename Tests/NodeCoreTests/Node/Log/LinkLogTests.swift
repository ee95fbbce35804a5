// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

private let second: UInt64 = 1_000_000_000

@Suite struct LinkLogTests {
    private func messages(_ queued: UInt64, _ lost: UInt64) -> LinkLog.Messages {
        LinkLog.Messages(queued: queued, lost: lost)
    }

    @Test func itSaysConnectedAndAfterAnOutageForHowLongAndWhatWaitedAndWasLost() {
        var log = LinkLog()
        #expect(log.opened(to: "h:1", messages: messages(0, 0), now: second) == "connected to h:1.")
        #expect(
            log.lost("It broke.", openFor: 9 * second, messages: messages(3, 7), now: 10 * second)
                == "connection lost after 9 s: It broke. 3 messages in the queue.")
        log.failureTold()
        #expect(
            log.opened(to: "h:1", messages: messages(42, 9), now: 75 * second + second / 2)
                == "connected again to h:1 after 65.5 s; 42 messages waited, 2 were lost.")
    }

    @Test func whatWaitedBeforeTheFirstConnectionIsSaid() {
        var log = LinkLog()
        #expect(log.opened(to: "h:1", messages: messages(1, 0), now: 0) == "connected to h:1; 1 message in the queue.")
    }

    @Test func aLinkThatComesAndGoesIsRegainedOnlyWhereItsLossWasTold() {
        var log = LinkLog()
        _ = log.opened(to: "h:1", messages: messages(0, 0), now: 0)
        for round in 1...8 as ClosedRange<UInt64> {
            let line = log.lost("It broke.", openFor: second, messages: messages(0, 0), now: round * second)
            #expect(line == "connection lost after 1 s: It broke.")
            if round.nonzeroBitCount == 1 { log.failureTold() }
            let again = log.opened(to: "h:1", messages: messages(0, 0), now: round * second)
            #expect((again != nil) == (round.nonzeroBitCount == 1), "\(round)")
        }
    }
}
