// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CSQLite
import NodeCore
import WebSocketCore

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
    /// Of a reason: a Close frame has 123 bytes for it, which take more where they are spelled out.
    private static let reasonCharactersMax = 1024

    /// One of them, while it is looked at.
    struct Message {
        let id: Int64
        let wallMilliseconds: Int64
        let closeCode: Int32
        let closeReason: String
        let kind: UInt8
        let bytes: UnsafeRawBufferPointer
    }

    /// In the transaction that is begun. To do it twice is to do it once.
    static func add(
        _ message: SetAsideMessage, id: Int64, bytesMax: UInt64, _ database: Database
    ) throws(Database.Failure) {
        let statement = try database.prepare("INSERT OR REPLACE INTO aside VALUES(?, ?, ?, ?, ?, ?)")
        var failure: Database.Failure?
        message.withBytes { bytes in
            let new = Message(
                id: id, wallMilliseconds: Clock.wallMilliseconds, closeCode: Int32(message.closeCode),
                closeReason: message.closeReason, kind: message.kind, bytes: bytes)
            do throws(Database.Failure) { try insert(new, statement) } catch { failure = error }
        }
        if let failure { throw failure }
        try database.run(
            """
            DELETE FROM aside WHERE id IN (SELECT id FROM (SELECT id,
            row_number() OVER newest AS place, sum(length(data)) OVER newest AS bytes
            FROM aside WINDOW newest AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING))
            WHERE place > 1 AND (place > \(countMax) OR bytes > \(Int64(clamping: bytesMax))))
            """)
    }

    /// Their ids are so much less.
    static func move(by count: Int64, _ database: Database) throws(Database.Failure) {
        // In one step each id could be another's for a moment.
        let away = Int64(1) << 61
        try database.run("UPDATE aside SET id=id-\(away)")
        try database.run("UPDATE aside SET id=id+\(away - count)")
    }

    /// How many there are; 0: that cannot be read.
    static func count(_ database: Database) -> UInt64 {
        UInt64(clamping: (try? database.number("SELECT count(*) FROM aside")) ?? 0)
    }

    /// All of them that can be read.
    static func copy(from old: Database, to new: Database) throws(Database.Failure) {
        let statement = try new.prepare("INSERT OR IGNORE INTO aside VALUES(?, ?, ?, ?, ?, ?)")
        try forEach(in: old) { message throws(Database.Failure) in
            try insert(message, statement)
            return true
        }
    }

    /// In their order, until `body` says false.
    static func forEach(
        in database: Database, _ body: (Message) throws(Database.Failure) -> Bool
    ) throws(Database.Failure) {
        // Whoever may write the file decides what stands there.
        let select = try database.prepare(
            """
            SELECT id, wall, code, substr(reason, 1, \(reasonCharactersMax + 1)), kind, data FROM aside ORDER BY id
            """)
        defer { select.reset() }
        while try select.step() {
            guard let bytes = select.bytes(5) else {
                throw Database.Failure(code: SQLITE_NOMEM, errorNumber: 0, text: "memory is exhausted")
            }
            let message = Message(
                id: select.integer(0), wallMilliseconds: select.integer(1),
                closeCode: Int32(UInt16(clamping: select.integer(2))),
                closeReason: ForeignText(select.text(3)).shown(charactersMax: reasonCharactersMax),
                kind: UInt8(truncatingIfNeeded: select.integer(4)), bytes: bytes)
            if !(try body(message)) { return }
        }
    }

    private static func insert(_ message: Message, _ statement: Database.Statement) throws(Database.Failure) {
        statement.bind(1, message.id)
        statement.bind(2, message.wallMilliseconds)
        statement.bind(3, Int64(message.closeCode))
        statement.bind(4, text: message.closeReason)
        statement.bind(5, Int64(message.kind))
        statement.bind(6, bytes: message.bytes)
        defer { statement.reset() }
        _ = try statement.step()
    }
}
