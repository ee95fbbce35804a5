// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CSQLite
import NodeCore

/// What stands in the file's tables.
extension SpoolStore {
    /// Of which messages nothing is there, the first `gapsMax` gaps, as far as the disk can be read.
    func missing() -> [Range<UInt64>] {
        var gaps: [Range<UInt64>] = []
        var next = keys.first
        func passes(_ row: Int64) {
            if row > next { gaps.append(id(next)..<id(row)) }
        }
        do throws(Database.Failure) {
            let select = try database.prepare("SELECT first, count FROM batches ORDER BY first")
            defer { select.reset() }
            while try select.step() {
                if gaps.count == Self.gapsMax { return gaps }
                passes(min(select.integer(0), keys.next))
                next = max(next, select.integer(0) &+ select.integer(1))
            }
        } catch { return gaps }
        if gaps.count < Self.gapsMax { passes(keys.next) }
        return gaps
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

    /// A batch as it lies there, which may be anything.
    struct StoredRow {
        let first: Int64
        let count: Int64
        let arrival: Int64
        let number: Int64
        let image: UnsafeRawBufferPointer

        static let columns = "first, count, arrival, number, data"

        init(first: Int64, count: Int64, arrival: Int64, number: Int64, image: UnsafeRawBufferPointer) {
            self.first = first
            self.count = count
            self.arrival = arrival
            self.number = number
            self.image = image
        }

        /// Of `columns`; its bytes until the next step.
        init(_ statement: Database.Statement) throws(Database.Failure) {
            guard let image = statement.bytes(4) else { throw .noMemory }
            self.init(
                first: statement.integer(0), count: statement.integer(1), arrival: statement.integer(2),
                number: statement.integer(3), image: image)
        }

        var row: Row { Row(first: first, count: count, bytes: UInt64(image.count)) }

        /// A copy of it in memory, which is not yet looked at. Of a row that makes sense (`Row.check`).
        func chunk(firstID: UInt64) throws(Database.Failure) -> MessageChunk {
            guard let chunk = MessagePool.shared.takeChunk(imageBytes: image.count),
                chunk.setImage(image, firstID: firstID, count: Int(clamping: count))
            else { throw .noMemory }
            chunk.arrival = UInt64(clamping: arrival)
            chunk.numberShift = UInt64(truncatingIfNeeded: number) &- chunk.firstNumber
            return chunk
        }
    }

    /// What was accepted before the file was opened comes in front of what was found.
    func makePlace() throws(Database.Failure) {
        let (gone, kept) = try database.cutRows(before: keys.first) { count, _, _ in noteDamagedRow(count) }
        bytes = bytes - min(bytes, gone) + kept
        try SpoolAside.move(by: keys.givenAnew, database)
    }

    /// Nothing is there of these any more, or was, and they have their outcome.
    func noteGap(_ keys: Range<Int64>) {
        let keys = keys.clamped(to: 0..<Int64.max)
        head.gaps.insert(UInt64(keys.lowerBound)..<UInt64(keys.upperBound))
    }

    /// No row that ends behind this one is loaded or dropped.
    func endKey(_ work: borrowing SpoolWork) -> Int64 {
        work.movesBefore == .max ? .max : key(work.movesBefore)
    }

    /// Messages that have their outcome before those in front of them go: rows as a whole, or out of one that is
    /// written anew.
    func takeOut(_ taken: [Range<UInt64>], _ forgets: UInt64) throws(Database.Failure) {
        var inOrder = NumberRanges()
        for each in taken {
            inOrder.insert(each)
            noteGap(key(each.lowerBound)..<key(each.upperBound))
        }
        var taken: [Range<UInt64>] = []
        inOrder.forEach {
            taken.append($0)
            return true
        }
        var next = 0
        var at = Int64.min
        while next < taken.count {
            at = max(at, try rowKey(of: key(taken[next].lowerBound)))
            guard let row = try row(from: at) else { return }
            at = row.first &+ row.count
            while next < taken.count, key(taken[next].upperBound) <= row.first { next += 1 }
            guard next < taken.count, key(taken[next].lowerBound) < at else { continue }
            if key(taken[next].lowerBound) <= row.first, key(taken[next].upperBound) >= at {
                try remove(row)
                continue
            }
            // What is damaged is looked after when it is loaded.
            guard let chunk = try chunk(of: row), chunk.isImageWhole else { continue }
            chunk.removeMessages(before: forgets)
            guard chunk.messageCount > 0 else { continue }
            let own = chunk.firstNumber..<chunk.endNumber
            let parts = taken[next...].prefix { $0.lowerBound < own.upperBound }.filter { $0.overlaps(own) }
                .map { GroupLatest.Part(ids: $0.clamped(to: own), bytes: 0) }
            if !parts.isEmpty { _ = try rewrite(row, chunk, without: parts) }
        }
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
        } else {
            guard result.gone.count < Self.gapsMax else { return false }
            result.gone.append(SpoolResult.Gone(ids: from..<from &+ count, bytes: row.bytes, outcome: outcome))
        }
        noteGap(first..<first &+ Int64(clamping: count))
        return true
    }
}

extension Database {
    /// A row of messages that are sealed.
    func insert(_ chunk: MessageChunk, key: Int64) throws(Failure) {
        let insert = try prepare("INSERT OR REPLACE INTO batches VALUES(?, ?, ?, ?, ?)")
        defer { insert.reset() }
        insert.bind(1, key)
        insert.bind(2, Int64(chunk.messageCount))
        insert.bind(3, Int64(clamping: chunk.arrival))
        insert.bind(4, Int64(truncatingIfNeeded: chunk.sequence))
        var failure: Failure?
        chunk.withImage { image in
            insert.bind(5, bytes: image)
            do throws(Failure) { _ = try insert.step() } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// What is whole of a row, as chunks whose numbers are its keys.
    /// - Parameter damaged: as of `cutRows`.
    func wholeChunks(
        of row: SpoolStore.StoredRow, damaged: (_ count: Int, _ missing: Int, _ unreadBytes: Int) -> Void
    ) throws(Failure) -> ChunkList {
        var chunks = ChunkList()
        let (count, image) = (row.count, row.image)
        guard (try? row.row.check()) != nil else {
            damaged(Int(clamping: count), -1, image.count)
            return chunks
        }
        let chunk = try row.chunk(firstID: UInt64(row.first))
        if chunk.isImageWhole {
            chunks.append(chunk)
            return chunks
        }
        var (found, bytes) = (0, 0)
        chunks = chunk.salvaged { MessagePool.shared.takeChunk(imageBytes: $0 + MessageChunk.imageHeadBytes) }
        chunks.forEach { (found, bytes) = (found + $0.messageCount, bytes + $0.imageBytes) }
        damaged(Int(count), Int(count) - found, image.count - bytes)
        return chunks
    }

    /// Nothing lies before this key any more: the row in which it lies is written anew from there on.
    /// - Parameter damaged: of a row that is not whole: its own count, how many of its messages are missing by that
    ///   (less than 0: it makes no sense), and the bytes that cannot be read.
    /// - Returns: the bytes of the rows that are gone, and of the one that came in their place.
    func cutRows(
        before key: Int64, damaged: (_ count: Int, _ missing: Int, _ unreadBytes: Int) -> Void
    ) throws(Failure) -> (gone: UInt64, kept: UInt64) {
        let gone = try number("SELECT sum(length(data)) FROM batches WHERE first < ?1", key) ?? 0
        guard gone > 0 else { return (0, 0) }
        var chunks = ChunkList()
        let select = try prepare(
            "SELECT \(SpoolStore.StoredRow.columns) FROM batches WHERE first < ?1 ORDER BY first DESC LIMIT 1")
        select.bind(1, key)
        if try select.step() { chunks = try wholeChunks(of: SpoolStore.StoredRow(select), damaged: damaged) }
        select.reset()
        let remove = try prepare("DELETE FROM batches WHERE first < ?1")
        remove.bind(1, key)
        _ = try remove.step()
        remove.reset()
        var kept: UInt64 = 0
        while let chunk = chunks.removeFirst() {
            chunk.removeMessages(before: UInt64(key))
            if chunk.messageCount == 0 { continue }
            chunk.seal()
            try insert(chunk, key: Int64(clamping: chunk.firstNumber))
            kept += UInt64(chunk.imageBytes)
        }
        return (UInt64(gone), kept)
    }
}
