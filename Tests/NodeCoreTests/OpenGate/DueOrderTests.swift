// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct DueOrderTests {
    /// A basket that is known by its period.
    private func basket(_ split: DatastreamGatherer.Split, _ period: UInt64) throws -> DatastreamBasket {
        DatastreamBasket(
            split, period: period, try GatheredValues(count: 1, textByteCount: 2) { _, _ in (1, 2) }, seed: 1)
    }

    @Test func placesComeWhenTheyAreDueAndThoseTogetherByNumber() throws {
        let options = EncodingOptions(
            format: .openGate, openGate: OpenGateIdentity(deviceID: "gw", isReduced: false))
        let times = try #require(PublishTimes([NamedTime(name: "t", milliseconds: 1000)]))
        let group = TestGroup(driver: "plc1", group: "grp", timestamp: 1, [TestTag("t", 7, .integer(1))])
        let split = try DatastreamGatherer.Split(
            try GroupView.open(group.pointer), times, timestampMilliseconds: 1, options, own: nil)
        var order = DueOrder()
        try order.reserve(100)
        // Each of ten times ten times, in an order that is none.
        for step in UInt64(1)...100 {
            let number = step * 37 % 101
            try order.insert(try basket(split, number % 10 * 1000 + number), due: number % 10, number: number)
        }
        #expect(order.count == 100 && order.firstDue == 0)
        var keys: [UInt64] = []
        while let first = order.removeFirst() { keys.append(first.period) }
        #expect(keys.count == 100)
        #expect(keys == keys.sorted())
        #expect(order.firstDue == nil)
        withExtendedLifetime(group) {}
    }

    @Test func whatStandsInItIsItsOwn() throws {
        weak var gone: DatastreamBasket?
        let group = TestGroup(driver: "plc1", group: "grp", timestamp: 1, [TestTag("t", 7, .integer(1))])
        let times = try #require(PublishTimes([NamedTime(name: "t", milliseconds: 1000)]))
        let options = EncodingOptions(
            format: .openGate, openGate: OpenGateIdentity(deviceID: "gw", isReduced: false))
        do {
            let split = try DatastreamGatherer.Split(
                try GroupView.open(group.pointer), times, timestampMilliseconds: 1, options, own: nil)
            var order = DueOrder()
            let basket = try basket(split, 1)
            gone = basket
            try order.insert(basket, due: 1, number: 1)
            #expect(gone != nil)
        }
        #expect(gone == nil)
        withExtendedLifetime(group) {}
    }
}
