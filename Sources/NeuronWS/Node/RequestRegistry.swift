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
        var generation: UInt
        var entry: Entry?
    }

    private let lock = Lock()
    private var slots: [Slot] = []
    private var free: [Int] = []

    /// The index from 1 on in the lower bits, so that no handle is NULL; the generation above it. Where a pointer has
    /// 32 bits, of more than a million requests at a time the last ones are not found.
    private static let indexBits: UInt = UInt.bitWidth == 64 ? 32 : 20
    private static let generationMask: UInt = .max >> indexBits

    func insert(_ entry: Entry) -> UInt {
        lock.lock()
        defer { lock.unlock() }
        let index = free.popLast() ?? slots.count
        if index == slots.count { slots.append(Slot(generation: 1, entry: nil)) }
        slots[index].entry = entry
        return slots[index].generation << Self.indexBits | UInt(index + 1)
    }

    func find(_ handle: UInt) -> Entry? {
        lock.lock()
        defer { lock.unlock() }
        return index(handle).flatMap { slots[$0].entry }
    }

    func remove(_ handle: UInt) {
        lock.lock()
        let index = index(handle)
        // Freed behind the lock: a document may be large.
        let entry = index.flatMap { slots[$0].entry }
        if let index {
            slots[index].entry = nil
            slots[index].generation = slots[index].generation &+ 1 & Self.generationMask
            free.append(index)
        }
        lock.unlock()
        withExtendedLifetime(entry) {}
    }

    private func index(_ handle: UInt) -> Int? {
        let place = handle & (1 << Self.indexBits - 1)
        guard place > 0, place <= UInt(slots.count) else { return nil }
        let index = Int(place) - 1
        guard slots[index].generation == handle >> Self.indexBits, slots[index].entry != nil else { return nil }
        return index
    }

    // MARK: Fork

    func forkPrepares() { lock.lock() }
    func forkEnded() { lock.unlock() }
}
