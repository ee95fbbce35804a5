// SPDX-License-Identifier: Apache-2.0
import CSQLite
import CNeuronWS
import NodeCore

/// A node's messages on disk. A row is a batch, never a message; rows are in the order of their messages' keys, which
/// go on from one life of the node to the next. One row says how far they have their outcome, so that a batch of which
/// some have it is not written anew. One thread at a time.
final class SpoolStore {
    /// Of the file's header: "nwsc".
    static let applicationID: Int64 = 0x6E77_7363
    static let version: Int64 = 2
    /// Pages that the journal has room for from the beginning: what a delete needs on a full disk.
    static let journalPages = 32
    /// A file without messages that has grown beyond this is made anew, bytes.
    private static let emptyBytesMax: Int64 = 1 << 20
    /// Rows that come into memory in one piece of work, and rows of messages that go in one: the loop tells of each.
    static let rowsLoadedMax = 1024
    static let gapsMax = 1024
    static let firstKeyEver: Int64 = 1 << 40
    /// Of messages: beyond it a file makes no sense.
    static let numberMax: Int64 = 1 << 62

    let file: SpoolFile
    private(set) var database: Database
    private(set) var isSynced: Bool
    private(set) var keys: SpoolKeys
    /// As the file says, or as it will when a transaction has ended.
    var head: SpoolHead
    var bytes: UInt64 {
        get { head.bytes }
        set { head.bytes = newValue }
    }
    private var asideCount: UInt64 = 0
    private(set) var found = MessageCache.Found(count: 0, bytes: 0, clock: 0)
    /// The last transaction failed: it may have been done or not.
    private var isUncertain = false
    /// Damaged files that were set aside.
    private(set) var damages: UInt64 = 0
    private var damageText: String?
    /// Why the last work failed.
    private var error: SpoolError?
    /// What the cache's clock said last, and when that was.
    private var lastClock: (milliseconds: UInt64, at: UInt64) = (0, 0)

    /// - Parameter wasDamaged: where nothing is left, what was there is missing.
    init(_ file: SpoolFile, _ database: Database, isSynced: Bool, _ head: SpoolHead, wasDamaged: Bool) {
        self.file = file
        self.database = database
        self.isSynced = isSynced
        self.head = head
        keys = SpoolKeys(first: head.bytes == 0 && !wasDamaged ? head.next : head.first, next: head.next)
    }

    func noteFound() throws(Database.Failure) {
        var gaps: [Range<UInt64>] = []
        for gap in try head.emptyGaps(database) where gap.upperBound > keys.first && gap.lowerBound < keys.next {
            if gap.lowerBound <= keys.first {
                keys = SpoolKeys(first: min(gap.upperBound, keys.next), next: keys.next)
            } else {
                let gap = gap.clamped(to: keys.first..<keys.next)
                gaps.append(UInt64(gap.lowerBound &- keys.first)..<UInt64(gap.upperBound &- keys.first))
            }
        }
        // While nobody ran, the wall clock alone tells of time, and it may have been set.
        let away = Clock.wallMilliseconds &- head.wall
        found = MessageCache.Found(
            count: UInt64(keys.next &- keys.first), bytes: bytes, clock: head.clock &+ UInt64(max(0, away)))
        found.gaps = gaps
        lastClock = (found.clock, Clock.monotonicNanoseconds)
        found.nextNumber = UInt64(head.number)
        found.stream = UInt64(bitPattern: head.stream)
        asideCount = SpoolAside.count(database)
        found.asideCount = asideCount
    }

    /// As of `SpoolKeys.begin`. Before any work.
    func setFirst(_ id: UInt64, openID: UInt64) { keys.begin(id, openID: openID) }

    /// The end: the next life's numbers go on here, and its clock. If that fails the numbers go on behind those that
    /// are reserved, and a wall clock that was set since the last work counts as time that has passed.
    func setNextNumber(_ number: UInt64) {
        guard (try? makeSure()) != nil else { return }
        // Where it was opened late there may be more in the file's own row than this life has numbered.
        try? reserve(max(number, found.nextNumber))
    }

    /// Messages may bear numbers up to this one.
    func reserve(_ number: UInt64) throws(Database.Failure) {
        head.number = Int64(clamping: min(number, 1 << 61))
        try writeHead(clock: clockNow)
    }

    private var clockNow: UInt64 { lastClock.milliseconds &+ (Clock.monotonicNanoseconds &- lastClock.at) / 1_000_000 }

    func setSynced(_ isSynced: Bool) {
        guard isSynced != self.isSynced, (try? makeSure()) != nil else { return }
        guard (try? database.setSynced(isSynced)) != nil else { return }
        // What was written before is synced with it.
        if isSynced, (try? writeHead(clock: clockNow)) == nil { return }
        self.isSynced = isSynced
    }

    func key(_ id: UInt64) -> Int64 { keys.key(id) }
    func id(_ key: Int64) -> UInt64 { keys.id(key) }

    // MARK: Work

    func perform(_ work: consuming SpoolWork) -> SpoolResult {
        var result = SpoolResult(work)
        var wasDamaged = false
        while true {
            do throws(Database.Failure) {
                try perform(&result)
                result.diskBytes = bytes
                result.asideCount = asideCount
                return result
            } catch let failure {
                try? database.run("ROLLBACK")
                if database.doubt == nil { restoreHead() } else { try? makeSure() }
                result.gone = []
                result.compacted = []
                result.hasMoreToCompact = false
                result.loaded.removeAll()
                result.loadedBytes = 0
                if failure.isDamage, !wasDamaged {
                    // In a file that has lost its name all of it is to be read.
                    result.isSalvaged = !database.hasMoved
                    wasDamaged = rescue()
                    result.isSalvaged = wasDamaged && result.isSalvaged
                    if result.isSalvaged { result.missing = missing() }
                    if wasDamaged { continue }
                }
                let (end, clock) = (result.work.forgetsBefore, result.work.clock)
                if failure.fault == .full, end > 0, forgetOneByOne(before: key(end), clock: clock) { continue }
                isUncertain = true
                result.isGone = database.hasMoved
                result.isBroken = failure.isDamage
                result.isTooMuch = failure.fault == .full && result.work.batches.holdsSeveral && !result.isGone
                let failed = result.isGone ? SpoolError(gone: file) : failure.spoolError(file)
                if !result.isTooMuch { error = failed }
                result.fault = failed.fault
                result.forgottenBefore = id(keys.first)
                result.diskBytes = bytes
                if result.isGone { loadGone(&result) }
                return result
            }
        }
    }

    /// A connection that does not know any more what lies there gives place to one that does.
    private func makeSure() throws(Database.Failure) {
        guard let doubt = database.doubt else { return }
        if database.hasMoved { throw .moved }
        database.giveUpLock()
        do throws(Database.Failure) { database = try SpoolRescue.open(file, isSynced: isSynced) } catch {
            throw error.isLike(doubt) ? doubt : error
        }
        restoreHead()
    }

    /// As the file says.
    private func restoreHead() {
        guard let head = try? Self.readHead(database, file) else { return }
        self.head = head
        keys.restore(first: head.first, next: head.next)
    }

    private func perform(_ result: inout SpoolResult) throws(Database.Failure) {
        try makeSure()
        let forgetKey = keys.first(forgetting: result.work.forgetsBefore)
        let changes =
            forgetKey > keys.first || result.work.dropsBytes > 0 || result.work.expiresBefore > 0
            || !result.work.batches.isEmpty || result.work.latest != nil || result.work.reservesNumber > 0
            || !result.work.setAside.isEmpty || !result.work.takenOut.isEmpty
        if changes || result.work.looks {
            if database.hasMoved { throw .moved }
            if database.isCut { throw .cut }
        }
        if changes {
            try database.run("BEGIN")
            if keys.givenAnew > 0 { try makePlace() }
            try forget(before: forgetKey)
            try takeOut(result.work.takenOut, result.work.forgetsBefore)
            try compact(&result)
            if result.work.dropsBytes > 0 || result.work.expiresBefore > 0 { try drop(&result) }
            let end = try store(&result)
            for message in result.work.setAside {
                try SpoolAside.add(
                    message, id: key(message.id) &- Self.firstKeyEver &+ 1,
                    bytesMax: result.work.setAsideBytesMax, database)
            }
            if result.work.reservesNumber > 0 { head.number = Int64(clamping: result.work.reservesNumber) }
            // Those behind the last that was stored may have their outcome too.
            try writeHead(first: forgetKey, next: max(keys.next, forgetKey, end), clock: result.work.clock)
            try database.run("COMMIT")
            keys.committed(first: forgetKey, end: end)
            if !result.work.setAside.isEmpty { asideCount = SpoolAside.count(database) }
            // Without batches it is not known yet.
            if !result.work.batches.isEmpty, result.work.replaces.isEmpty { isUncertain = false }
        }
        if result.work.loadsFrom > 0 { try loadBehind(changes, &result) }
        if changes, bytes == 0 { shrink() }
        // Some lie there, of which no key is known.
        if changes, bytes > 0, keys.first == keys.next { throw .disorder }
    }

    private func writeHead(first: Int64? = nil, next: Int64? = nil, clock: UInt64) throws(Database.Failure) {
        head.first = first ?? head.first
        head.next = next ?? head.next
        (head.clock, head.wall) = (clock, Clock.wallMilliseconds)
        head.gaps.remove(before: UInt64(head.first))
        lastClock = (clock, Clock.monotonicNanoseconds)
        try head.write(database)
    }

    /// On a full disk the journal has room for few pages: each batch goes in a transaction of its own.
    /// - Returns: some went.
    private func forgetOneByOne(before key: Int64, clock: UInt64) -> Bool {
        let before = keys.first
        while let end = try? database.number(
            "SELECT first + count FROM batches WHERE first + count > \(keys.first) ORDER BY first LIMIT 1"), end <= key
        {
            do throws(Database.Failure) {
                try database.run("BEGIN")
                try forget(before: end)
                try writeHead(first: end, next: max(keys.next, end), clock: clock)
                try database.run("COMMIT")
                keys.committed(first: end)
            } catch {
                try? database.run("ROLLBACK")
                restoreHead()
                break
            }
        }
        if keys.first > before, bytes == 0 { shrink() }
        return keys.first > before
    }

    private func forget(before key: Int64) throws(Database.Failure) {
        guard key > keys.first else { return }
        try delete("SELECT first, count, length(data) FROM batches WHERE first < ?1 ORDER BY first", from: key) {
            $0.first &+ $0.count <= key
        }
    }

    /// Deletes the rows of a statement, in the order of their keys, for as long as `goes` says so.
    func delete(_ text: String, from key: Int64, _ goes: (Row) -> Bool) throws(Database.Failure) {
        let select = try database.prepare(text)
        select.bind(1, key)
        var ends: (first: Int64, last: Int64)?
        while try select.step() {
            let row = Row(
                first: select.integer(0), count: select.integer(1), bytes: UInt64(clamping: select.integer(2)))
            try row.check()
            guard goes(row) else { break }
            ends = (ends?.first ?? row.first, row.first)
            bytes -= min(bytes, row.bytes)
        }
        select.reset()
        guard let ends else { return }
        let remove = try database.prepare("DELETE FROM batches WHERE first BETWEEN ? AND ?")
        remove.bind(1, ends.first)
        remove.bind(2, ends.last)
        _ = try remove.step()
    }

    /// The row in which this key lies, or the first behind it.
    func rowKey(of key: Int64) throws(Database.Failure) -> Int64 {
        try database.number("SELECT first FROM batches WHERE first <= ?1 ORDER BY first DESC LIMIT 1", key) ?? key
    }

    private func drop(_ result: inout SpoolResult) throws(Database.Failure) {
        let from = try rowKey(of: key(result.work.dropsFrom))
        let (dropsBytes, expiresBefore) = (result.work.dropsBytes, result.work.expiresBefore)
        let end = endKey(result.work)
        if expiresBefore > 0 {
            try delete(
                """
                SELECT first, count, length(data) FROM batches WHERE first >= ?1 AND first < coalesce((SELECT first
                FROM batches WHERE first >= ?1 AND arrival >= \(expiresBefore) ORDER BY first LIMIT 1),
                9223372036854775807) AND first + count <= \(end) ORDER BY first
                """, from: from
            ) { note($0, .NEURON_WS_EXPIRED, &result) }
        }
        var left = dropsBytes
        if left > 0 {
            try delete(
                "SELECT first, count, length(data) FROM batches WHERE first >= ?1 ORDER BY first", from: from
            ) {
                guard left > 0, $0.first &+ $0.count <= end, note($0, .NEURON_WS_DROPPED_OVERFLOW, &result) else {
                    return false
                }
                left -= min(left, $0.bytes)
                return true
            }
        }
    }

    private func makeWay(for ids: Range<UInt64>) throws(Database.Failure) {
        let end = key(ids.upperBound)
        try delete(
            "SELECT first, count, length(data) FROM batches WHERE first >= ?1 ORDER BY first", from: key(ids.lowerBound)
        ) { $0.first < end }
    }

    /// - Returns: the key behind the last that is stored; 0: none are.
    private func store(_ result: inout SpoolResult) throws(Database.Failure) -> Int64 {
        guard !result.work.batches.isEmpty else { return 0 }
        if !result.work.replaces.isEmpty {
            try makeWay(for: result.work.replaces)
        } else if isUncertain {
            var from: UInt64 = 0
            result.work.batches.forEach { if from == 0 { from = $0.firstNumber } }
            // What was done after all is done again, and may begin later.
            for part in keys.unsure(from: key(from)) {
                try delete(
                    """
                    SELECT first, count, length(data) FROM batches WHERE first >= ?1
                    AND first + count > \(part.lowerBound) ORDER BY first
                    """, from: try rowKey(of: part.lowerBound)
                ) { $0.first < part.upperBound }
            }
        }
        var failure: Database.Failure?
        var end: Int64 = 0
        result.work.batches.forEach { batch in
            if failure != nil { return }
            guard let chunk = batch.whole() else { return failure = .noMemory }
            chunk.seal()
            let first = key(chunk.firstNumber)
            do throws(Database.Failure) { try database.insert(chunk, key: first) } catch { failure = error }
            // What had its outcome before it was stored.
            if bytes > 0, first > max(keys.next, end) { noteGap(max(keys.next, end)..<first) }
            end = key(chunk.endNumber)
            bytes += UInt64(chunk.imageBytes)
        }
        if let failure { throw failure }
        return end
    }

    func noteDamagedRow(_ count: Int) {
        damages &+= 1
        damageText = "the cache \(file.path): of \(count) messages stored together some cannot be read"
    }

    func takeError() -> SpoolError? {
        defer { error = nil }
        return error
    }

    func takeDamageText() -> String? {
        defer { damageText = nil }
        return damageText
    }

    // MARK: New files

    func noteDamage() {
        damages &+= 1
        damageText =
            "the cache \(file.path) is damaged: it was set aside as \(file.damaged), and what can be read of it is kept"
    }

    /// The file is damaged. - Returns: there is another, with what could be read.
    private func rescue() -> Bool {
        let hasMoved = database.hasMoved
        do throws(Database.Failure) {
            try SpoolRescue.rescue(file, isSynced: isSynced, stream: found.stream, closing: &database)
            if hasMoved {
                damageText = "the cache \(file.path) was deleted or moved while it was in use: it was made anew, whole"
            } else {
                noteDamage()
            }
            head = try Self.readHead(database, file)
            keys.committed(first: keys.first, end: head.next)
            return true
        } catch { return false }
    }

    /// Gives the disk back what a backlog took.
    private func shrink() {
        guard let pages = try? database.number("PRAGMA page_count"), pages * 4096 > Self.emptyBytesMax else { return }
        head.gaps.removeAll()
        try? SpoolRescue.renew(file, isSynced: isSynced, head, &database)
    }
}
