// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// Rows without the messages that newer ones of their group make needless.
extension SpoolStore {
    func compact(_ result: inout SpoolResult) throws(Database.Failure) {
        guard let latest = result.work.latest else { return }
        let from = result.work.compactsFrom
        let select = try database.prepare(
            "SELECT first, count, arrival, number, data FROM batches WHERE first >= ?1 ORDER BY first LIMIT 1")
        var at = try rowKey(of: key(from))
        var left = result.work.compactsBytes
        while left > 0, result.compacted.count < result.work.compactsPartsMax {
            select.bind(1, at)
            guard try select.step() else { return }
            let (first, count) = (select.integer(0), select.integer(1))
            at = first &+ max(1, count)
            guard let image = select.bytes(4) else { throw .noMemory }
            try Row(first: first, count: count, bytes: UInt64(image.count)).check()
            guard let chunk = MessagePool.shared.takeChunk(imageBytes: image.count),
                chunk.setImage(image, firstID: id(first), count: Int(clamping: count))
            else { throw .noMemory }
            chunk.arrival = UInt64(clamping: select.integer(2))
            chunk.numberShift = UInt64(truncatingIfNeeded: select.integer(3)) &- chunk.firstNumber
            select.reset()
            // What is damaged is looked after when it is loaded.
            guard chunk.isImageWhole else { continue }
            let parts = latest.superseded(in: chunk, from: from)
            // What has its outcome in front of others goes too: a row of such would make the newest of a group go.
            let forgets = result.work.forgetsBefore
            if parts.isEmpty, chunk.firstNumber >= forgets { continue }
            guard let rest = GroupLatest.rest(of: chunk, from: forgets, without: parts) else {
                throw .noMemory
            }
            let freed = try replace(chunk, first, rest)
            left -= min(left, freed)
            result.compacted += parts
        }
    }

    /// - Returns: the bytes that are free now.
    private func replace(
        _ old: MessageChunk, _ first: Int64, _ rest: [MessageChunk]
    ) throws(Database.Failure) -> UInt64 {
        let remove = try database.prepare("DELETE FROM batches WHERE first=?")
        remove.bind(1, first)
        _ = try remove.step()
        var freed = UInt64(old.imageBytes)
        for part in rest {
            try database.insert(part, key: key(part.firstNumber))
            freed -= min(freed, UInt64(part.imageBytes))
        }
        bytes -= min(bytes, freed)
        return freed
    }
}
