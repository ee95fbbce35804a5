// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// The rows of a damaged file, as many as can be read.
extension SpoolRescue {
    /// At so many places it is looked for what can be read behind a damage.
    private static let placesMax: Int64 = 16_384

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

    struct RowCopy {
        let new: Database
        /// Some are there already.
        let isBegun: Bool
        var last = Int64.min
        /// Copied since the last commit.
        var uncommittedBytes = 0
        var bytesPerCommit = SpoolRescue.bytesPerCommit.first
        /// Of the rows to which the old file's tree leads.
        var oldBytes: Int64 = 0
        /// The keys that messages have.
        var head: Range<Int64>?

        init(new: Database, isBegun: Bool) {
            self.new = new
            self.isBegun = isBegun
        }

        /// From the front, over what is damaged, and where it is not known how far that goes, from the back to it.
        mutating func all(of old: Database) throws(Database.Failure) {
            try new.run("BEGIN")
            let said = try? SpoolHead.read(old)
            if let said, said.first < said.next, said.next < SpoolStore.numberMax { head = said.first..<said.next }
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
            if !isWhole || said?.bytes != UInt64(oldBytes) { try pages(of: old) }
            try new.run("COMMIT")
        }

        /// Rows to which the tree does not lead.
        private mutating func pages(of old: Database) throws(Database.Failure) {
            try SpoolPages(old).forEachRow(
                isKnown: { first, count throws(Database.Failure) in try isThere(first, count) },
                { row throws(Database.Failure) in
                    try row.data.withUnsafeBufferPointer { data throws(Database.Failure) in
                        try add(
                            SpoolStore.StoredRow(
                                first: row.first, count: row.count, arrival: row.arrival, number: row.number,
                                image: UnsafeRawBufferPointer(data)))
                    }
                })
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
            if isBegun, try isCopied(key, old) { return }
            let text = "SELECT \(SpoolStore.StoredRow.columns) FROM batches WHERE first=?1"
            guard let select = try? old.prepare(text) else { return }
            select.bind(1, key)
            guard (try? select.step()) == true else { return }
            defer { select.reset() }
            let row = try SpoolStore.StoredRow(select)
            oldBytes += Int64(row.image.count)
            try add(row)
        }

        /// Without a look at its messages.
        private mutating func isCopied(_ key: Int64, _ old: Database) throws(Database.Failure) -> Bool {
            guard let select = try? old.prepare("SELECT count, length(data) FROM batches WHERE first=?1") else {
                return false
            }
            select.bind(1, key)
            guard (try? select.step()) == true else { return false }
            defer { select.reset() }
            guard try isThere(key, select.integer(0)) else { return false }
            oldBytes += select.integer(1)
            return true
        }

        /// What is there already, or its key would be in the way of others.
        private func isThere(_ first: Int64, _ count: Int64) throws(Database.Failure) -> Bool {
            guard count > 0, first < Int64.max - count else { return false }
            let end = try new.number(
                "SELECT first + count FROM batches WHERE first < ?1 ORDER BY first DESC LIMIT 1", first + count)
            return (end ?? .min) > first
        }

        /// What is whole of it.
        private mutating func add(_ row: SpoolStore.StoredRow) throws(Database.Failure) {
            guard row.count > 0, row.first < Int64.max - row.count else { return }
            // With a key that no message has it is damaged, or another table's.
            if let head, row.first >= head.upperBound || row.first + row.count <= head.lowerBound { return }
            if try isThere(row.first, row.count) { return }
            var chunks = try new.wholeChunks(of: row) { _, _, _ in }
            while let chunk = chunks.removeFirst() {
                chunk.seal()
                try new.insert(chunk, key: Int64(clamping: chunk.firstNumber))
                uncommittedBytes += chunk.imageBytes
            }
            if uncommittedBytes >= bytesPerCommit {
                uncommittedBytes = 0
                bytesPerCommit = min(SpoolRescue.bytesPerCommit.most, bytesPerCommit * 2)
                try new.run("COMMIT")
                try new.run("BEGIN")
            }
        }

        /// What the rows say of themselves.
        private func facts() throws(Database.Failure) -> Facts? {
            let select = try new.prepare(
                """
                SELECT min(first), max(first + count), sum(length(data)),
                max(CASE WHEN number BETWEEN 1 AND \(SpoolStore.numberMax) - count THEN number + count ELSE 1 END)
                FROM batches HAVING count(*) > 0
                """)
            defer { select.reset() }
            guard try select.step() else { return nil }
            return Facts(
                first: select.integer(0), next: select.integer(1), bytes: select.integer(2), number: select.integer(3))
        }

        private struct Facts {
            var first: Int64
            var next: Int64
            var bytes: Int64
            /// Of messages that bear theirs: behind the last of them.
            var number: Int64
        }

        /// In which the newest message bears its number; nil: it bears none.
        private func stream() throws(Database.Failure) -> UInt64? {
            let select = try new.prepare("SELECT data FROM batches ORDER BY first DESC LIMIT 1")
            defer { select.reset() }
            guard try select.step(), let image = select.bytes(0) else { return nil }
            let payload = UnsafeRawBufferPointer(rebasing: image.dropFirst(MessageChunk.imageHeadBytes))
            return OutgoingMessage.head(of: payload)?.stream
        }

        func finish(_ old: Database?) throws(Database.Failure) {
            let said = old.flatMap { try? SpoolHead.read($0) }
            let facts = try facts()
            var head = try SpoolHead.read(new)
            head.first = said?.first ?? facts?.first ?? SpoolStore.firstKeyEver
            head.next = max(facts?.next ?? 0, said?.next ?? head.first)
            head.bytes = UInt64(clamping: facts?.bytes ?? 0)
            head.clock = said?.clock ?? 0
            head.wall = said?.wall ?? Clock.wallMilliseconds
            // Without a head it is not known how far the numbers had come.
            let number = facts?.number ?? 1
            head.number = max(number, said?.number ?? number + Int64(MessageCache.numbersReserved))
            let row = try stream()
            if let stream = said?.stream ?? row.map({ Int64(bitPattern: $0) }) { head.stream = stream }
            if let said { head.gaps = said.gaps }
            try new.run("BEGIN")
            try head.write(new)
            try new.run("PRAGMA user_version=\(SpoolRescue.untold); COMMIT")
        }
    }
}
