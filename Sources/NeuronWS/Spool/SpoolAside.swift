// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CSQLite
import NodeCore

/// Messages that the server refused again and again, in the table `aside` of a cache's file:
///
///     id      rises with the message's place in the cache; 1 and above, never given twice
///     wall    when it was set aside, milliseconds since 1970 in UTC
///     code    of the server's last Close frame; 0: it ended the connection without one
///     reason  the text of that frame, for people
///     kind    1 text, 2 binary
///     data    the message as it went out, with its number if it bears one (setting sequence)
///
/// They count neither as waiting nor in `meta.bytes`, and no node sends them.
enum SpoolAside {
    /// Messages that are kept; the oldest make room.
    static let countMax: Int64 = 1000

    /// In the transaction that is begun. To do it twice is to do it once.
    static func add(
        _ message: SetAsideMessage, id: Int64, bytesMax: UInt64, _ database: Database
    ) throws(Database.Failure) {
        let insert = try database.prepare("INSERT OR REPLACE INTO aside VALUES(?, ?, ?, ?, ?, ?)")
        insert.bind(1, id)
        insert.bind(2, Clock.wallMilliseconds)
        insert.bind(3, Int64(message.closeCode))
        insert.bind(4, text: message.closeReason)
        insert.bind(5, Int64(message.kind))
        var failure: Database.Failure?
        message.withBytes { bytes in
            insert.bind(6, bytes: bytes)
            do throws(Database.Failure) { _ = try insert.step() } catch { failure = error }
        }
        insert.reset()
        if let failure { throw failure }
        try database.run(
            """
            DELETE FROM aside WHERE id IN (SELECT id FROM (SELECT id,
            row_number() OVER newest AS place, sum(length(data)) OVER newest AS bytes
            FROM aside WINDOW newest AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING))
            WHERE place > 1 AND (place > \(countMax) OR bytes > \(Int64(clamping: bytesMax))))
            """)
    }

    /// All of them that can be read.
    static func copy(from old: Database, to new: Database) throws(Database.Failure) {
        let select = try old.prepare("SELECT id, wall, code, reason, kind, data FROM aside ORDER BY id")
        let insert = try new.prepare("INSERT OR IGNORE INTO aside VALUES(?, ?, ?, ?, ?, ?)")
        defer { select.reset() }
        while try select.step() {
            for column in [0, 1, 2, 4] as [Int32] { insert.bind(column + 1, select.integer(column)) }
            insert.bind(4, text: select.text(3))
            guard let data = select.bytes(5) else {
                throw Database.Failure(code: SQLITE_NOMEM, errorNumber: 0, text: "memory is exhausted")
            }
            insert.bind(6, bytes: data)
            _ = try insert.step()
            insert.reset()
        }
    }

    /// Deletes one. - Returns: false: there is none with this number.
    static func delete(_ id: Int64, _ database: Database) throws(Database.Failure) -> Bool {
        let delete = try database.prepare("DELETE FROM aside WHERE id=?")
        delete.bind(1, id)
        _ = try delete.step()
        return database.changes > 0
    }

    /// Puts one behind all messages that wait, as a message of its own: the next node sends it. With `sequence` it
    /// bears a new number. Of a file that is open for this alone. - Returns: false: there is none with this number.
    static func sendAgain(_ id: Int64, _ database: Database) throws(Database.Failure) -> Bool {
        try database.run("BEGIN IMMEDIATE")
        do throws(Database.Failure) {
            let isThere = try move(id, database)
            try database.run("COMMIT")
            return isThere
        } catch {
            try? database.run("ROLLBACK")
            throw error
        }
    }

    private static func move(_ id: Int64, _ database: Database) throws(Database.Failure) -> Bool {
        let select = try database.prepare("SELECT kind, data FROM aside WHERE id=?")
        select.bind(1, id)
        guard try select.step() else { return false }
        defer { select.reset() }
        let meta = try database.prepare("SELECT next, bytes, clock, number, stream FROM meta WHERE id=0")
        guard let data = select.bytes(1), try meta.step() else {
            throw Database.Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "its head or the message is missing")
        }
        let (next, bytes, number) = (meta.integer(0), meta.integer(1), meta.integer(3))
        let (clock, stream) = (meta.integer(2), UInt64(bitPattern: meta.integer(4)))
        meta.reset()
        let stamp = MessageStamp(kind: select.integer(0) == 2 ? 2 : 1, timeMilliseconds: Clock.wallMilliseconds)
        guard let chunk = record(data, stamp, number: UInt64(clamping: number), stream: stream) else {
            throw Database.Failure(code: SQLITE_NOMEM, errorNumber: 0, text: "memory is exhausted")
        }
        let insert = try database.prepare("INSERT INTO batches VALUES(?, 1, ?, ?, ?)")
        insert.bind(1, next)
        insert.bind(2, clock)
        insert.bind(3, number)
        var failure: Database.Failure?
        chunk.withImage { image in
            insert.bind(4, bytes: image)
            do throws(Database.Failure) { _ = try insert.step() } catch { failure = error }
        }
        insert.reset()
        if let failure { throw failure }
        // Where nothing waits, all before it has its outcome.
        let first = bytes == 0 ? ", first=\(next)" : ""
        try database.run(
            "UPDATE meta SET next=\(next + 1), bytes=\(bytes + Int64(chunk.imageBytes)), number=\(number + 1)\(first)")
        return try delete(id, database)
    }

    /// As it lies among those that wait; nil: there is no memory.
    private static func record(
        _ data: UnsafeRawBufferPointer, _ stamp: MessageStamp, number: UInt64, stream: UInt64
    ) -> MessageChunk? {
        let size = data.count + OutgoingMessage.headBytesMax
        guard let chunk = Runtime.shared.takeChunk(byteCount: size) else { return nil }
        if let body = OutgoingMessage.withoutHead(data) {
            let isNumbered = body.withUnsafeBytes { bytes in
                guard var message = OutgoingMessage(numbered: bytes, stamp, stream: stream) else { return false }
                message.number(number)
                chunk.append(message)
                return true
            }
            if !isNumbered { chunk.append(data, stamp) }
        } else {
            chunk.append(data, stamp)
        }
        chunk.seal()
        return chunk
    }
}
