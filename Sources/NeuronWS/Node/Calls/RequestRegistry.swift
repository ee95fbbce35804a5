// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

typealias RequestHandle = UnsafeMutablePointer<neuron_ws_request_t>

/// All requests that hosts of this process hold, by their handles.
///
/// A handle is a number in the form of a pointer and never followed: one that was freed, or never was one, is found
/// out instead of read. Any thread.
final class RequestRegistry: @unchecked Sendable {
    struct Entry {
        let owner: NodeRequests
        let request: Request
    }

    private struct Slot {
        var generation: UInt = 1
        var entry: Entry?
        /// Of those without entry, the next in the row.
        var nextFree = -1
    }

    /// Some of the slots: one is small, however many requests there are.
    private final class Block {
        static let slotCount = 1024
        var slots = Array(repeating: Slot(), count: slotCount)
    }

    private let lock = Lock()
    private var blocks: [Block] = []
    /// So many slots have been used.
    private var count = 0
    /// The first without entry; -1: there is none.
    private var firstFree = -1

    /// The index from 1 on in the lower bits, so that no handle is NULL; the generation above it. Where a pointer has
    /// 32 bits, of more than a million requests at a time the last ones are not found.
    private static let indexBits: UInt = UInt.bitWidth == 64 ? 32 : 20
    private static let generationMask: UInt = .max >> indexBits

    private subscript(index: Int) -> Slot {
        get { blocks[index / Block.slotCount].slots[index % Block.slotCount] }
        set { blocks[index / Block.slotCount].slots[index % Block.slotCount] = newValue }
    }

    func insert(_ entry: Entry) -> UInt {
        lock.lock()
        defer { lock.unlock() }
        let index = firstFree >= 0 ? firstFree : count
        if index == count {
            if count == blocks.count * Block.slotCount { blocks.append(Block()) }
            count += 1
        } else {
            firstFree = self[index].nextFree
        }
        self[index].entry = entry
        return self[index].generation << Self.indexBits | UInt(index + 1)
    }

    func find(_ handle: UInt) -> Entry? {
        lock.lock()
        defer { lock.unlock() }
        return index(handle).flatMap { self[$0].entry }
    }

    func remove(_ handle: UInt) {
        lock.lock()
        let index = index(handle)
        // Freed behind the lock: a document may be large.
        let entry = index.flatMap { self[$0].entry }
        if let index {
            let generation = self[index].generation &+ 1 & Self.generationMask
            self[index] = Slot(generation: generation, entry: nil, nextFree: firstFree)
            firstFree = index
        }
        lock.unlock()
        withExtendedLifetime(entry) {}
    }

    private func index(_ handle: UInt) -> Int? {
        let place = handle & (1 << Self.indexBits - 1)
        guard place > 0, place <= UInt(count) else { return nil }
        let index = Int(place) - 1
        guard self[index].generation == handle >> Self.indexBits, self[index].entry != nil else { return nil }
        return index
    }

    // MARK: Fork

    func forkPrepares() { lock.lock() }
    func forkEnded() { lock.unlock() }
}
