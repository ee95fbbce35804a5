// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private func opened() -> CachePlace {
    var place = CachePlace()
    _ = place.open()
    place.opened(true, now: 0)
    return place
}

@Suite struct CachePlaceTests {
    @Test func whatIsOpenedOnceIsNotOpenedAgain() {
        var place = CachePlace()
        #expect(place.open() == .has && !place.isOpen)
        // Another thread does it: nobody opens it twice, nor waits for a disk that is slow.
        #expect(place.open() == .passes)
        place.opened(true, now: 0)
        #expect(place.isOpen && place.open() == .passes)
        #expect(place.close() && place.open() == .waits)
        place.closed()
        #expect(!place.isOpen && place.open() == .has)
        place.opened(false, now: 0)
        #expect(!place.isOpen && place.open() == .has)
    }

    @Test func whatIsBeingDeletedIsOpenedBehindThat() {
        var place = opened()
        #expect(place.forget(isRunning: false) == .has)
        #expect(place.open() == .waits && place.forget(isRunning: false) == .waits && place.end() == .waits)
        place.closed()
        #expect(!place.isOpen && place.isForgotten)
        #expect(place.open() == .has)
        // What comes into the new one is not forgotten.
        place.opened(true, now: 0)
        #expect(place.isOpen && !place.isForgotten)
    }

    @Test func whatASessionUsesIsDeletedAtTheEnd() {
        var place = opened()
        #expect(place.forget(isRunning: true) == .passes && place.isForgotten && place.isOpen)
        #expect(place.end() == .has && place.close())
        place.closed()
        #expect(place.isForgotten && !place.isOpen)
    }

    @Test func aCallbackOfTheLastOutcomesMayForgetAndEndAgain() {
        var place = opened()
        #expect(place.end() == .has)
        #expect(place.forget(isRunning: false) == .passes && place.isForgotten)
        #expect(place.end() == .has && place.open() == .passes)
        // Who forgets while it is being closed, without knowing of it, finds the file behind that.
        #expect(place.close() && place.forget(isRunning: false) == .waits)
        place.closed()
        #expect(place.forget(isRunning: false) == .has)
        place.closed()
        #expect(place.open() == .passes)
    }

    @Test func theEndWaitsForWhatIsBeingOpenedAndClosesIt() {
        var place = CachePlace()
        #expect(place.open() == .has)
        #expect(place.forget(isRunning: false) == .waits && place.end() == .waits)
        place.opened(true, now: 0)
        #expect(place.end() == .has && place.close())
        place.closed()
        #expect(!place.isOpen && place.open() == .passes)
    }

    @Test func whatCouldNotBeOpenedIsTriedAgainBehindLongerWaits() {
        var place = CachePlace()
        #expect(place.retryAt == nil)
        var now: UInt64 = 7
        for seconds in [1, 2, 4, 8, 16, 30, 30, 30] as [UInt64] {
            #expect(place.open() == .has && place.retryAt == nil)
            place.opened(false, now: now)
            #expect(place.retryAt == now + seconds * 1_000_000_000)
            now += seconds * 1_000_000_000
        }
        // Whoever asks for it does not wait.
        #expect(place.open() == .has)
        place.opened(true, now: now)
        #expect(place.retryAt == nil && place.close())
        place.closed()
        #expect(place.retryAt == nil && place.open() == .has)
        place.opened(false, now: now)
        #expect(place.retryAt == now + 1_000_000_000)
    }

    @Test func whatIsForgottenOrEndsIsNotTriedAgain() {
        var place = CachePlace()
        _ = place.open()
        place.opened(false, now: 0)
        #expect(place.forget(isRunning: true) == .has && place.retryAt == nil)
        place.closed()
        #expect(place.retryAt == nil)
        var other = CachePlace()
        _ = other.open()
        other.opened(false, now: 0)
        #expect(other.end() == .has && other.retryAt == nil)
    }

    /// Threads that want something at any time, in any order: one has the place at a time, each comes to its turn when
    /// what it waits for is over, and what was told as forgotten is not there at the end.
    @Test(arguments: 0..<200) func eachComesToItsTurn(seed: UInt64) {
        var threads = Threads(seed: seed)
        for _ in 0..<2_000 { threads.step() }
        threads.finish()
        #expect(threads.faults == [])
    }
}

/// Threads of a host, and what they do to the place, as `Node` does it.
private struct Threads {
    private enum Work { case open, forget, end, start, stop }
    private enum Thread: Equatable {
        case idle
        /// It begins, or was told that something changed.
        case wants(Work)
        case waits(Work)
        case opens
        case deletes
        case ends
        case closes(deletes: Bool)
    }

    private var random: UInt64
    private var place = CachePlace()
    private var threads = [Thread](repeating: .idle, count: 5)
    private var isRunning = false
    private var isEnded = false
    /// What lies on disk.
    private var hasFile = false
    /// It is open: by the node, or by who opens it.
    private var users = 0
    private var mustBeGone = false
    private(set) var faults: [String] = []

    init(seed: UInt64) { random = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    private mutating func below(_ bound: Int) -> Int {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(random >> 33) % bound
    }

    mutating func step() { step(below(threads.count)) }

    private mutating func step(_ index: Int) {
        switch threads[index] {
        case .idle: threads[index] = .wants(isEnded ? .forget : below(200) == 0 ? .end : pick())
        case .wants(let work): take(work, index)
        case .waits: break
        case .opens:
            if users > 0 { faults.append("opened twice") }
            let isThere = below(10) > 0
            users += isThere ? 1 : 0
            hasFile = hasFile || isThere
            // What comes into it now was not forgotten.
            if isThere { mustBeGone = false }
            place.opened(isThere, now: 0)
            if !place.isOpen { users = 0 }
            giveBack(index)
        case .deletes, .closes(deletes: true):
            users = 0
            hasFile = false
            place.closed()
            giveBack(index)
        case .closes:
            users = 0
            place.closed()
            giveBack(index)
        case .ends:
            if place.close() {
                threads[index] = .closes(deletes: place.isForgotten)
            } else {
                giveBack(index)
            }
        }
    }

    private mutating func pick() -> Work { [.open, .forget, .start, .stop][below(4)] }

    private mutating func take(_ work: Work, _ index: Int) {
        let turn: CachePlace.Turn
        switch work {
        case .open: turn = place.open()
        case .forget: turn = place.forget(isRunning: isRunning)
        case .end: turn = place.end()
        case .start, .stop:
            // What is being deleted has no session.
            turn = place.open()
            if turn == .passes { isRunning = work == .start && !isEnded }
        }
        switch turn {
        case .waits: threads[index] = .waits(work)
        case .passes:
            threads[index] = .idle
            if work == .forget { mustBeGone = true }
        case .has:
            switch work {
            case .open, .start, .stop: threads[index] = .opens
            case .forget:
                if isRunning, users > 0 { faults.append("deleted under a session") }
                threads[index] = .deletes
                mustBeGone = true
            case .end:
                isRunning = false
                isEnded = true
                threads[index] = .ends
            }
        }
        if threads.filter({ $0 == .opens || $0 == .deletes }).count > 1 { faults.append("two have it") }
    }

    /// All who wait are told.
    private mutating func giveBack(_ index: Int) {
        threads[index] = .idle
        for other in threads.indices { if case .waits(let work) = threads[other] { threads[other] = .wants(work) } }
    }

    mutating func finish() {
        for _ in 0..<10_000 where !isEnded || threads.contains(where: { $0 != .idle }) {
            let index = below(threads.count)
            if threads[index] == .idle {
                if !isEnded { take(.end, index) }
            } else {
                step(index)
            }
        }
        if threads.contains(where: { $0 != .idle }) { faults.append("somebody waits for ever") }
        if users > 0 { faults.append("it is open behind the end") }
        if mustBeGone, hasFile { faults.append("what was forgotten is there") }
    }
}
