// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct RequestRegistryTests {
    @Test func aHandleThatWasFreedFindsNothingThoughItsPlaceIsTakenAgain() {
        let registry = RequestRegistry()
        let first = registry.insert(RequestRegistry.Entry.sample())
        #expect(registry.find(first) != nil)
        registry.remove(first)
        registry.remove(first)
        let second = registry.insert(RequestRegistry.Entry.sample())
        #expect(first != second && registry.find(first) == nil && registry.find(second) != nil)
    }

    @Test func whatNeverWasAHandleFindsNothing() {
        let registry = RequestRegistry()
        let handle = registry.insert(RequestRegistry.Entry.sample())
        for wrong: UInt in [0, 1, handle + 1, handle &+ 1 << 32, .max, UInt(1) << 32] {
            #expect(registry.find(wrong) == nil)
            registry.remove(wrong)
        }
        #expect(registry.find(handle) != nil && handle != 0)
    }
}
