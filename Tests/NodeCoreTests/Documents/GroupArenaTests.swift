import Testing

@testable import NodeCore

struct GroupArenaTests {
    @Test func whatIsLargeIsHadBeforeItIsNeededOrNotAtAll() {
        let arena = GroupArena()
        #expect(!arena.prepare(1 << 60))
        #expect(arena.byteCount == 0)
        #expect(arena.prepare(1 << 20))
        // Nothing of the limit is used up before the thing comes.
        #expect(arena.byteCount == 0)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let copy = bytes.withUnsafeBytes { UnsafeRawBufferPointer(start: arena.copy($0), count: (1 << 20) + 1) }
        #expect(copy[(1 << 20) - 1] == 7 && copy[1 << 20] == 0)
        #expect(arena.byteCount == (1 << 20) + 8)
    }

    @Test func whatIsSmallNeedsNoPreparation() {
        let arena = GroupArena()
        #expect(arena.prepare(100))
        _ = arena.copy([UInt8](repeating: 1, count: 100))
        #expect(arena.byteCount <= 1024)
    }
}
