// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore
import WebSocketCore

/// The file is opened, or made.
extension SpoolStore {
    /// - Parameters:
    ///   - stream: of numbers, where the file has none.
    ///   - nextNumber: of these, for a new file.
    ///   - takesStream: so does a file without messages: those that wait bear numbers of that row already.
    static func open(
        _ file: SpoolFile, isSynced: Bool, stream: UInt64, nextNumber: UInt64 = 1, takesStream: Bool = false
    ) throws(SpoolError) -> SpoolStore {
        var isRescued = false
        SpoolRescue.takePlace(file)
        while true {
            do throws(Database.Failure) {
                let database = try Database.open(file.path, of: file)
                try database.prepareForUse(isSynced: true)
                try checkKind(database, file, stream, nextNumber)
                let isUntold = try database.number("PRAGMA user_version") == SpoolRescue.untold
                try SpoolHead.upgrade(database)
                var head = try readHead(database, file)
                if takesStream, head.bytes == 0, head.stream != Int64(bitPattern: stream) {
                    (head.stream, head.number) = (Int64(bitPattern: stream), Int64(clamping: min(nextNumber, 1 << 61)))
                }
                let store = SpoolStore(file, database, isSynced: isSynced, head, wasDamaged: isUntold)
                try store.noteFound()
                // From here on the wall clock may be set.
                try store.reserve(UInt64(head.number) &+ MessageCache.numbersReserved)
                if isUntold { try SpoolRescue.told(database) }
                try database.setSynced(isSynced)
                SpoolRescue.removeMaking(file)
                // SQLite asks for it too, and takes no for an answer.
                do throws(SystemError) { try Syscalls.syncDirectory(file.directory) } catch {
                    throw Database.Failure(error, "its name cannot be synced")
                }
                if isUntold { store.noteDamage() }
                return store
            } catch {
                guard error.isDamage, !isRescued else { throw error.spoolError(file) }
                isRescued = true
                do throws(Database.Failure) {
                    try SpoolRescue.rescue(file, stream: stream)
                } catch { throw error.spoolError(file) }
            }
        }
    }

    private static func checkKind(
        _ database: Database, _ file: SpoolFile, _ stream: UInt64, _ nextNumber: UInt64
    ) throws(Database.Failure) {
        if try database.number("PRAGMA user_version") ?? 0 == 0,
            try database.number("PRAGMA application_id") ?? 0 == 0,
            try database.number("SELECT count(*) FROM sqlite_schema") == 0
        {
            return try create(database, node: file.node, stream: stream, nextNumber: nextNumber)
        }
        try checkKind(database)
    }

    /// The file is a cache, and of a layout that is known.
    static func checkKind(_ database: Database) throws(Database.Failure) {
        let version = try database.number("PRAGMA user_version") ?? 0
        guard try database.number("PRAGMA application_id") ?? 0 == applicationID else {
            throw Database.Failure(
                code: SQLITE_MISMATCH, errorNumber: 0,
                text: "the file is no cache of neuron_ws: remove it, or set data-dir to another directory")
        }
        guard try database.number("SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')") == 0 else {
            throw Database.Failure(
                code: SQLITE_MISMATCH, errorNumber: 0, text: "the file holds triggers or views, as no cache does")
        }
        guard version != SpoolRescue.underWay else {
            throw Database.Failure(
                code: SQLITE_CORRUPT, errorNumber: 0, text: "who was setting it right was interrupted")
        }
        guard version <= Self.version else {
            throw Database.Failure(
                code: SQLITE_SCHEMA, errorNumber: 0,
                text: "the file was written by a newer neuron_ws (version \(version) of its layout; this one knows "
                    + "\(Self.version)): it is left as it is; use that neuron_ws, or another data-dir")
        }
    }

    /// - Parameter hasRoom: what a full disk must not lack is made at once; else by `makeRoom`.
    static func create(
        _ database: Database, node: String, stream: UInt64, nextNumber: UInt64 = 1, hasRoom: Bool = true
    ) throws(Database.Failure) {
        try database.run("BEGIN EXCLUSIVE")
        try database.run(
            """
            \(SpoolHead.table)
            CREATE TABLE batches(first INTEGER PRIMARY KEY, count INTEGER, arrival INTEGER, number INTEGER, data BLOB);
            CREATE TABLE aside(id INTEGER PRIMARY KEY, wall INTEGER, code INTEGER, reason TEXT, kind INTEGER,
            data BLOB);
            CREATE TABLE room(id INTEGER PRIMARY KEY, data BLOB);
            PRAGMA application_id=\(applicationID);
            PRAGMA user_version=\(version);
            """)
        let number = Int64(clamping: min(nextNumber, 1 << 61))
        try SpoolHead(node: node, number: number, stream: Int64(bitPattern: stream)).write(database)
        if hasRoom { try fillRoom(database) }
        try database.run("COMMIT")
        if hasRoom { try emptyRoom(database) }
    }

    /// The journal has room for what a delete needs, and the file pages for it, where it was made without.
    static func makeRoom(_ database: Database) throws(Database.Failure) {
        guard try database.number("PRAGMA freelist_count") ?? 0 < Int64(journalPages) else { return }
        try fillRoom(database)
        try emptyRoom(database)
    }

    private static func fillRoom(_ database: Database) throws(Database.Failure) {
        try database.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(journalPages))
            INSERT INTO room SELECT i, zeroblob(4000) FROM n;
            """)
    }

    private static func emptyRoom(_ database: Database) throws(Database.Failure) {
        // Each page goes to the journal, which keeps its size.
        try database.run("UPDATE room SET data=zeroblob(3999)")
        try database.run("DELETE FROM room")
    }

    static func readHead(_ database: Database, _ file: SpoolFile) throws(Database.Failure) -> SpoolHead {
        let head = try SpoolHead.read(database)
        guard head.node == file.node else {
            throw Database.Failure(
                code: SQLITE_MISMATCH, errorNumber: 0,
                text:
                    "the file belongs to another node, \"\(ForeignText(head.node).shown())\": remove it, "
                    + "or set data-dir to another directory")
        }
        try head.check(database)
        return head
    }
}
