// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// Rows without the messages that newer ones of their group make needless.
extension SpoolStore {
    func compact(_ result: inout SpoolResult) throws(Database.Failure) {
        guard let latest = result.work.latest else { return }
        let from = result.work.compactsFrom
        // What has its outcome in front of others goes too: a row of such would make the newest of a group go.
        let forgets = result.work.forgetsBefore
        var at = try rowKey(of: key(from))
        var left = result.work.compactsBytes
        while result.compacted.count < result.work.compactsPartsMax {
            if left == 0 { return result.hasMoreToCompact = true }
            guard let row = try row(from: at), let chunk = try chunk(of: row) else { return }
            at = row.first &+ row.count
            // What is damaged is looked after when it is loaded.
            guard chunk.isImageWhole else { continue }
            chunk.removeMessages(before: forgets)
            let isShorter = chunk.imageBytes < row.bytes
            let parts = latest.superseded(in: chunk, from: max(from, result.work.latestFrom))
            if parts.isEmpty, !isShorter { continue }
            left -= min(left, try rewrite(row, chunk, without: parts))
            for each in parts { noteGap(key(each.ids.lowerBound)..<key(each.ids.upperBound)) }
            result.compacted += parts
        }
    }

    /// The first row from this key on; nil: there is none.
    func row(from key: Int64) throws(Database.Failure) -> Row? {
        let select = try database.prepare(
            "SELECT first, count, length(data) FROM batches WHERE first >= ?1 ORDER BY first LIMIT 1")
        select.bind(1, key)
        guard try select.step() else { return nil }
        defer { select.reset() }
        let row = Row(first: select.integer(0), count: select.integer(1), bytes: UInt64(clamping: select.integer(2)))
        try row.check()
        return row
    }

    /// As it lies there; nil: it is gone.
    func chunk(of row: Row) throws(Database.Failure) -> MessageChunk? {
        let select = try database.prepare("SELECT \(StoredRow.columns) FROM batches WHERE first=?1")
        select.bind(1, row.first)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return try StoredRow(select).chunk(firstID: id(row.first))
    }

    func remove(_ row: Row) throws(Database.Failure) {
        let remove = try database.prepare("DELETE FROM batches WHERE first=?1")
        remove.bind(1, row.first)
        _ = try remove.step()
        bytes -= min(bytes, row.bytes)
    }

    /// What is left of a row, without these messages. - Returns: the bytes that are free now.
    func rewrite(
        _ row: Row, _ left: MessageChunk, without parts: [GroupLatest.Part]
    ) throws(Database.Failure) -> UInt64 {
        guard let rest = GroupLatest.rest(of: left, from: left.firstNumber, without: parts) else { throw .noMemory }
        let before = bytes
        try remove(row)
        for part in rest {
            try database.insert(part, key: key(part.firstNumber))
            bytes += UInt64(part.imageBytes)
        }
        return before - min(before, bytes)
    }
}
