// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Who opens, closes and deletes what lies on disk asks `CachePlace`, as `Node` does.
extension CacheWorld {
    func beginPlace() {
        place = CachePlace()
        wantsForgotten = false
        if place.open() != .has || !place.opened(true) { fail("nobody opens the cache") }
    }

    /// The host wants it deleted. What a session uses goes when the node ends.
    func forgetAtEnd() {
        if place.forget(isRunning: true) != .passes { fail("what is in use is to be deleted") }
        wantsForgotten = true
    }

    /// The node is about to give what is left its outcome.
    func endPlace() {
        if place.end() != .has { fail("a node has no end") }
        guard place.isForgotten else { return }
        diskActs()
        stored = []
        cache.closed(backlog)
    }

    /// Behind the last outcome.
    func closePlace() {
        if !place.close() { fail("what is open is not closed") }
        if place.isForgotten {
            disk.delete()
            (keptAside, newestNumber) = ([], 0)
        }
        place.closed()
        if wantsForgotten, !disk.messages().isEmpty { fail("what was forgotten is there") }
    }
}
