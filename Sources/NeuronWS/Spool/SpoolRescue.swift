// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// Makes a cache's file anew: from what can be read of a damaged one, which is set aside, or without messages. The new
/// file is whole before it takes the place of the old one.
///
/// A large file takes its time, and whoever waits may kill the process meanwhile, again and again: the next life goes
/// on where this one was.
enum SpoolRescue {
    /// What `user_version` says of a file that is being filled from a damaged one. That has it too while it has the
    /// other's first page.
    static let underWay: Int64 = -1
    /// It is whole, and nobody has heard of the damage.
    static let untold: Int64 = -2
    /// Of rows that are copied in one transaction, bytes: little at first, so that whoever is killed soon has done
    /// something, and at most; and what SQLite holds of one in memory, KiB, for which it need not write before its end.
    static let bytesPerCommit = (first: 128 << 10, most: 4 << 20)
    private static let memoryKiB = 8192
    /// Rows of `room` in such a file: from which file it is made, and the first page of that as it was.
    private static let sourceRow: Int64 = -1
    private static let firstPageRow: Int64 = -2

    /// Of a file that cannot be opened.
    static func rescue(_ file: SpoolFile, stream: UInt64) throws(Database.Failure) {
        try make(file, from: nil, stream: stream)
        try replace(file, keepsOld: true)
    }

    /// Of a file that is open; `database` is the new one then.
    static func rescue(
        _ file: SpoolFile, isSynced: Bool, stream: UInt64, closing database: inout Database
    ) throws(Database.Failure) {
        // As where it is opened: a directory that was deleted too is made.
        let hasMoved = database.hasMoved
        if hasMoved { try? Syscalls.makeDirectory(file.directory) }
        try make(file, from: database, stream: stream)
        try replace(file, database, keepsOld: !hasMoved || !isOurs(file))
        database = try open(file, isSynced: isSynced)
        // Else the next life tells it once more.
        try? told(database)
    }

    /// A new file without messages.
    static func renew(
        _ file: SpoolFile, isSynced: Bool, _ head: SpoolHead, _ database: inout Database
    ) throws(Database.Failure) {
        do throws(Database.Failure) {
            let new = try makeEmpty(file, stream: UInt64(bitPattern: head.stream), insteadOf: database)
            try head.write(new)
            try SpoolAside.copy(from: database, to: new)
        } catch {
            removeMaking(file)
            throw error
        }
        try replace(file, database, keepsOld: false)
        database = try open(file, isSynced: isSynced)
        // Where the disk had none it has some now: the old file is closed.
        try? SpoolStore.makeRoom(database)
    }

    static func open(_ file: SpoolFile, isSynced: Bool) throws(Database.Failure) -> Database {
        let database = try Database.open(file.path)
        try database.prepareForUse(isSynced: isSynced)
        return database
    }

    /// What lies there was made here a moment ago, and could not be opened: nothing in it is not elsewhere too.
    private static func isOurs(_ file: SpoolFile) -> Bool {
        do throws(Database.Failure) {
            guard Syscalls.regularFile(file.path) != nil else { return false }
            let database = try Database.open(file.path, isReadOnly: true)
            try SpoolStore.checkKind(database)
            guard try SpoolStore.readHead(database, file).bytes == 0 else {
                return try database.number("PRAGMA user_version") == untold
            }
            return SpoolAside.count(database) == 0
        } catch { return false }
    }

    // MARK: The new file

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
            var head = try SpoolHead.read(old)
            head.wall &+= 1
            try head.write(old)
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

    /// What somebody began who was killed is of no use once the file is sound.
    static func removeMaking(_ file: SpoolFile) {
        for each in [file.making, file.making + "-journal"] where Syscalls.isTaken(each) { Syscalls.remove(each) }
    }

    /// - Parameter old: nil: it is to be opened yet.
    private static func make(
        _ file: SpoolFile, from old: Database?, stream: UInt64
    ) throws(Database.Failure) {
        do throws(Database.Failure) {
            let begun = begun(file)
            let new: Database
            if let begun { new = begun } else { new = try begin(file, stream) }
            try new.run("PRAGMA cache_size=-\(memoryKiB)")
            if let old { return try copy(from: old, to: new, isBegun: begun != nil) }
            try withDamaged(file, like: new) { old throws(Database.Failure) in
                try copy(from: old, to: new, isBegun: begun != nil)
            }
        } catch {
            removeMaking(file)
            throw error
        }
    }

    /// Which file lies there; nil: none that is to be read by its name.
    private static func source(_ file: SpoolFile) -> String? {
        Syscalls.regularFile(file.path).map { "\($0.device):\($0.inode)" }
    }

    private static func begin(_ file: SpoolFile, _ stream: UInt64) throws(Database.Failure) -> Database {
        let new = try makeEmpty(file, stream: stream)
        if let source = source(file) { try new.run("INSERT INTO room VALUES(\(sourceRow), '\(source)')") }
        try new.run("PRAGMA user_version=\(underWay)")
        return new
    }

    /// What somebody made of the same file who was killed; nil: there is no such thing.
    private static func begun(_ file: SpoolFile) -> Database? {
        guard Syscalls.regularFile(file.making) != nil, let source = source(file),
            let new = try? Database.open(file.making, of: file), (try? new.prepareForUse(isSynced: true)) != nil,
            let version = try? new.number("PRAGMA user_version"), version == underWay || version == untold,
            (try? SpoolHead.upgrade(new)) != nil,
            (try? new.number("SELECT id FROM room WHERE id=\(sourceRow) AND data='\(source)'")) == sourceRow
        else { return nil }
        return new
    }

    private static func copy(from old: Database?, to new: Database, isBegun: Bool) throws(Database.Failure) {
        if isBegun, try new.number("PRAGMA user_version") == untold { return }
        var copy = RowCopy(new: new, isBegun: isBegun)
        if let old {
            old.salvage()
            // Locked once and not for each row.
            try? old.run("BEGIN")
            defer { try? old.run("COMMIT") }
            try copy.all(of: old)
            // What cannot be read of them is lost, and only that.
            try? SpoolAside.copy(from: old, to: new)
        }
        try copy.finish(old)
    }

    /// Who opened it has heard of it.
    static func told(_ database: Database) throws(Database.Failure) {
        try database.run(
            "BEGIN; DELETE FROM room WHERE id < 0; PRAGMA user_version=\(SpoolStore.version); COMMIT")
    }

    // MARK: The old file

    /// Without its first page, which says what lies where, SQLite reads nothing of a file. It is the same in each
    /// cache: meanwhile this one has that of the new one.
    /// - Parameter body: nil: it cannot be opened.
    private static func withDamaged(
        _ file: SpoolFile, like new: Database, _ body: (Database?) throws(Database.Failure) -> Void
    ) throws(Database.Failure) {
        guard let old = try openDamaged(file) else { return try body(nil) }
        old.salvage()
        let tables = "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name IN ('meta', 'batches')"
        let isWhole = (try? old.number(tables)) == 2
        let kept = try firstPage(keptIn: new)
        if isWhole, kept == nil { return try body(old) }
        guard let before = kept ?? old.page(1), let page = new.firstPageForAnother, old.pagesInFile > 1 else {
            return try body(old)
        }
        // Whoever is killed before it has its own again finds that here.
        if kept == nil {
            try keep(firstPage: before, in: new)
            do throws(SystemError) { try Syscalls.syncDirectory(file.directory) } catch {
                throw Database.Failure(error)
            }
        }
        guard isWhole || old.setFirstPage(page) else { return try body(old) }
        defer { old.setFirstPage(before) }
        try body(try openDamaged(file))
    }

    /// nil: it cannot be.
    private static func openDamaged(_ file: SpoolFile) throws(Database.Failure) -> Database? {
        for _ in 0..<Database.triesMax {
            do throws(Database.Failure) { return try Database.open(file.path) } catch {
                if error.isDamage { return nil }
                guard error.fault == .ioError else { throw error }
            }
        }
        return nil
    }

    private static func keep(firstPage page: [UInt8], in new: Database) throws(Database.Failure) {
        let insert = try new.prepare("INSERT INTO room VALUES(\(firstPageRow), ?)")
        var failure: Database.Failure?
        page.withUnsafeBytes {
            insert.bind(1, bytes: $0)
            do throws(Database.Failure) { _ = try insert.step() } catch { failure = error }
            insert.reset()
        }
        if let failure { throw failure }
    }

    private static func firstPage(keptIn new: Database) throws(Database.Failure) -> [UInt8]? {
        let select = try new.prepare("SELECT data FROM room WHERE id=\(firstPageRow)")
        defer { select.reset() }
        guard try select.step(), let page = select.bytes(0), page.count == Database.pageBytes else { return nil }
        return Array(page)
    }

    // MARK: Its place

    /// - Parameter database: of the old file.
    private static func replace(
        _ file: SpoolFile, _ database: Database, keepsOld: Bool
    ) throws(Database.Failure) {
        do throws(Database.Failure) { try replace(file, keepsOld: keepsOld) } catch {
            database.renewJournal()
            throw error
        }
    }

    private static func replace(_ file: SpoolFile, keepsOld: Bool) throws(Database.Failure) {
        var isAway = false
        do throws(SystemError) {
            if keepsOld, Syscalls.isTaken(file.path) {
                Syscalls.remove(file.damaged)
                do throws(SystemError) { try Syscalls.link(file.path, file.damaged) } catch {
                    // There are file systems without links: for a moment nothing has its name (`takePlace`).
                    try Syscalls.rename(file.path, file.damaged)
                    isAway = true
                }
            }
            // It belongs to the old file: it must not be taken for the new one's.
            try Syscalls.removeIfThere(file.journal)
            try Syscalls.syncDirectory(file.directory)
            try Syscalls.rename(file.making, file.path)
            Syscalls.remove(file.making + "-journal")
            isAway = false
            try Syscalls.syncDirectory(file.directory)
        } catch {
            if isAway { try? Syscalls.rename(file.damaged, file.path) }
            // Else it is all that there is.
            if Syscalls.isTaken(file.path) { removeMaking(file) }
            throw Database.Failure(error)
        }
    }

    /// Whoever gave the old file another name was killed before the new one had its name.
    static func takePlace(_ file: SpoolFile) {
        guard !Syscalls.isTaken(file.path), Syscalls.regularFile(file.making) != nil else { return }
        do throws(Database.Failure) {
            let new = try Database.open(file.making)
            guard try new.number("PRAGMA user_version") == untold else { return }
        } catch { return }
        try? Syscalls.rename(file.making, file.path)
    }
}
