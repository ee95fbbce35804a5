// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore
import WebSocketCore

/// A database file, by one connection. One thread at a time.
///
/// Rollback journal, kept beside the file: pages that are appended need no journal, so that what is stored is written
/// once, and a delete needs no more room on a full disk than the journal has already. `secure_delete` off, which
/// Debian's build has on: pages that are freed are not written.
final class Database {
    private let handle: OpaquePointer
    /// Behind an I/O error, this, nobody knows what of the file is as it was written, nor what of the journal by which
    /// SQLite has rolled back: there are file systems that go back to what was synced. Who opens it anew does.
    private(set) var doubt: Failure?

    private init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { sqlite3_close_v2(handle) }

    /// Why SQLite did not do something.
    struct Failure: Error {
        let code: Int32
        let errorNumber: Int32
        let text: String

        /// SQLITE_IOERR_NOMEM, a macro that Swift does not see.
        private static let ioErrorNoMemory: Int32 = SQLITE_IOERR | 12 << 8

        init(code: Int32, errorNumber: Int32, text: String) {
            self.code = code
            self.errorNumber = errorNumber
            self.text = text
        }

        /// Where no new file can take the place of a damaged one, unless it is said.
        init(_ error: SystemError, _ what: String = "no new file can take its place") {
            self.init(code: SQLITE_IOERR, errorNumber: error.number, text: "\(what) (\(error.call))")
        }

        static var noMemory: Failure { Failure(code: SQLITE_NOMEM, errorNumber: 0, text: "memory is exhausted") }

        /// What is in it can still be read.
        static var moved: Failure { Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "it was deleted or moved") }

        static var cut: Failure {
            Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "it is shorter than what was written")
        }

        static var disorder: Failure {
            Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "its rows are in disorder")
        }

        /// SQLITE_READONLY_ROLLBACK: somebody was killed in the middle, and this connection must not put it right.
        static let readOnlyRollback: Int32 = SQLITE_READONLY | 3 << 8

        /// Whether the disk is as it was with this one.
        func isLike(_ other: Failure) -> Bool {
            errorNumber == other.errorNumber || fault == .readOnly && other.errorNumber == SystemError.readOnly
        }

        var isDamage: Bool { code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB }

        var fault: SpoolFault {
            switch code & 0xFF {
            case SQLITE_FULL: .full
            case SQLITE_READONLY: .readOnly
            case SQLITE_PERM, SQLITE_AUTH: .denied
            case SQLITE_BUSY, SQLITE_LOCKED: .held
            case SQLITE_NOMEM: .noMemory
            case SQLITE_IOERR: code == Self.ioErrorNoMemory ? .noMemory : .ioError
            default: .other
            }
        }
    }

    /// Opens or makes the file, which is this connection's alone from then on.
    static func open(_ path: String, isReadOnly: Bool = false) throws(Failure) -> Database {
        try checkCompanions(of: path)
        var handle: OpaquePointer?
        let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let status = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let handle else { throw Failure.noMemory }
        let database = Database(handle)
        if status != SQLITE_OK { throw database.failure(status) }
        neuron_ws_sqlite3_distrust(handle)
        return database
    }

    /// What SQLite opens beside a file. What is no file may never end, as a pipe that nobody writes to.
    private static func checkCompanions(of path: String) throws(Failure) {
        for name in ["-journal", "-wal", "-shm"].map({ path + $0 }) {
            guard Syscalls.isTaken(name), Syscalls.regularFile(name) == nil else { continue }
            throw Failure(
                code: SQLITE_CANTOPEN, errorNumber: 0,
                text: "\(name) is a link, a directory, a pipe or a device in the place of a file: remove it")
        }
    }

    /// The same of a node's file, or of one that is to take its place. A new one belongs to whom the old one or the
    /// directory belongs: what root makes once must not lock its user out.
    static func open(_ path: String, of file: SpoolFile) throws(Failure) -> Database {
        let isNew = Syscalls.fileKind(path) == nil
        do throws(Failure) {
            // SQLite would let all read it whom the process's umask lets; its journal is as it is.
            if isNew {
                try? Syscalls.makePrivateFile(path)
            } else {
                for each in [path, path + "-journal"] { Syscalls.makePrivate(each) }
            }
            let database = try open(path)
            if isNew { Syscalls.giveToOwner(of: path == file.path ? file.directory : file.path, path) }
            return database
        } catch {
            // SQLite tries again to read it alone, and tells what came of that.
            guard error.code & 0xFF == SQLITE_CANTOPEN, isNew, let number = Syscalls.writeRefusal(file.directory) else {
                throw error
            }
            if number == SystemError.notDirectory {
                throw Failure(code: error.code, errorNumber: number, text: "its data-dir has to be a directory")
            }
            throw Failure(code: SQLITE_PERM, errorNumber: number, text: "no file can be made in its directory")
        }
    }

    /// It is only read from here on, and may end before its last pages: what is there can be read all the same.
    func salvage() { neuron_ws_sqlite3_salvage(handle) }

    /// What is asked of a file that is written to.
    func prepareForUse(isSynced: Bool) throws(Failure) {
        try run("PRAGMA locking_mode=EXCLUSIVE")
        try run("PRAGMA journal_mode=PERSIST")
        try run("PRAGMA journal_size_limit=1048576")
        try run("PRAGMA secure_delete=OFF")
        try run("PRAGMA temp_store=MEMORY")
        try setSynced(isSynced)
        // Where it cannot be opened to write, SQLite opens it to read.
        if sqlite3_db_readonly(handle, "main") == 1 {
            throw Failure(
                code: SQLITE_READONLY, errorNumber: sqlite3_system_errno(handle),
                text: "attempt to write a readonly database")
        }
        try takeLock()
    }

    /// Somebody else took its journal's name away: the next transaction makes another. Not within a transaction.
    func renewJournal() {
        for mode in ["OFF", "PERSIST"] { try? run("PRAGMA journal_mode=\(mode)") }
    }

    func setSynced(_ isSynced: Bool) throws(Failure) { try run("PRAGMA synchronous=\(isSynced ? "FULL" : "OFF")") }

    private func takeLock() throws(Failure) {
        try run("BEGIN EXCLUSIVE")
        try run("COMMIT")
    }

    /// Another connection may have the file. Not within a transaction.
    func giveUpLock() {
        try? run("PRAGMA locking_mode=NORMAL")
        // With the next transaction it goes.
        _ = try? number("SELECT count(*) FROM sqlite_schema")
    }

    fileprivate func failure(_ code: Int32) -> Failure {
        // In a commit SQLite does not keep the number: of the one that came with a signal it is known.
        let isTooLarge = code & 0xFF == SQLITE_IOERR && FileSizeSignal.take()
        let failure = Failure(
            code: code, errorNumber: isTooLarge ? SystemError.fileTooLarge : sqlite3_system_errno(handle),
            text: sqlite3_errmsg(handle).map(Self.shown) ?? "error \(code)")
        if code & 0xFF == SQLITE_IOERR, !isTooLarge, doubt == nil { doubt = failure }
        return failure
    }

    /// It may name what somebody wrote into the file.
    private static func shown(_ text: UnsafePointer<CChar>) -> String {
        let bytes = UnsafeBufferPointer(start: text, count: min(Syscalls.length(text), ForeignText.charactersMax * 4))
        return ForeignText(bytes.lazy.map { UInt8(bitPattern: $0) }).shown()
    }

    /// Runs a statement without caring for its rows.
    func run(_ text: String) throws(Failure) {
        let status = sqlite3_exec(handle, text, nil, nil, nil)
        if status != SQLITE_OK { throw failure(status) }
    }

    func prepare(_ text: String) throws(Failure) -> Statement {
        var statement: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard status == SQLITE_OK, let statement else { throw failure(status) }
        return Statement(statement, self)
    }

    /// The number that a statement gives; nil: it has no row.
    func number(_ text: String, _ value: Int64? = nil) throws(Failure) -> Int64? {
        let statement = try prepare(text)
        if let value { statement.bind(1, value) }
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The file was deleted, or another one is in its place, or a link, by which no later life finds it.
    var hasMoved: Bool {
        var moved: Int32 = 0
        if sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK, moved != 0 { return true }
        guard let path = sqlite3_db_filename(handle, "main") else { return false }
        return Syscalls.regularFile(String(cString: path)) == nil
    }

    /// Somebody cut the file: pages at its end are gone, which only who reads them would see. Not within a transaction.
    var isCut: Bool {
        guard let pages = try? number("PRAGMA page_count"), let size = try? number("PRAGMA page_size") else {
            return false
        }
        let bytes = neuron_ws_sqlite3_file_bytes(handle)
        return bytes >= 0 && bytes < pages &* size
    }

    /// SQLite's own, and where its header says how many pages there are and which of them are free.
    static let pageBytes = 4096
    private static let freePagesField = 32..<40
    private static let validForField = 92..<96

    /// What a file of the same layout gets whose first page is damaged, and that is only read. It is to be opened anew.
    var firstPageForAnother: [UInt8]? {
        guard (try? number("PRAGMA page_size")) == Int64(Self.pageBytes), var page = page(1) else { return nil }
        // How long the file is says the file, and what is free nobody asks.
        for each in Self.freePagesField { page[each] = 0 }
        for each in Self.validForField { page[each] = 0xFF }
        return page
    }

    /// Nothing is read behind that.
    @discardableResult
    func setFirstPage(_ page: [UInt8]) -> Bool {
        var page = page
        let count = Int32(page.count)
        return page.withUnsafeMutableBytes { access(0, $0.baseAddress, count, writes: true) }
    }

    /// A call that fails once is none that fails for ever.
    private func access(_ offset: Int64, _ bytes: UnsafeMutableRawPointer?, _ count: Int32, writes: Bool) -> Bool {
        var status = SQLITE_IOERR
        for _ in 0..<Self.triesMax where status & 0xFF == SQLITE_IOERR && status != Self.shortRead {
            status = neuron_ws_sqlite3_file_at(handle, offset, bytes, count, writes ? 1 : 0)
        }
        return status == SQLITE_OK
    }

    static let triesMax = 3
    /// SQLITE_IOERR_SHORT_READ: there is no more.
    private static let shortRead: Int32 = SQLITE_IOERR | 2 << 8

    /// Of the file as it lies there; the first is 1. nil: it is not there.
    func page(_ number: Int) -> [UInt8]? {
        let offset = Int64(number - 1) * Int64(Self.pageBytes)
        var isRead = false
        let page = [UInt8](unsafeUninitializedCapacity: Self.pageBytes) { bytes, count in
            count = Self.pageBytes
            bytes.initialize(repeating: 0)
            isRead = access(offset, bytes.baseAddress, Int32(count), writes: false)
        }
        return isRead ? page : nil
    }

    var pagesInFile: Int { Int(max(0, neuron_ws_sqlite3_file_bytes(handle)) / Int64(Self.pageBytes)) }

    var changes: Int { Int(sqlite3_changes(handle)) }

    /// A prepared statement; it goes before its database does.
    final class Statement {
        private let statement: OpaquePointer
        private let database: Database

        fileprivate init(_ statement: OpaquePointer, _ database: Database) {
            self.statement = statement
            self.database = database
        }

        deinit { sqlite3_finalize(statement) }

        func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }

        func bind(_ index: Int32, text: String) {
            var text = text
            text.withUTF8 {
                _ = $0.withMemoryRebound(to: CChar.self) {
                    // SQLITE_TRANSIENT: it is copied.
                    sqlite3_bind_text(
                        statement, index, $0.baseAddress, Int32($0.count),
                        unsafeBitCast(-1, to: sqlite3_destructor_type.self))
                }
            }
        }

        /// The bytes must stay where they are until the statement is reset.
        func bind(_ index: Int32, bytes: UnsafeRawBufferPointer) {
            sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), nil)
        }

        /// - Returns: whether there is a row. Without one the statement is as new.
        func step() throws(Failure) -> Bool {
            let status = sqlite3_step(statement)
            if status == SQLITE_ROW { return true }
            let failure = status == SQLITE_DONE ? nil : database.failure(status)
            reset()
            if let failure { throw failure }
            return false
        }

        func reset() {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }

        func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

        func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

        func text(_ column: Int32) -> String {
            guard let text = sqlite3_column_text(statement, column) else { return "" }
            return String(cString: text)
        }

        /// Until the next step; nil: there is no memory for it.
        func bytes(_ column: Int32) -> UnsafeRawBufferPointer? {
            let base = sqlite3_column_blob(statement, column)
            let count = Int(sqlite3_column_bytes(statement, column))
            if base == nil, sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM { return nil }
            return UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : count)
        }
    }
}
