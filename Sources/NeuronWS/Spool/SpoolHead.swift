// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// The only row of `meta`: what the batches do not say of themselves. With a checksum: who believed a damaged one would
/// take messages for sent, or their numbers for another stream's.
struct SpoolHead {
    var node = ""
    /// All before this key have their outcome.
    var first = SpoolStore.firstKeyEver
    /// Of the next message that is stored at the end.
    var next = SpoolStore.firstKeyEver
    /// Of all batches.
    var bytes: UInt64 = 0
    /// Of the cache, milliseconds, and what the wall clock said then.
    var clock: UInt64 = 0
    var wall = Clock.wallMilliseconds
    /// No message bears this number or a higher one, and the row of numbers.
    var number: Int64 = 1
    var stream: Int64 = 0
    /// Keys behind `first` of messages that went though some before them have no outcome; the file has the first
    /// `gapsMax`. What lies in one all the same counts more.
    var gaps = NumberRanges()

    private static let gapsMax = 512
    private static let columns = "node, first, next, bytes, clock, wall, number, stream"

    /// As it lies there.
    static func read(_ database: Database) throws(Database.Failure) -> SpoolHead {
        let isSealed = isSealed(database)
        let select = try database.prepare("SELECT \(columns)\(isSealed ? ", gaps, sum" : "") FROM meta WHERE id=0")
        guard try select.step() else { throw damage("its head is missing") }
        defer { select.reset() }
        var head = SpoolHead(
            node: select.text(0), first: select.integer(1), next: select.integer(2),
            bytes: UInt64(clamping: select.integer(3)), clock: UInt64(clamping: select.integer(4)),
            wall: select.integer(5), number: select.integer(6), stream: select.integer(7))
        if isSealed, !select.isNull(9) {
            var words: [UInt32] = []
            if let bytes = select.bytes(8) {
                for at in stride(from: 0, to: bytes.count - 3, by: 4) {
                    words.append(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                }
            }
            guard select.integer(9) == head.sum(words) else { throw damage("its head makes no sense") }
            head.setGaps(words)
        }
        guard head.first >= 0, head.next >= head.first, (1..<SpoolStore.numberMax).contains(head.number) else {
            throw damage("its head makes no sense")
        }
        return head
    }

    /// The head of layout 1 had no checksum.
    private static func isSealed(_ database: Database) -> Bool {
        (try? database.prepare("SELECT sum FROM meta")) != nil
    }

    /// A file of layout 1 gets what the next one has. If that fails the file is to be closed.
    static func upgrade(_ database: Database) throws(Database.Failure) {
        if isSealed(database) { return }
        let version = try database.number("PRAGMA user_version") == 1 ? SpoolStore.version : nil
        try database.run(
            """
            BEGIN;
            ALTER TABLE meta ADD COLUMN gaps BLOB;
            ALTER TABLE meta ADD COLUMN sum INTEGER;
            \(version.map { "PRAGMA user_version=\($0);" } ?? "")
            COMMIT
            """)
    }

    static let table = """
        CREATE TABLE meta(id INTEGER PRIMARY KEY, node TEXT, first INTEGER, next INTEGER, bytes INTEGER, clock INTEGER,
        wall INTEGER, number INTEGER, stream INTEGER, gaps BLOB, sum INTEGER);
        INSERT INTO meta(id) VALUES(0);
        """

    func write(_ database: Database) throws(Database.Failure) {
        let gaps = gapWords
        let update = try database.prepare(
            """
            UPDATE meta SET node=?, first=?, next=?, bytes=?, clock=?, wall=?, number=?, stream=?, gaps=?, sum=?
            WHERE id=0
            """)
        update.bind(1, text: node)
        for (index, value) in integers.enumerated() { update.bind(Int32(index) + 2, value) }
        update.bind(10, sum(gaps))
        var failure: Database.Failure?
        gaps.withUnsafeBytes {
            if !gaps.isEmpty { update.bind(9, bytes: $0) }
            do throws(Database.Failure) { _ = try update.step() } catch { failure = error }
            update.reset()
        }
        if let failure { throw failure }
        // An UPDATE without a row.
        if database.changes != 1 { throw Self.damage("its head is missing") }
    }

    /// As far as the file's other tables say so.
    func check(_ database: Database) throws(Database.Failure) {
        let pages = try database.number("PRAGMA page_count") ?? 0
        let fileBytes = pages &* (try database.number("PRAGMA page_size") ?? 0)
        let isEmpty = try database.number("SELECT 1 FROM batches LIMIT 1") == nil
        guard bytes <= UInt64(clamping: fileBytes), (bytes == 0) == isEmpty, isEmpty || next > first else {
            throw Self.damage("its head makes no sense")
        }
    }

    private static func damage(_ text: String) -> Database.Failure {
        Database.Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: text)
    }

    private var integers: [Int64] {
        [first, next, Int64(clamping: bytes), Int64(clamping: clock), wall, number, stream]
    }

    /// CRC-32 of all that it is.
    private func sum(_ gaps: [UInt32]) -> Int64 {
        var all = Array(node.utf8)
        integers.withUnsafeBytes { all += $0 }
        gaps.withUnsafeBytes { all += $0 }
        return Int64(all.withUnsafeBytes { MessageChunk.checksum(of: $0) })
    }

    // MARK: Gaps

    /// For each how far it lies behind the one before, and how long it is.
    private var gapWords: [UInt32] {
        var words: [UInt32] = []
        var end = UInt64(first)
        gaps.forEach { each in
            let gap = each.clamped(to: end..<max(end, UInt64(next)))
            if gap.isEmpty { return true }
            guard let distance = UInt32(exactly: gap.lowerBound - end), let count = UInt32(exactly: gap.count) else {
                return false
            }
            words.append(distance)
            words.append(count)
            end = gap.upperBound
            return words.count < Self.gapsMax * 2
        }
        return words
    }

    private mutating func setGaps(_ words: [UInt32]) {
        var end = UInt64(first)
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            let start = end + UInt64(words[index])
            end = start + UInt64(words[index + 1])
            // A file may say anything.
            guard end <= UInt64(next) else { return }
            gaps.insert(start..<end)
        }
    }

    /// Of those that the file names those in which nothing lies.
    func emptyGaps(_ database: Database) throws(Database.Failure) -> [Range<Int64>] {
        var named: [Range<Int64>] = []
        gaps.forEach {
            named.append(Int64($0.lowerBound)..<Int64($0.upperBound))
            return true
        }
        var empty: [Range<Int64>] = []
        for gap in named {
            let end = try database.number(
                "SELECT first + count FROM batches WHERE first < ?1 ORDER BY first DESC LIMIT 1", gap.upperBound)
            if (end ?? .min) <= gap.lowerBound { empty.append(gap) }
        }
        return empty
    }
}
