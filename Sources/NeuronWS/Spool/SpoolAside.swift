// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CSQLite
import NodeCore

/// Messages that the server refused again and again, in the table `aside` of a cache's file:
///
///     id      rises with the message's place in the cache, and is that place's own
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

    /// How many there are; 0: that cannot be read.
    static func count(_ database: Database) -> UInt64 {
        UInt64(clamping: (try? database.number("SELECT count(*) FROM aside")) ?? 0)
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
}
