// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct SubscriptionSlotsTests {
    private func with<R>(_ name: String, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R) -> R {
        Array(name.utf8).withUnsafeBytes { driver in Array("g".utf8).withUnsafeBytes { body(driver, $0) } }
    }

    private func insert(_ name: String, hash: UInt64, _ slots: SubscriptionSlots) {
        with(name) { driver, group in
            slots.insert(hash, Subscription(driver: driver, group: group, parameters: .none, number: hash))
        }
    }

    private func find(_ name: String, hash: UInt64, _ slots: SubscriptionSlots) -> Int? {
        with(name) { slots.find(hash, $0, $1) }
    }

    private func grown(_ old: SubscriptionSlots) throws -> SubscriptionSlots {
        let new = try #require(SubscriptionSlots(growing: old))
        old.disown()
        return new
    }

    @Test func anEmptyOneHasNothingAndNoRoom() throws {
        let slots = SubscriptionSlots()
        #expect(find("a", hash: 1, slots) == nil && !slots.hasRoom(for: 1) && slots.count == 0)
        let larger = try grown(slots)
        #expect(larger.capacity == 16 && larger.hasRoom(for: 8) && !larger.hasRoom(for: 9))
    }

    /// All have one home: whatever goes, the others are found.
    @Test(arguments: 0..<8) func whatStandsBehindAHoleMovesBack(gone: Int) throws {
        let slots = try grown(SubscriptionSlots())
        let hashes = (0..<8).map { UInt64(14 + 16 * ($0 % 3)) &+ UInt64($0 % 2) }
        for index in 0..<8 { insert("n\(index)", hash: hashes[index], slots) }
        let place = try #require(find("n\(gone)", hash: hashes[gone], slots))
        #expect(slots.remove(at: place)?.driverCount == 2)
        #expect(slots.count == 7)
        for index in 0..<8 { #expect((find("n\(index)", hash: hashes[index], slots) == nil) == (index == gone)) }
    }

    @Test func namesDecideWhereHashesAreTheSame() throws {
        let slots = try grown(SubscriptionSlots())
        for name in ["a", "b", "ab"] { insert(name, hash: 5, slots) }
        #expect(Set(["a", "b", "ab"].compactMap { find($0, hash: 5, slots) }).count == 3)
        #expect(find("c", hash: 5, slots) == nil && find("a", hash: 6, slots) == nil)
    }

    @Test func allAreThereInTwiceTheRoom() throws {
        var slots = SubscriptionSlots()
        for index in 0..<1000 {
            if !slots.hasRoom(for: 1) { slots = try grown(slots) }
            insert("n\(index)", hash: UInt64(index) &* 0x9E37_79B9_7F4A_7C15, slots)
        }
        #expect(slots.count == 1000 && slots.capacity == 2048)
        let found = (0..<1000).filter {
            find("n\($0)", hash: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, slots).flatMap { slots[$0] } != nil
        }
        #expect(found.count == 1000)
    }
}
