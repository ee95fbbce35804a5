// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// What comes back into memory.
extension SpoolStore {
    func load(_ result: inout SpoolResult) throws(Database.Failure) {
        let wanted = key(result.work.loadsFrom)
        let select = try database.prepare(
            "SELECT \(StoredRow.columns) FROM batches WHERE first >= ?1 ORDER BY first")
        select.bind(1, try rowKey(of: wanted))
        result.loadedEnd = .max
        defer { select.reset() }
        var behind: Int64 = 0
        var loaded = 0
        var rows = 0
        let end = endKey(result.work)
        while try select.step() {
            let row = try StoredRow(select)
            let (first, count) = (row.first, row.count)
            try row.row.check()
            // The tree leads to it, and its key is not what it was.
            if first < behind || first + count > keys.next { throw .disorder }
            behind = first + count
            if first + count <= wanted { continue }
            if loaded >= result.work.loadsBytes || rows == Self.rowsLoadedMax || first + count > end {
                result.loadedEnd = id(first)
                return
            }
            let chunk = try row.chunk(firstID: id(first))
            loaded += chunk.memoryBytes
            rows += 1
            result.loadedBytes += row.row.bytes
            result.loadedEnd = id(first &+ count)
            add(chunk, from: id(max(first, wanted)), &result)
        }
        result.loadedEnd = .max
    }

    /// Adds what is whole of a row.
    private func add(_ chunk: MessageChunk, from id: UInt64, _ result: inout SpoolResult) {
        if chunk.isImageWhole {
            chunk.removeMessages(before: id)
            if chunk.messageCount > 0 { result.loaded.append(chunk) }
            return
        }
        noteDamagedRow(chunk.messageCount)
        var salvaged = chunk.salvaged { MessagePool.shared.takeChunk(imageBytes: $0 + MessageChunk.imageHeadBytes) }
        while let each = salvaged.removeFirst() {
            each.removeMessages(before: id)
            if each.messageCount > 0 { result.loaded.append(each) }
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
