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
        _ tags: [TestTag], _ times: PublishTimes, at time: Int64, _ body: (DatastreamGatherer.Split) -> Void
    )
        throws
    {
        let group = TestGroup(driver: "plc1", group: "grp", timestamp: time, tags)
        try withExtendedLifetime(group) {
            body(
                try DatastreamGatherer.Split(
                    try GroupView.open(group.pointer), times, timestampMilliseconds: time, options, own: nil))
        }
    }

    private func text(_ basket: DatastreamGatherer.Basket) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        try basket.write(options.openGate, timestampMilliseconds: 9, into: buffer)
        return buffer.text
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
        var gatherer = DatastreamGatherer()
        for turn in 0..<2 {
            let tags = ["a", "b", "c", "d"].map { TestTag($0, 7, .integer(Int64(turn))) }
            try split(tags, times, at: Int64(turn)) { split in
                #expect(split.gathers && split.atOnce?.tagCount == 1)
                gatherer.add(split, now: UInt64(turn) * second)
            }
        }
        #expect(gatherer.nextDue == 2 * second)
        #expect(gatherer.take(now: 2 * second - 1).isEmpty)
        let due = gatherer.take(now: 2 * second)
        #expect(due.count == 1 && due[0].valueCount == 4)
        #expect(
            try text(due[0])
                == #"{"version":"9.0","device":"plc1","path":["gw"],"datastreams":["#
                + #"{"id":"a","feed":"grp","datapoints":[{"at":0,"value":0},{"at":1,"value":1}]},"#
                + #"{"id":"b","feed":"grp","datapoints":[{"at":0,"value":0},{"at":1,"value":1}]}]}"#)
        #expect(gatherer.nextDue == 5 * second)
        #expect(gatherer.take(now: nil).count == 1 && gatherer.isEmpty && gatherer.byteCount == 0)
    }

    @Test func whatFoundNoRoomComesBeforeWhatCameSince() throws {
        let times = try times([("*", 1000)])
        var gatherer = DatastreamGatherer()
        try split([TestTag("a", 7, .integer(1))], times, at: 1) { gatherer.add($0, now: 0) }
        let bytes = gatherer.byteCount
        let due = gatherer.take(now: second)
        try split([TestTag("a", 7, .integer(2)), TestTag("b", 7, .integer(3))], times, at: 2) {
            gatherer.add($0, now: second)
        }
        gatherer.giveBack(due[0], now: second)
        #expect(gatherer.byteCount > bytes && gatherer.nextDue == 2 * second)
        let again = gatherer.take(now: nil)
        #expect(again.count == 1)
        #expect(try text(again[0]).contains(#"{"at":1,"value":1},{"at":2,"value":2}"#))
        #expect(gatherer.byteCount == 0)
    }

    @Test func errorsAndWhatHasNoTimeGoAtOnce() throws {
        let times = try times([("a", 1000)])
        let tags = [TestTag("a", 7, .integer(1), error: 3002), TestTag("b", 7, .integer(2))]
        try split(tags, times, at: 1) { split in
            #expect(!split.gathers && split.atOnce?.tagCount == 2)
        }
    }
}
