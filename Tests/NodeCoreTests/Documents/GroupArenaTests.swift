// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

struct GroupArenaTests {
    @Test func whatIsLargerThanAnyMemoryIsNotHad() {
        let arena = GroupArena()
        #expect(arena.room(1 << 60) == nil)
        #expect(arena.elements(1 << 58, of: Double.self) == nil)
        #expect(arena.byteCount == 0)
    }

    @Test func whatIsLargeHasABlockOfItsOwn() {
        let arena = GroupArena()
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let copy = bytes.withUnsafeBytes { UnsafeRawBufferPointer(start: arena.copy($0), count: (1 << 20) + 1) }
        #expect(copy[(1 << 20) - 1] == 7 && copy[1 << 20] == 0)
        #expect(arena.byteCount == (1 << 20) + 8)
    }

    @Test func whatIsSmallSharesAChunk() {
        let arena = GroupArena()
        let one = [UInt8](repeating: 1, count: 100).withUnsafeBytes { arena.copy($0) }
        let other = [UInt8](repeating: 2, count: 100).withUnsafeBytes { arena.copy($0) }
        #expect(one?[99] == 1 && other?[99] == 2 && one?[100] == 0)
        #expect(arena.byteCount <= 1024)
    }
}
