// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct DatastreamGathererTests {
    private let options = EncodingOptions(
        format: .openGate, openGate: OpenGateIdentity(deviceID: "gw", isReduced: false))
    private let second: UInt64 = 1_000_000_000

    private func times(_ list: [(String, Int64)]) throws -> PublishTimes {
        try #require(PublishTimes(list.map { NamedTime(name: $0.0, milliseconds: $0.1) }))
    }

    private func split(
        _ tags: [TestTag], _ times: PublishTimes, at time: Int64, _ body: (DatastreamGatherer.Split) throws -> Void
    )
        throws
    {
        let group = TestGroup(driver: "plc1", group: "grp", timestamp: time, tags)
        try withExtendedLifetime(group) {
            try body(
                try DatastreamGatherer.Split(
                    try GroupView.open(group.pointer), times, timestampMilliseconds: time, options, own: nil))
        }
    }

    private func text(_ basket: DatastreamBasket) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        try basket.write(options.openGate, timestampMilliseconds: 9, into: buffer)
        return buffer.text
    }

    private func add(_ split: DatastreamGatherer.Split, to gatherer: DatastreamGatherer, now: UInt64) {
        guard let baskets = try? split.baskets(for: gatherer), gatherer.promise(baskets.count) else {
            Issue.record("there is no memory")
            return
        }
        var rest = baskets.first
        while let some = rest { rest = gatherer.add(some, now: now) }
    }

    @Test func groupsArePublishedInTheOrderInWhichTheyAreDue() throws {
        let times = try times([("a", 3000), ("b", 1000), ("c", 2000)])
        let gatherer = DatastreamGatherer()
        for turn in 0..<50 {
            for name in ["plc", "oven", "press"] {
                let group = TestGroup(
                    driver: name, group: "g\(turn)", timestamp: 1,
                    ["a", "b", "c"].map { TestTag($0, 7, .integer(Int64(turn))) })
                try withExtendedLifetime(group) {
                    let split = try DatastreamGatherer.Split(
                        try GroupView.open(group.pointer), times, timestampMilliseconds: 1, options, own: nil)
                    add(split, to: gatherer, now: UInt64(turn) * second / 10)
                }
            }
        }
        var taken = 0
        var last: UInt64 = 0
        while let due = gatherer.nextDue {
            #expect(due >= last)
            last = due
            let next = gatherer.takeNext(now: due)
            let basket = try #require(next)
            taken += 1
            // One of five finds no room, once.
            if taken % 5 == 0, taken < 400 { gatherer.giveBack(basket, now: due) } else { gatherer.release(1) }
        }
        #expect(taken == 450 + 79 && gatherer.byteCount == 0 && gatherer.isEmpty)
    }

    /// As many publishing times as the setting may name: some are taken in at a time.
    @Test func aLargeGroupIsTakenInSomeAtATime() throws {
        let times = try times((0..<1000).map { ("t\($0)", 1000 + Int64($0 / 2)) })
        let gatherer = DatastreamGatherer()
        try split((0..<1000).map { TestTag("t\($0)", 7, .integer(1)) }, times, at: 1) { split in
            let baskets = try? split.baskets(for: gatherer)
            #expect(baskets?.count == 500 && gatherer.promise(500))
            var steps = 0
            var rest = baskets?.first
            while let some = rest {
                rest = gatherer.add(some, now: 0)
                steps += 1
            }
            #expect(steps == 2)
        }
        var values = 0
        while let basket = gatherer.takeNext(now: .max) {
            values += basket.valueCount
            gatherer.release(1)
        }
        #expect(values == 1000 && gatherer.isEmpty && gatherer.byteCount == 0)
    }

    /// Each push links what it brings to what waits: the chain that comes of it neither grows slow nor too deep to be
    /// let go of.
    @Test func manyPushesOfOneGroupAreOneMessage() throws {
        let times = try times([("*", 1000)])
        let gatherer = DatastreamGatherer()
        for time in 0..<20_000 {
            try split([TestTag("a", 7, .integer(1))], times, at: Int64(time)) { add($0, to: gatherer, now: 0) }
        }
        let taken = gatherer.takeNext(now: second)
        let basket = try #require(taken)
        #expect(basket.valueCount == 20_000 && gatherer.isEmpty)
        let buffer = ByteBuffer(byteCountMax: 1 << 22)
        try basket.write(options.openGate, timestampMilliseconds: 9, into: buffer)
        #expect(buffer.count > 20_000 * 20)
    }

    /// Room is promised before anything is taken in, and what is given back has its place.
    @Test func whatIsPromisedNeedsNoMemory() throws {
        let times = try times([("*", 1000)])
        let gatherer = DatastreamGatherer()
        #expect(gatherer.promise(3))
        try split([TestTag("a", 7, .integer(1))], times, at: 1) { add($0, to: gatherer, now: 0) }
        let taken = gatherer.takeNext(now: second)
        let basket = try #require(taken)
        gatherer.release(3)
        gatherer.giveBack(basket, now: second)
        #expect(gatherer.count == 1 && gatherer.nextDue == 2 * second)
    }

    @Test func whatAGroupTakesBesidesItsValuesCounts() throws {
        let times = try times([("*", 1000)])
        let gatherer = DatastreamGatherer()
        let long = String(repeating: "n", count: 1000)
        let group = TestGroup(driver: long, group: long, timestamp: 1, [TestTag("t", 7, .integer(1))])
        try withExtendedLifetime(group) {
            let split = try DatastreamGatherer.Split(
                try GroupView.open(group.pointer), times, timestampMilliseconds: 1, options, own: nil)
            add(split, to: gatherer, now: 0)
        }
        #expect(gatherer.byteCount > 4 * 1000)
    }

    @Test func aNameGoesBeforeTheRestAndTheRestGoesAtOnce() throws {
        #expect(PublishTimes([]) == nil)
        #expect(PublishTimes([NamedTime(name: "a", milliseconds: 0)]) == nil)
        let times = try times([("a", 5), ("bb", 0), ("*", 7), ("", 3)])
        for (name, expected) in [("a", 5), ("bb", 0), ("c", 7), ("", 3)] as [(String, Int64)] {
            #expect(Array(name.utf8).withUnsafeBytes { times.milliseconds($0) } == expected)
        }
    }

    @Test func valuesOfOneTimeArePublishedTogetherWhenItIsOver() throws {
        let times = try times([("a", 2000), ("b", 2000), ("c", 5000)])
        let gatherer = DatastreamGatherer()
        for turn in 0..<2 {
            let tags = ["a", "b", "c", "d"].map { TestTag($0, 7, .integer(Int64(turn))) }
            try split(tags, times, at: Int64(turn)) { split in
                let waiting = try split.baskets(for: gatherer).count
                #expect(waiting > 0 && split.atOnce?.tagCount == 1)
                add(split, to: gatherer, now: UInt64(turn) * second)
            }
        }
        #expect(gatherer.nextDue == 2 * second)
        let early = gatherer.takeNext(now: 2 * second - 1)
        let first = gatherer.takeNext(now: 2 * second)
        let other = gatherer.takeNext(now: 2 * second)
        #expect(early == nil && other == nil)
        let due = try #require(first)
        #expect(due.valueCount == 4)
        #expect(
            try text(due)
                == #"{"version":"9.0","device":"plc1","path":["gw"],"datastreams":["#
                + #"{"id":"a","feed":"grp","datapoints":[{"at":0,"value":0},{"at":1,"value":1}]},"#
                + #"{"id":"b","feed":"grp","datapoints":[{"at":0,"value":0},{"at":1,"value":1}]}]}"#)
        #expect(gatherer.nextDue == 5 * second)
        let last = gatherer.takeNext(now: .max)
        #expect(last != nil && gatherer.isEmpty && gatherer.byteCount == 0)
    }

    @Test func whatFoundNoRoomComesBeforeWhatCameSince() throws {
        let times = try times([("*", 1000)])
        let gatherer = DatastreamGatherer()
        try split([TestTag("a", 7, .integer(1))], times, at: 1) { add($0, to: gatherer, now: 0) }
        let bytes = gatherer.byteCount
        let taken = gatherer.takeNext(now: second)
        let due = try #require(taken)
        try split([TestTag("a", 7, .integer(2)), TestTag("b", 7, .integer(3))], times, at: 2) {
            add($0, to: gatherer, now: second)
        }
        gatherer.giveBack(due, now: second)
        #expect(gatherer.byteCount > bytes && gatherer.nextDue == 2 * second)
        let last = gatherer.takeNext(now: 2 * second)
        let again = try #require(last)
        #expect(gatherer.isEmpty)
        #expect(try text(again).contains(#"{"at":1,"value":1},{"at":2,"value":2}"#))
        #expect(gatherer.byteCount == 0)
    }

    @Test func errorsAndWhatHasNoTimeGoAtOnce() throws {
        let times = try times([("a", 1000)])
        let tags = [TestTag("a", 7, .integer(1), error: 3002), TestTag("b", 7, .integer(2))]
        try split(tags, times, at: 1) { split in
            let waiting = try split.baskets(for: DatastreamGatherer()).count
            #expect(waiting == 0 && split.atOnce?.tagCount == 2)
        }
    }
}
