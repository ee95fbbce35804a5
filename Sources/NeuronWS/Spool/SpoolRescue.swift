// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// Makes a cache's file anew: from what can be read of a damaged one, which is set aside, or without messages. The new
/// file is whole before it takes the place of the old one.
enum SpoolRescue {
    /// Rows that are copied in one transaction.
    private static let rowsPerCommit = 16

    /// Of a file that cannot be opened.
    static func rescue(_ file: SpoolFile, isSynced: Bool, stream: UInt64) throws(Database.Failure) {
        try make(file, from: nil, stream: stream)
        replace(file, keepsOld: true)
    }

    /// Of a file that is open; `database` is the new one then.
    static func rescue(
        _ file: SpoolFile, isSynced: Bool, stream: UInt64, closing database: inout Database
    ) throws(Database.Failure) {
        // As where it is opened: a directory that was deleted too is made.
        if database.hasMoved { try? Syscalls.makeDirectory(file.directory) }
        try make(file, from: database, stream: stream)
        replace(file, keepsOld: true)
        database = try open(file, isSynced: isSynced)
    }

    /// A new file without messages.
    static func renew(
        _ file: SpoolFile, isSynced: Bool, first: Int64, next: Int64, stream: UInt64, _ database: inout Database
    ) throws(Database.Failure) {
        do throws(Database.Failure) {
            let number = try database.number("SELECT number FROM meta WHERE id=0") ?? 1
            let new = try makeEmpty(file, stream: stream, insteadOf: database)
            try new.run("UPDATE meta SET first=\(first), next=\(next), number=\(number)")
            try SpoolAside.copy(from: database, to: new)
        } catch {
            removeMaking(file)
            throw error
        }
        replace(file, keepsOld: false)
        database = try open(file, isSynced: isSynced)
        // Where the disk had none it has some now: the old file is closed.
        try? SpoolStore.makeRoom(database)
    }

    private static func open(_ file: SpoolFile, isSynced: Bool) throws(Database.Failure) -> Database {
        let database = try Database.open(file.path)
        try database.prepareForUse(isSynced: isSynced)
        return database
    }

    /// - Parameter old: the file whose place it is to take. A disk that is full has no room for another: the room of
    ///   the old one's journal is given up for it then.
    private static func makeEmpty(
        _ file: SpoolFile, stream: UInt64, insteadOf old: Database? = nil
    ) throws(Database.Failure) -> Database {
        do throws(Database.Failure) { return try makeEmpty(file, stream: stream, hasRoom: true) } catch {
            guard let old, error.fault == .full else { throw error }
            removeMaking(file)
            // While a connection has the file for itself, its journal shrinks alone at the end of a transaction, which
            // is one only if it changes something.
            try old.run("PRAGMA journal_mode=TRUNCATE")
            defer { try? old.run("PRAGMA journal_mode=PERSIST") }
            try old.run("UPDATE meta SET wall=wall+1 WHERE id=0")
            return try makeEmpty(file, stream: stream, hasRoom: false)
        }
    }

    private static func makeEmpty(
        _ file: SpoolFile, stream: UInt64, hasRoom: Bool
    ) throws(Database.Failure) -> Database {
        removeMaking(file)
        let new = try Database.open(file.making, of: file)
        try new.prepareForUse(isSynced: true)
        try SpoolStore.create(new, node: file.node, stream: stream, hasRoom: hasRoom)
        return new
    }

    private static func removeMaking(_ file: SpoolFile) {
        Syscalls.remove(file.making)
        Syscalls.remove(file.making + "-journal")
    }

    private static func replace(_ file: SpoolFile, keepsOld: Bool) {
        if keepsOld {
            Syscalls.remove(file.damaged)
            Syscalls.link(file.path, file.damaged)
        }
        // It belongs to the old file: it must not be taken for the new one's.
        Syscalls.remove(file.journal)
        Syscalls.syncDirectory(file.directory)
        Syscalls.rename(file.making, file.path)
        Syscalls.remove(file.making + "-journal")
        Syscalls.syncDirectory(file.directory)
    }

    /// - Parameter old: nil: it is to be opened yet.
    private static func make(
        _ file: SpoolFile, from old: Database?, stream: UInt64
    ) throws(Database.Failure) {
        do throws(Database.Failure) {
            let new = try makeEmpty(file, stream: stream)
            if let old { return try copy(from: old, to: new) }
            try withDamaged(file, like: new) { old throws(Database.Failure) in try copy(from: old, to: new) }
        } catch {
            removeMaking(file)
            throw error
        }
    }

    private static func copy(from old: Database?, to new: Database) throws(Database.Failure) {
        var copy = RowCopy(new: new)
        if let old {
            old.salvage()
            try copy.all(of: old)
            // What cannot be read of them is lost, and only that.
            try? SpoolAside.copy(from: old, to: new)
        }
        try copy.finish(old)
    }

    /// Without its first page, which says what lies where, SQLite reads nothing of a file. It is the same in each
    /// cache: meanwhile this one has that of the new one.
    /// - Parameter body: nil: it cannot be opened.
    private static func withDamaged(
        _ file: SpoolFile, like new: Database, _ body: (Database?) throws(Database.Failure) -> Void
    ) throws(Database.Failure) {
        guard let old = try? Database.open(file.path) else { return try body(nil) }
        old.salvage()
        let tables = "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name IN ('meta', 'batches')"
        if (try? old.number(tables)) == 2 { return try body(old) }
        guard let page = old.takeFirstPage(of: new) else { return try body(old) }
        defer { old.setFirstPage(page) }
        try body(try? Database.open(file.path))
    }

    /// At so many places it is looked for what can be read behind a damage.
    private static let placesMax: Int64 = 16_384

    /// Those that messages have, as the file's head says; nil: it cannot be read, or makes no sense.
    private static func keys(of old: Database) -> Range<Int64>? {
        guard let first = try? old.number("SELECT first FROM meta WHERE id=0"),
            let next = try? old.number("SELECT next FROM meta WHERE id=0"), first >= 0, first < next,
            next < SpoolStore.numberMax
        else { return nil }
        return first..<next
    }

    /// The first row that can be read behind one that cannot; nil: none was found.
    private static func readableKey(_ old: Database, behind key: Int64, before end: Int64) -> Int64? {
        let step = max(1, (end - min(key, end)) / placesMax)
        var damaged = key
        var whole = key
        repeat {
            guard whole < end else { return nil }
            (damaged, whole) = (whole, whole + step)
        } while !canBeRead(old, from: whole)
        // Where it begins.
        while whole - damaged > 1 {
            let middle = damaged + (whole - damaged) / 2
            if canBeRead(old, from: middle) { whole = middle } else { damaged = middle }
        }
        return try? old.number("SELECT first FROM batches WHERE first >= ?1 ORDER BY first LIMIT 1", whole)
    }

    private static func canBeRead(_ old: Database, from key: Int64) -> Bool {
        do throws(Database.Failure) {
            _ = try old.number("SELECT first FROM batches WHERE first >= ?1 ORDER BY first LIMIT 1", key)
            return true
        } catch { return false }
    }

    private struct RowCopy {
        let new: Database
        var first = Int64.max
        var next: Int64 = 0
        var bytes: Int64 = 0
        var last = Int64.min
        var rows = 0
        /// Of these.
        var committed = 0
        /// Of the rows to which the old file's tree leads.
        var oldBytes: Int64 = 0
        /// The keys that messages have.
        var head: Range<Int64>?
        /// Of messages that bear theirs: behind the last of them, and their row.
        var number: Int64 = 1
        var stream: UInt64?

        /// From the front, over what is damaged, and where it is not known how far that goes, from the back to it.
        mutating func all(of old: Database) throws(Database.Failure) {
            try new.run("BEGIN")
            head = SpoolRescue.keys(of: old)
            var isWhole = true
            for _ in 0..<SpoolRescue.placesMax {
                if try rows(of: old, isForward: true) { break }
                isWhole = false
                guard let head,
                    let key = SpoolRescue.readableKey(old, behind: max(last, head.lowerBound), before: head.upperBound)
                else { break }
                last = key - 1
            }
            let reached = last
            _ = try rows(of: old, isForward: false, to: reached)
            let bytes = try? old.number("SELECT bytes FROM meta WHERE id=0")
            if !isWhole || bytes != oldBytes { try pages(of: old) }
            try new.run("COMMIT")
        }

        /// Rows to which the tree does not lead.
        private mutating func pages(of old: Database) throws(Database.Failure) {
            try SpoolPages(old).forEachRow { row throws(Database.Failure) in
                try row.data.withUnsafeBufferPointer { data throws(Database.Failure) in
                    try add(
                        SpoolStore.StoredRow(
                            first: row.first, count: row.count, arrival: row.arrival, number: row.number,
                            image: UnsafeRawBufferPointer(data)))
                }
            }
        }

        /// - Returns: false: some cannot be read, and it goes no further.
        private mutating func rows(
            of old: Database, isForward: Bool, to reached: Int64 = .min
        ) throws(Database.Failure) -> Bool {
            let order = isForward ? "ASC" : "DESC"
            var at = isForward ? last : Int64.max
            while true {
                var key: Int64?
                do throws(Database.Failure) {
                    // Not behind the last one: that would be looked for in the page of that, which may be damaged.
                    let side = isForward ? ">=" : "<="
                    let next = try old.prepare(
                        "SELECT first FROM batches WHERE first \(side) ?1 ORDER BY first \(order) LIMIT 1")
                    next.bind(1, isForward ? at &+ 1 : at &- 1)
                    guard try next.step() else { return true }
                    key = next.integer(0)
                    next.reset()
                } catch { return false }
                guard let key, isForward ? key > at : key < at, isForward || key > reached else { return true }
                at = key
                if isForward { last = key }
                try copy(key, old)
            }
        }

        private mutating func copy(_ key: Int64, _ old: Database) throws(Database.Failure) {
            let text = "SELECT \(SpoolStore.StoredRow.columns) FROM batches WHERE first=?1"
            guard let select = try? old.prepare(text) else { return }
            select.bind(1, key)
            guard (try? select.step()) == true else { return }
            defer { select.reset() }
            let row = try SpoolStore.StoredRow(select)
            oldBytes += Int64(row.image.count)
            try add(row)
        }

        /// What is whole of it.
        private mutating func add(_ row: SpoolStore.StoredRow) throws(Database.Failure) {
            guard row.count > 0, row.first < Int64.max - row.count else { return }
            // With a key that no message has it is damaged, or another table's.
            if let head, row.first >= head.upperBound || row.first + row.count <= head.lowerBound { return }
            // What is there already, or its key would be in the way of others.
            let end = try new.number(
                "SELECT first + count FROM batches WHERE first < ?1 ORDER BY first DESC LIMIT 1", row.first + row.count)
            if let end, end > row.first { return }
            var chunks = try new.wholeChunks(of: row) { _, _, _ in }
            if chunks.isEmpty { return }
            noteNumbers(row.number &+ row.count, row.image)
            while let chunk = chunks.removeFirst() {
                chunk.seal()
                let (from, end) = (Int64(clamping: chunk.firstNumber), Int64(clamping: chunk.endNumber))
                try new.insert(chunk, key: from)
                first = min(first, from)
                next = max(next, end)
                bytes += Int64(chunk.imageBytes)
                rows += 1
            }
            if rows >= committed + SpoolRescue.rowsPerCommit {
                committed = rows
                try new.run("COMMIT")
                try new.run("BEGIN")
            }
        }

        private mutating func noteNumbers(_ end: Int64, _ data: UnsafeRawBufferPointer) {
            if (1..<SpoolStore.numberMax).contains(end) { number = max(number, end) }
            let payload = UnsafeRawBufferPointer(rebasing: data.dropFirst(MessageChunk.imageHeadBytes))
            if let head = OutgoingMessage.head(of: payload) { stream = head.stream }
        }

        func finish(_ old: Database?) throws(Database.Failure) {
            var head: (first: Int64, next: Int64, clock: Int64, wall: Int64, number: Int64, stream: Int64)?
            if let select = try? old?.prepare("SELECT first, next, clock, wall, number, stream FROM meta WHERE id=0"),
                (try? select.step()) == true
            {
                head = (
                    select.integer(0), select.integer(1), select.integer(2), select.integer(3), select.integer(4),
                    select.integer(5)
                )
                select.reset()
            }
            if let known = head, known.first < 0 || known.next < known.first { head = nil }
            if let known = head, !(1..<SpoolStore.numberMax).contains(known.number) { head = nil }
            let update = try new.prepare(
                "UPDATE meta SET first=?, next=?, bytes=?, clock=?, wall=?, number=?, stream=coalesce(?, stream)")
            let start = head?.first ?? (rows > 0 ? first : 1 << 40)
            update.bind(1, start)
            update.bind(2, max(next, head?.next ?? start))
            update.bind(3, bytes)
            update.bind(4, head?.clock ?? 0)
            update.bind(5, head?.wall ?? Clock.wallMilliseconds)
            // Without a head it is not known how far the numbers had come.
            update.bind(6, max(number, head?.number ?? number + Int64(MessageCache.numbersReserved)))
            if let stream = head?.stream ?? stream.map({ Int64(bitPattern: $0) }) { update.bind(7, stream) }
            _ = try update.step()
        }
    }
}
