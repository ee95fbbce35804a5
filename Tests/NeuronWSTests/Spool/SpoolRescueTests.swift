// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS
@testable import NodeCore

/// Files that are made anew; the kinds of damage are in Tests/Cache.
@Suite struct SpoolRescueTests {
    @Test func whatCanBeReadIsKeptAndTheOldFileSetAside() throws {
        try withSpoolFile { file in
            do {
                let store = try SpoolStore.open(file, isSynced: false, stream: 7)
                store.setFirst(1, openID: 1)
                _ = store.perform(try storing(["one", "two"], from: 1))
                _ = store.perform(try storing(["three"], from: 3))
            }
            try SpoolRescue.rescue(file, stream: 9)
            #expect(Syscalls.fileKind(file.damaged) != nil && Syscalls.fileKind(file.making) == nil)
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(store.found.count == 3 && store.found.stream == 7)
            let texts = loaded(store.perform(loading(from: 1)))
            #expect(texts == ["1:one", "2:two", "3:three"])
        }
    }

    /// Each message is a row. - Returns: the file's pages.
    private func filled(_ file: SpoolFile, count: UInt64, byteCount: Int) throws -> Int64 {
        do {
            let store = try SpoolStore.open(file, isSynced: false, stream: 7)
            store.setFirst(1, openID: 1)
            for id in 1...count {
                _ = store.perform(try storing([String(repeating: "x", count: byteCount)], from: id))
            }
        }
        return try Database.open(file.path).number("PRAGMA page_count") ?? 0
    }

    /// SQLite opens no file that is shorter than its head says.
    @Test func aFileWithoutItsLastPagesKeepsWhatLiesInFrontOfThem() throws {
        try withSpoolFile { file in
            let pages = try filled(file, count: 200, byteCount: 2000)
            #expect(truncate(file.path, Int(pages - 20) * 4096) == 0)
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(Syscalls.fileKind(file.damaged) != nil && store.found.count == 200 && store.found.stream == 7)
            let count = loaded(store.perform(loading(from: 1))).count
            #expect(count > 100 && count < 200)
        }
    }

    /// A leaf of the tree in the middle: those in front of it and behind it are there.
    @Test func whatLiesBehindSeveralDamagesIsFound() throws {
        try withSpoolFile { file in
            // Of the last pages, which hold the newest messages in their order, three apart from each other.
            let pages = try filled(file, count: 400, byteCount: 800)
            overwrite(file, [60, 40, 20].map { Int(pages) - $0 })
            try SpoolRescue.rescue(file, stream: 9)
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            let count = loaded(store.perform(loading(from: 1))).count
            #expect(count >= 380 && count < 400)
        }
    }

    /// It says what lies where, as in each cache.
    @Test func withoutItsFirstPageAllElseIsThere() throws {
        try withSpoolFile { file in
            let pages = try filled(file, count: 50, byteCount: 2000)
            overwrite(file, [0])
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(store.found.count == 50 && store.found.stream == 7 && store.damages == 1)
            #expect(loaded(store.perform(loading(from: 1))).count == 50)
            // What was set aside is as it was.
            let aside = try Syscalls.readFile(file.damaged, bytesMax: Int(pages) * 4096).content
            #expect(aside.withBytes { $0.count == Int(pages) * 4096 && $0.prefix(4096).allSatisfy { $0 == 0xA5 } })
        }
    }

    /// The tree that leads to the rows is broken at its root, and in its middle: they are found by their pages.
    @Test(arguments: [[2], [0, 2]]) func whereNoTreeLeadsToThemRowsAreFoundByTheirPages(pages: [Int]) throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 2000, byteCount: 600)
            overwrite(file, pages)
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(store.found.count == 2000 && store.damages == 1)
            var (count, from) = (0, UInt64(1))
            while from < .max {
                let result = store.perform(loading(from: from))
                from = result.loadedEnd
                count += loaded(result).count
            }
            #expect(count == 2000)
        }
    }

    /// What was forgotten lies on pages that are free, and stays there.
    @Test func whatWasForgottenIsNotFoundAgain() throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 200, byteCount: 3000)
            do {
                let store = try SpoolStore.open(file, isSynced: false, stream: 7)
                store.setFirst(1, openID: 1)
                var work = SpoolWork()
                work.forgetsBefore = 1
                // In front of others that stay.
                work.takenOut = [51..<151]
                let result = store.perform(work)
                #expect(result.fault == nil)
            }
            overwrite(file, [2])
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(loaded(store.perform(loading(from: 1))).count == 100)
        }
    }

    /// Noise within a message's pages tells nothing of itself: what is whole beside it becomes rows of its own.
    @Test func whatIsWholeOfARowIsKeptAndTheRestMissing() throws {
        try withSpoolFile { file in
            do {
                let store = try SpoolStore.open(file, isSynced: false, stream: 7)
                store.setFirst(1, openID: 1)
                let text = String(repeating: "x", count: 9000)
                _ = store.perform(try storing([text, text, text], from: 1))
                _ = store.perform(try storing(["last"], from: 4))
            }
            let content = try Syscalls.readFile(file.path, bytesMax: 1 << 20).content
            // The second message's middle.
            let at = content.withBytes { bytes in
                bytes.indices.filter { bytes[$0] == UInt8(ascii: "x") }.dropFirst(13_500).first ?? 0
            }
            overwrite(file, [], byte: at)
            let database = try Database.open(file.path, isReadOnly: true)
            let row = try database.prepare("SELECT first, count, arrival, number, data FROM batches ORDER BY first")
            #expect(try row.step())
            var (counts, missing) = ([Int](), 0)
            let chunks = try database.wholeChunks(of: try SpoolStore.StoredRow(row)) { _, count, _ in missing = count }
            chunks.forEach { counts.append($0.messageCount) }
            #expect(counts.reduce(0, +) == 2 && missing == 1)
        }
    }

    /// As whoever is killed leaves it: the first messages are copied, and the old file has the new one's first page.
    private func interrupt(_ file: SpoolFile, copied: Int64, inode: Int64 = 0) throws {
        let facts = try #require(Syscalls.regularFile(file.path))
        let new = try Database.open(file.making)
        try SpoolStore.create(new, node: file.node, stream: 9)
        let source = "\(facts.device):\(facts.inode &+ UInt64(bitPattern: inode))"
        try new.run("INSERT INTO room VALUES(-1, '\(source)'); PRAGMA user_version=\(SpoolRescue.underWay)")
        let old = try Database.open(file.path)
        let page = try #require(old.page(1))
        let digits = page.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try new.run("INSERT INTO room VALUES(-2, X'\(digits)')")
        try new.run("ATTACH '\(file.path)' AS old")
        try new.run("INSERT INTO batches SELECT * FROM old.batches ORDER BY first LIMIT \(copied); DETACH old")
        let other = try #require(new.firstPageForAnother)
        #expect(old.setFirstPage(other))
    }

    @Test(arguments: [0, 20, 50] as [Int64]) func aRescueThatWasInterruptedGoesOn(copied: Int64) throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 50, byteCount: 2000)
            try interrupt(file, copied: copied)
            let before = Syscalls.regularFile(file.path)?.inode
            let inode = Syscalls.regularFile(file.making)?.inode
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(store.found.count == 50 && store.found.stream == 7 && store.damages == 1)
            #expect(Syscalls.regularFile(file.path)?.inode == inode)
            #expect(Syscalls.regularFile(file.damaged)?.inode == before)
            #expect(loaded(store.perform(loading(from: 1))).count == 50)
            #expect(Syscalls.fileKind(file.making) == nil)
            // What was set aside has its own first page again.
            let aside = try Database.open(file.damaged, isReadOnly: true)
            #expect(try aside.number("PRAGMA user_version") == SpoolStore.version)
            #expect(try store.database.number("PRAGMA user_version") == SpoolStore.version)
            #expect(try store.database.number("SELECT count(*) FROM room") == 0)
        }
    }

    /// What was made of another file is of no use, and is in nobody's way.
    @Test func aRescueOfAnotherFileIsNotGoneOnWith() throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 50, byteCount: 2000)
            try interrupt(file, copied: 50, inode: 1)
            let inode = Syscalls.regularFile(file.making)?.inode
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            #expect(store.found.count == 50 && Syscalls.regularFile(file.damaged) != nil)
            #expect(Syscalls.fileKind(file.making) == nil && inode != nil)
        }
    }

    @Test func whatIsLeftOfARescueGoesWhereTheFileIsSound() throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 5, byteCount: 20)
            try Database.open(file.making).run("CREATE TABLE left(a)")
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            #expect(store.found.count == 5 && store.damages == 0 && Syscalls.fileKind(file.making) == nil)
        }
    }

    /// Where there are no links, nothing has the file's name for a moment.
    @Test func aNewFileTakesTheNameThatNobodyHas() throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 5, byteCount: 20)
            try Syscalls.rename(file.path, file.making)
            try Database.open(file.making).run("PRAGMA user_version=\(SpoolRescue.untold)")
            do {
                let store = try SpoolStore.open(file, isSynced: false, stream: 9)
                #expect(store.found.count == 5 && store.damages == 1)
            }
            // It is told once.
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            #expect(store.found.count == 5 && store.damages == 0)
        }
    }

    /// A directory that holds something stands where the damaged file is to be put, so that neither a link nor another
    /// name can be had: all stays as it is, and what is open goes on.
    @Test func whatCannotBeSetAsideStays() throws {
        try withSpoolFile { file in
            _ = try filled(file, count: 5, byteCount: 20)
            try Syscalls.makeDirectory(file.damaged)
            try Syscalls.makeDirectory(file.damaged + "/in")
            var database = try Database.open(file.path)
            try database.prepareForUse(isSynced: true)
            let inode = Syscalls.regularFile(file.path)?.inode
            #expect(throws: Database.Failure.self) {
                try SpoolRescue.rescue(file, isSynced: true, stream: 9, closing: &database)
            }
            #expect(Syscalls.regularFile(file.path)?.inode == inode && Syscalls.fileKind(file.making) == nil)
            try database.run("UPDATE meta SET wall=wall+1, sum=NULL")
            #expect(Syscalls.regularFile(file.journal) != nil && Syscalls.regularFile(file.path)?.inode == inode)
            #expect(rmdir(file.damaged + "/in") == 0 && rmdir(file.damaged) == 0)
        }
    }

    private func overwrite(_ file: SpoolFile, _ pages: [Int], byte: Int? = nil) {
        let damaged = fopen(file.path, "r+")
        let noise = [UInt8](repeating: 0xA5, count: 4096)
        for page in pages {
            #expect(fseek(damaged, page * 4096, SEEK_SET) == 0)
            #expect(fwrite(noise, 4096, 1, damaged) == 1)
        }
        if let byte {
            #expect(fseek(damaged, byte, SEEK_SET) == 0)
            #expect(fwrite(noise, 1, 1, damaged) == 1)
        }
        fclose(damaged)
    }

    @Test func withoutAHeadTheNumbersGoOnBehindThoseThatMayHaveBeen() throws {
        try withSpoolFile { file in
            let other = fopen(file.path, "w")
            fputs(String(repeating: "no database\n", count: 1000), other)
            fclose(other)
            try SpoolRescue.rescue(file, stream: 9)
            let store = try SpoolStore.open(file, isSynced: false, stream: 1)
            #expect(store.found.count == 0 && store.found.stream == 9)
            #expect(store.found.nextNumber == 1 + MessageCache.numbersReserved)
        }
    }

    @Test func aFileWithoutMessagesIsMadeAnewWithItsPlaces() throws {
        try withSpoolFile { file in
            do {
                _ = try SpoolStore.open(file, isSynced: false, stream: 7)
                var database = try Database.open(file.path)
                try SpoolRescue.renew(file, isSynced: false, SpoolHead(first: 50, next: 50, stream: 7), &database)
                let head = try SpoolHead.read(database)
                #expect(head.next == 50 && head.stream == 7)
            }
            #expect(Syscalls.fileKind(file.damaged) == nil)
        }
    }
}
