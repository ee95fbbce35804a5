// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct AddressMemoryTests {
    private func order(_ memory: AddressMemory, _ addresses: String...) -> [String] {
        let order = memory.order(addresses)
        #expect(order.indexes.sorted() == Array(addresses.indices))
        return order.indexes.map { addresses[$0] }
    }

    @Test func withoutFailuresTheSystemsOrderStands() {
        #expect(order(AddressMemory(), "a", "b", "c") == ["a", "b", "c"])
        #expect(AddressMemory().order([]).indexes == [])
    }

    @Test func theNextAttemptBeginsBehindTheAddressThatFailed() {
        var memory = AddressMemory()
        memory.ended("a", openNanoseconds: nil)
        #expect(order(memory, "a", "b", "c") == ["b", "c", "a"])
        #expect(memory.order(["a", "b", "c"]).unfailed == 2)
        memory.ended("b", openNanoseconds: nil)
        #expect(order(memory, "a", "b", "c") == ["c", "a", "b"])
        memory.ended("c", openNanoseconds: nil)
        #expect(order(memory, "a", "b", "c") == ["a", "b", "c"])
        #expect(memory.order(["a", "b", "c"]).unfailed == 0)
        memory.ended("a", openNanoseconds: nil)
        #expect(order(memory, "a", "b", "c") == ["b", "c", "a"])
    }

    @Test func anEndSoonAfterTheHandshakeIsAFailureALaterOneIsNot() {
        var memory = AddressMemory()
        memory.succeeded("a")
        memory.ended("a", openNanoseconds: AddressMemory.soonNanoseconds - 1)
        #expect(order(memory, "a", "b") == ["b", "a"])
        memory.ended("b", openNanoseconds: AddressMemory.soonNanoseconds)
        #expect(order(memory, "a", "b") == ["b", "a"])
    }

    @Test func aConnectionForgivesItsAddress() {
        var memory = AddressMemory()
        memory.ended("a", openNanoseconds: nil)
        memory.succeeded("a")
        #expect(memory == AddressMemory())
    }

    @Test func addressesThatAreThereTwiceStayTogether() {
        var memory = AddressMemory()
        memory.ended("a", openNanoseconds: nil)
        #expect(order(memory, "a", "b", "a") == ["b", "a", "a"])
    }

    @Test func theNumberIsBounded() {
        var memory = AddressMemory()
        for number in 0..<100 { memory.ended("a\(number)", openNanoseconds: nil) }
        let all = (0..<100).map { "a\($0)" }
        let (indexes, unfailed) = memory.order(all)
        #expect(unfailed == 100 - AddressMemory.addressesMax)
        #expect(indexes.last == 99)
    }
}
