// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

private func closed(_ code: UInt16) -> Ending { .peerClosed(CloseCode(rawValue: code), reason: "") }

private func broken(_ reason: neuron_ws_reason_t) -> Ending { Ending(reason: reason, text: "") }

private func suspect(_ id: UInt64 = 7, place: UInt64 = 100, of byteCount: Int = 12_000_000) -> RefusalWatch.Suspect {
    RefusalWatch.Suspect(id: id, byteCount: byteCount, place: place)
}

/// After how many ends the message is given up; nil: not within a hundred.
private func tries(_ end: (Int) -> (Ending, RefusalWatch.Suspect?)) -> Int? {
    var watch = RefusalWatch()
    return (1...100).first { number in
        let (ending, suspect) = end(number)
        return watch.connectionEnded(ending, during: suspect)
    }
}

/// `#expect` takes no mutating member.
private func ends(_ watch: inout RefusalWatch, _ ending: Ending, _ suspect: RefusalWatch.Suspect?) -> Bool {
    watch.connectionEnded(ending, during: suspect)
}

@Suite struct RefusalWatchTests {
    /// A server that goes away, or asks to be tried later, says nothing of the message it has not confirmed yet.
    @Test(arguments: [1001, 1012, 1013] as [UInt16])
    func whereMessagesAreConfirmedAServerThatSpeaksOfItselfRefusesNone(code: UInt16) {
        var watch = RefusalWatch()
        let suspect = RefusalWatch.Suspect(id: 1, byteCount: 100, place: 50)
        let ending = Ending.peerClosed(CloseCode(rawValue: code), reason: "")
        for _ in 0..<100 {
            let isGivenUp = watch.connectionEnded(ending, during: suspect, isConfirmed: true)
            #expect(!isGivenUp)
            #expect(watch.tries == 0 && watch.quiet == 0)
        }
        // Somebody hears of it, and not each time.
        watch = RefusalWatch()
        let told = (1...100).filter { _ in
            _ = watch.connectionEnded(ending, during: suspect, isConfirmed: true)
            return watch.keptToTell > 0
        }
        #expect(told == [10, 20, 40, 80])
        let gaveUp = (0..<RefusalWatch.triesMax).map { _ in watch.connectionEnded(ending, during: suspect) }
        #expect(gaveUp.last == true)
    }

    @Test(arguments: [1000, 1002, 1003, 1007, 1008, 1009, 1011, 3000, 4999] as [UInt16])
    func threeClosesOfOneCodeGiveTheMessageUp(code: UInt16) {
        #expect(tries { _ in (closed(code), suspect()) } == 3)
    }

    @Test func soDoThreeEndsWithoutAClose() {
        var reset = broken(.NEURON_WS_REASON_NETWORK_ERROR)
        reset.isByPeer = true
        #expect(tries { _ in (.endOfStream, suspect()) } == 3)
        // A server that ends with unread bytes sends FIN or RST, as it happens.
        #expect(tries { ($0 % 2 == 0 ? reset : .endOfStream, suspect()) } == 3)
        #expect(tries { _ in (.protocolFailed(.reservedBits), suspect()) } == 3)
    }

    @Test(arguments: [1001, 1012, 1013] as [UInt16])
    func aServerThatSpeaksOfItselfGetsTenTries(code: UInt16) {
        #expect(tries { _ in (closed(code), suspect()) } == 10)
    }

    @Test func endsThatDifferGetTenTries() {
        #expect(tries { (closed(UInt16(4000 + $0)), suspect()) } == 10)
        #expect(tries { ($0 % 2 == 0 ? closed(1011) : .endOfStream, suspect()) } == 10)
    }

    @Test func aCodeThatSpeaksOfAMessageNeedsNoSamePlace() {
        #expect(tries { (closed(1009), suspect(place: UInt64($0) * 4_000_000)) } == 3)
    }

    @Test func otherEndsMustComeAboutAsFarIntoIt() {
        // Now further, now less far.
        #expect(tries { (.endOfStream, suspect(place: $0 % 2 == 0 ? 1_000_000 : 9_000_000)) } == 10)
        #expect(tries { (.endOfStream, suspect(place: $0 % 2 == 0 ? 1_000_000 : 2_000_000)) } == 3)
        // The buffers on the way make a megabyte of difference, whatever the message's size.
        #expect(tries { (.endOfStream, suspect(place: $0 % 2 == 0 ? 1 : 900_000, of: 1_000_000)) } == 3)
    }

    @Test func whatTheNetworkDoesOrWeDoIsNoTryAndForgetsNone() {
        let ours: [neuron_ws_reason_t] = [
            .NEURON_WS_REASON_PING_TIMEOUT, .NEURON_WS_REASON_NETWORK_ERROR, .NEURON_WS_REASON_STOPPED,
            .NEURON_WS_REASON_RECONFIGURED,
        ]
        for reason in ours { #expect(tries { _ in (broken(reason), suspect()) } == nil) }
        var watch = RefusalWatch()
        for number in 1...2 {
            #expect(!ends(&watch, closed(1009), suspect()))
            for reason in ours { #expect(!ends(&watch, broken(reason), suspect())) }
            #expect(!ends(&watch, closed(1009), nil))
            #expect(watch.tries == number)
        }
        #expect(ends(&watch, closed(1009), suspect()))
        #expect(watch.triesOfGivenUp == 3)
    }

    @Test func aMessageThatGotThroughIsForgotten() {
        var watch = RefusalWatch()
        _ = watch.connectionEnded(closed(1009), during: suspect(7))
        _ = watch.connectionEnded(closed(1009), during: suspect(7))
        #expect(!ends(&watch, closed(1009), suspect(8)))
        #expect(watch.tries == 1)
    }

    @Test func beforeTheLastTryTheServerIsLeftAlone() {
        var watch = RefusalWatch()
        #expect(watch.quiet == 0)
        _ = watch.connectionEnded(closed(1008), during: suspect())
        #expect(watch.quiet == 0)
        _ = watch.connectionEnded(closed(1008), during: suspect())
        // A server that turns the client away, whatever it sends, ends in the quiet: no message is under way.
        for _ in 0..<100 {
            #expect(watch.quiet == RefusalWatch.quietNanoseconds)
            #expect(!ends(&watch, closed(1008), nil))
        }
        #expect(ends(&watch, closed(1008), suspect()))
        #expect(watch.quiet == 0)
    }

    /// Where no connection lives for as long as it is left alone, the message goes all the same, now and then.
    @Test(arguments: [true, false]) func whereEachConnectionIsShortMessagesStillGo(isConfirmed: Bool) {
        var watch = RefusalWatch()
        var (sent, quiet) = (0, 0)
        var isGivenUp = false
        while !isGivenUp, sent + quiet < 1000 {
            if watch.quiet > 0 {
                watch.endedWithout(7)
                quiet += 1
            } else {
                sent += 1
                isGivenUp = watch.connectionEnded(closed(1006), during: suspect(), isConfirmed: isConfirmed)
            }
        }
        // What is never confirmed is given up by the tenth.
        #expect(isGivenUp == !isConfirmed)
        #expect(isConfirmed ? (200...300).contains(sent) : sent == RefusalWatch.triesMax)
        // One message that the server refuses is found among such ends.
        watch = RefusalWatch()
        for _ in 0..<2 { _ = watch.connectionEnded(closed(1009), during: suspect(), isConfirmed: isConfirmed) }
        for _ in 0..<3 { watch.endedWithout(7) }
        #expect(!ends(&watch, closed(1009), suspect()))
        #expect(watch.quiet > 0)
        #expect(ends(&watch, closed(1009), suspect()))
    }

    /// A link that ends connections at random, by whom it will, in the middle of a message that takes a tenth of its
    /// mean life: hardly ever is a message given up that would get through.
    @Test func aFlappingLinkHardlyEverLosesAMessage() {
        var random = SplitMix(1)
        var lost = 0
        for message in 0..<10_000 as Range<UInt64> {
            var watch = RefusalWatch()
            while Int.random(in: 0..<10, using: &random) == 0 {
                let place = UInt64.random(in: 0...12_000_000, using: &random)
                if watch.connectionEnded(.endOfStream, during: suspect(message, place: place)) {
                    lost += 1
                    break
                }
            }
        }
        #expect(lost <= 3)
    }

    @Test(arguments: 0..<100) func whateverThePeerDoesTheMessageIsGivenUpInTime(seed: UInt64) {
        var random = SplitMix(seed)
        var byPeer = 0
        var watch = RefusalWatch()
        while true {
            let codes: [UInt16] = [1000, 1001, 1008, 1009, 1011, 1012, 1013, 4000]
            let choice = Int.random(in: 0..<12, using: &random)
            let place = UInt64.random(in: 0...12_000_000, using: &random)
            let ending: Ending =
                choice < 8
                ? closed(codes[choice]) : choice < 10 ? .endOfStream : broken(.NEURON_WS_REASON_PING_TIMEOUT)
            byPeer += ending.isByPeer ? 1 : 0
            if watch.connectionEnded(ending, during: suspect(place: place)) { break }
            #expect(byPeer < RefusalWatch.triesMax)
            if byPeer > RefusalWatch.triesMax { return }
        }
        #expect(byPeer >= RefusalWatch.alikeMax)
    }

    /// Three ends alike of several messages say of none that it is the one; ten are enough.
    @Test func whereOthersCouldBeMeantTenTriesAreNeeded() {
        var watch = RefusalWatch()
        var gaveUp: [Bool] = []
        for _ in 0..<10 {
            gaveUp.append(watch.connectionEnded(closed(1009), during: suspect(), isConfirmed: true, isAlone: false))
        }
        #expect(gaveUp.firstIndex(of: true) == 9)
    }
}
