// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CSQLite
import NodeCore

/// What stands in the file's tables.
extension SpoolStore {
    /// The only row of `meta`, but for the node's name.
    struct Meta {
        var first: Int64
        var next: Int64
        var bytes: UInt64
        var clock: UInt64
        var wall: Int64
        /// No message bears this number or a higher one, and the row of numbers.
        var number: Int64
        var stream: Int64
    }

    /// Of a batch.
    struct Row {
        let first: Int64
        let count: Int64
        let bytes: UInt64

        /// A file may say anything.
        func check() throws(Database.Failure) {
            let isSound = first >= 0 && count > 0 && first < Int64.max - count
            if isSound, UInt64(count) <= bytes / UInt64(MessageChunk.imageHeadBytes) { return }
            throw Database.Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "a row makes no sense")
        }
    }

    /// The file has lost its name, and this life can read it yet.
    func loadGone(_ result: inout SpoolResult) {
        guard result.work.loadsFrom > 0 else { return }
        do throws(Database.Failure) { try load(&result) } catch {
            // It is asked for again: nothing of it counts as missing.
            result.loaded.removeAll()
            result.loadedBytes = 0
            result.loadedEnd = 0
        }
    }

    /// No row that ends behind this one is loaded or dropped.
    func endKey(_ work: borrowing SpoolWork) -> Int64 {
        work.movesBefore == .max ? .max : key(work.movesBefore)
    }

    /// Deletes the batches of which all lie in there: they have their outcome before those in front of them.
    func takeOut(_ keys: Range<Int64>) throws(Database.Failure) {
        try delete(
            "SELECT first, count, length(data) FROM batches WHERE first >= ?1 ORDER BY first", from: keys.lowerBound
        ) { $0.first &+ $0.count <= keys.upperBound }
    }

    /// - Returns: false: there are too many gaps between them for one piece of work; it stays.
    func note(_ row: Row, _ outcome: neuron_ws_outcome_t, _ result: inout SpoolResult) -> Bool {
        let first = max(row.first, key(result.work.dropsFrom))
        let from = id(first)
        // Never more than there are bytes for.
        let count = UInt64(clamping: min(max(0, row.first &+ row.count &- first), Int64(clamping: row.bytes)))
        if let last = result.gone.last, last.outcome == outcome, last.ids.upperBound == from {
            result.gone[result.gone.count - 1].ids = last.ids.lowerBound..<from &+ count
            result.gone[result.gone.count - 1].bytes += row.bytes
            return true
        }
        guard result.gone.count < Self.gapsMax else { return false }
        result.gone.append(SpoolResult.Gone(ids: from..<from &+ count, bytes: row.bytes, outcome: outcome))
        return true
    }

    /// What was changed is done, whatever becomes of loading: else it would be called undone, and messages that lie on
    /// disk would have another outcome. What could not be loaded is asked for again.
    func loadBehind(_ hasChanged: Bool, _ result: inout SpoolResult) throws(Database.Failure) {
        do throws(Database.Failure) { try load(&result) } catch {
            if !hasChanged || error.isDamage { throw error }
            result.work.loadsFrom = 0
            result.loaded.removeAll()
            result.loadedBytes = 0
        }
    }
}
