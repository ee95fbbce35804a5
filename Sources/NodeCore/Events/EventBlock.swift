// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Some of the events that wait. One block is small, however many of them there are: what a host does not read makes no
/// large allocation, and to make room moves no event.
final class EventBlock {
    /// The memory of one, bytes; an array that grows up to it takes less than twice as much.
    static let byteCount = 32 * 1024
    private static let countMax = byteCount / MemoryLayout<NodeEvent>.stride

    var events: [NodeEvent] = []
    var next: EventBlock?

    deinit {
        // One behind the other: a chain of many would let go of itself as deep as it is long.
        var rest = next
        next = nil
        while rest != nil, isKnownUniquelyReferenced(&rest) {
            let after = rest?.next
            rest?.next = nil
            rest = after
        }
    }

    var isFull: Bool { events.count >= Self.countMax }

    /// Whether so many bytes could be had at this moment: asked beforehand, for Swift ends the process where not.
    static func hasMemory(_ byteCount: Int) -> Bool { neuron_ws_has_memory(byteCount) }
}
