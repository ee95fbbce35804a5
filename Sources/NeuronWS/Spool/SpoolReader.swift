// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CSQLite
import NodeCore
import WebSocketCore

/// A node's cache, looked at from outside while no node uses it. It locks others out while it lives: one connection, in
/// one transaction. One thread.
final class SpoolReader {
    /// What lies in it.
    struct Summary {
        var node = ""
        var messages: UInt64 = 0
        var bytes: UInt64 = 0
        /// Times of the data, milliseconds; 0: none.
        var oldest: Int64 = 0
        var newest: Int64 = 0
        var poisoned: UInt64 = 0
    }

    private let database: Database
    private var head: SpoolHead
    private var firstKey: Int64 { head.first }
    /// Messages that cannot be read, as far as they were come upon: how many at least and at most.
    private(set) var damaged = Damaged()

    struct Damaged {
        var least: UInt64 = 0
        var most: UInt64 = 0

        /// For people, after "of the cache …".
        var text: String {
            if least == most { return least == 1 ? "1 message is damaged" : "\(least) messages are damaged" }
            return "at least \(least) and at most \(most) messages are damaged"
        }
    }

    // MARK: Opening

    private init(_ file: SpoolFile, _ database: Database) throws(Database.Failure) {
        self.database = database
        head = try SpoolHead.read(database)
        guard head.node.utf8.count <= nodeNameBytesMax else {
            throw Database.Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "its head makes no sense")
        }
        if !file.node.isEmpty, file.node != head.node {
            throw Database.Failure(
                code: SQLITE_MISMATCH, errorNumber: 0,
                text: "the file belongs to another node, \"\(ForeignText(head.node).shown())\"")
        }
    }

    /// Runs `body` with a cache that nobody else uses meanwhile, in this process or another.
    static func withReader(
        _ file: SpoolFile, writes: Bool = false, _ body: (SpoolReader) throws(Database.Failure) -> Void
    ) throws(SpoolError) {
        try withFile(file) { () throws(SpoolError) in
            do throws(Database.Failure) {
                let signal = FileSizeSignal.block()
                defer { signal.unblock() }
                let database = writes ? try openToWrite(file.path) : try openToRead(file.path)
                try SpoolStore.checkKind(database)
                try body(try SpoolReader(file, database))
                try database.run("COMMIT")
            } catch { throw error.isDamage ? SpoolError(damaged: file, error) : error.spoolError(file) }
        }
    }

    /// Deletes a cache that nobody uses, and what lies beside it.
    static func delete(_ file: SpoolFile) throws(SpoolError) {
        try withFile(file) { () throws(SpoolError) in
            do throws(Database.Failure) {
                let signal = FileSizeSignal.block()
                defer { signal.unblock() }
                // What is no cache is not ours to delete; what is damaged may be one.
                let database = try Database.open(file.path)
                try database.prepareForUse(isSynced: true)
                try SpoolStore.checkKind(database)
                _ = try SpoolReader(file, database)
            } catch { if !error.isDamage { throw error.spoolError(file) } }
            try file.delete()
        }
    }

    private static func withFile(_ file: SpoolFile, _ body: () throws(SpoolError) -> Void) throws(SpoolError) {
        guard Syscalls.isTaken(file.path) else {
            throw SpoolError(fault: .missing, text: "there is no cache \(file.path)")
        }
        try Spool.checkPlace(file)
        guard Spool.take(file.path) else {
            throw SpoolError(
                fault: .held, text: "the cache \(file.path) is held by a node of this process: destroy that one first")
        }
        defer { Spool.giveBack(file.path) }
        try body()
    }

    /// In a transaction, with the lock that keeps writers out.
    private static func openToRead(_ path: String) throws(Database.Failure) -> Database {
        do throws(Database.Failure) {
            return try begin(try Database.open(path, isReadOnly: true))
        } catch {
            // A process was killed in the middle of its work.
            guard error.code == Database.Failure.readOnlyRollback else { throw error }
        }
        // The journal's room stays what it is.
        try Database.open(path).prepareForUse(isSynced: true)
        return try begin(try Database.open(path, isReadOnly: true))
    }

    private static func begin(_ database: Database) throws(Database.Failure) -> Database {
        try database.run("BEGIN")
        _ = try database.number("SELECT count(*) FROM sqlite_schema")
        return database
    }

    private static func openToWrite(_ path: String) throws(Database.Failure) -> Database {
        let database = try Database.open(path)
        try database.prepareForUse(isSynced: true)
        try SpoolStore.checkKind(database)
        try SpoolHead.upgrade(database)
        try database.run("BEGIN EXCLUSIVE")
        return database
    }

    // MARK: Looking

    func summary() throws(Database.Failure) -> Summary {
        var summary = Summary()
        summary.node = head.node
        summary.poisoned = UInt64(clamping: try database.number("SELECT count(*) FROM aside") ?? 0)
        let first = try database.number("SELECT first FROM batches WHERE first + count > ?1 ORDER BY first", firstKey)
        guard let first else { return summary }
        // Of the first batch some may have their outcome.
        let gone = max(0, firstKey &- first)
        // Never more than there are bytes for: of a damaged row the count may be anything.
        let all =
            try database.number(
                """
                SELECT sum(max(1, min(count, length(data) / \(MessageChunk.imageHeadBytes)))) FROM batches
                WHERE first >= ?1
                """, first) ?? 0
        summary.messages = UInt64(clamping: all &- gone)
        summary.bytes = head.bytes
        let last = try database.number("SELECT max(first) FROM batches") ?? first
        try forEachRow("WHERE first=\(first)") { chunk in
            summary.oldest = chunk.firstStamp(from: UInt64(max(first, self.firstKey)))?.timeMilliseconds ?? 0
            return false
        }
        try forEachRow("WHERE first=\(last)") { chunk in
            summary.newest = chunk.lastStamp?.timeMilliseconds ?? 0
            return true
        }
        return summary
    }

    /// The messages that are to be sent, in their order, until `body` says false.
    func messages(_ body: (UnsafeRawBufferPointer, MessageStamp) -> Bool) throws(Database.Failure) {
        let from = firstKey
        try forEachRow("WHERE first + count > \(from) ORDER BY first") { chunk in
            var goesOn = true
            chunk.forEachMessage(from: max(UInt64(from), chunk.firstNumber)) { bytes, stamp in
                goesOn = body(bytes, stamp)
                return goesOn
            }
            return goesOn
        }
    }

    /// Batches as chunks whose numbers are their keys; of a damaged one what is whole.
    private func forEachRow(_ which: String, _ body: (MessageChunk) -> Bool) throws(Database.Failure) {
        let select = try database.prepare("SELECT first, count, number, data, arrival FROM batches \(which)")
        defer { select.reset() }
        while try select.step() {
            let (first, count) = (select.integer(0), select.integer(1))
            guard let image = select.bytes(3), let chunk = MessagePool.shared.takeChunk(byteCount: image.count) else {
                throw Self.noMemory
            }
            guard first >= 0, count > 0, count <= Int64(image.count / MessageChunk.imageHeadBytes),
                chunk.setImage(image, firstID: UInt64(first), count: Int(count))
            else {
                damaged.least &+= 1
                damaged.most &+= UInt64(max(1, image.count / MessageChunk.imageHeadBytes))
                continue
            }
            chunk.numberShift = UInt64(truncatingIfNeeded: select.integer(2)) &- chunk.firstNumber
            chunk.arrival = UInt64(clamping: select.integer(4))
            if chunk.isImageWhole {
                if !body(chunk) { return }
                continue
            }
            var salvaged = chunk.salvaged { MessagePool.shared.takeChunk(byteCount: $0) }
            var (found, bytes) = (0, 0)
            salvaged.forEach { (found, bytes) = (found + $0.messageCount, bytes + $0.imageBytes) }
            noteDamaged(missing: Int(count) - found, unreadBytes: image.count - bytes)
            while let each = salvaged.removeFirst() { if !body(each) { return } }
        }
    }

    /// Of a batch. - Parameter missing: by the batch's own count, which may be damaged too.
    private func noteDamaged(missing: Int, unreadBytes: Int) {
        let most = max(0, unreadBytes) / MessageChunk.imageHeadBytes
        let isSound = missing >= 0 && missing <= most && (missing > 0) == (most > 0)
        damaged.least &+= UInt64(isSound ? missing : min(1, most))
        damaged.most &+= UInt64(isSound ? missing : most)
    }

    /// The messages that were set aside, in their order, until `body` says false.
    func asides(_ body: (SpoolAside.Message) throws(Database.Failure) -> Bool) throws(Database.Failure) {
        try SpoolAside.forEach(in: database, body)
    }

    // MARK: Changing

    /// Puts those that were set aside in front of those that are to be sent, because they are older and their numbers
    /// lower; each is a batch of its own. - Returns: how many.
    func resend() throws(Database.Failure) -> UInt64 {
        let count = try database.number("SELECT count(*) FROM aside") ?? 0
        guard count > 0, count <= firstKey else { return 0 }
        // What comes in front would bring back what has its outcome.
        _ = try database.cutRows(before: firstKey) { noteDamaged(missing: $1, unreadBytes: $2) }
        var key = firstKey &- count
        try asides { aside throws(Database.Failure) in
            guard let chunk = MessagePool.shared.takeChunk(byteCount: aside.bytes.count) else { throw Self.noMemory }
            let numbered = OutgoingMessage.head(of: aside.bytes)
            var stamp = MessageStamp(kind: aside.kind, timeMilliseconds: aside.wallMilliseconds)
            stamp.isNumbered = numbered != nil
            chunk.append(OutgoingMessage(aside.bytes, stamp))
            chunk.arrival = head.clock
            let end = chunk.setNumber(UInt64(key), bearing: numbered?.number ?? 0)
            chunk.seal()
            try database.insert(chunk, key: key)
            key = Int64(end)
            return true
        }
        try database.run("DELETE FROM aside")
        head.first -= count
        head.bytes = UInt64(clamping: try database.number("SELECT sum(length(data)) FROM batches") ?? 0)
        try head.write(database)
        return UInt64(count)
    }

    func dropWaiting() throws(Database.Failure) {
        try database.run("DELETE FROM batches")
        (head.first, head.bytes) = (head.next, 0)
        head.gaps.removeAll()
        try head.write(database)
    }

    func dropPoisoned() throws(Database.Failure) { try database.run("DELETE FROM aside") }

    private static let noMemory = Database.Failure(code: SQLITE_NOMEM, errorNumber: 0, text: "memory is exhausted")
}
