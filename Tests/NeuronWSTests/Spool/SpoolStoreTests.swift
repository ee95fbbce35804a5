// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import CLinux
import Testing

@testable import NeuronWS
@testable import NodeCore

/// A node's messages on disk, from one life of it to the next.
@Suite struct SpoolStoreTests {
    private func open(_ file: SpoolFile, first: UInt64 = 1) throws -> SpoolStore {
        let store = try SpoolStore.open(file, isSynced: false, stream: 7)
        store.setFirst(first, openID: first)
        return store
    }

    private func refusal(_ file: SpoolFile) -> SpoolError? {
        do throws(SpoolError) {
            _ = try SpoolStore.open(file, isSynced: false, stream: 7)
            return nil
        } catch { return error }
    }

    @Test func whatIsStoredIsLoadedInItsOrder() throws {
        try withSpoolFile { file in
            let store = try open(file)
            for (texts, id) in [(["one", "two"], 1), (["three"], 3)] as [([String], UInt64)] {
                let result = store.perform(try storing(texts, from: id))
                let (fault, bytes) = (result.fault, result.diskBytes)
                #expect(fault == nil && bytes == store.bytes && bytes > 0)
            }
            let all = store.perform(loading(from: 1))
            let (texts, end) = (loaded(all), all.loadedEnd)
            #expect(texts == ["1:one", "2:two", "3:three"] && end == .max)
            let some = store.perform(loading(from: 2, byteCount: 1))
            let (fewer, next) = (loaded(some), some.loadedEnd)
            #expect(fewer == ["2:two"] && next == 3)
        }
    }

    @Test func theNextLifeFindsWhatHasNoOutcome() throws {
        try withSpoolFile { file in
            do {
                let store = try open(file)
                #expect(store.found.count == 0 && store.found.stream == 7 && store.found.nextNumber == 1)
                _ = store.perform(try storing(["one", "two", "three"], from: 1))
                var work = SpoolWork()
                work.forgetsBefore = 2
                let result = store.perform(work)
                let fault = result.fault
                #expect(fault == nil)
                store.setNextNumber(4)
            }
            let store = try open(file, first: 11)
            #expect(store.found.count == 2 && store.found.bytes == store.bytes && store.found.nextNumber == 4)
            let result = store.perform(loading(from: 11))
            let texts = loaded(result)
            #expect(texts == ["11:two", "12:three"])
            var work = SpoolWork()
            work.forgetsBefore = 13
            let bytes = store.perform(work).diskBytes
            #expect(bytes == 0)
        }
    }

    /// A process that is killed does not say how far its numbers had come.
    @Test func withoutAnEndTheNumbersGoOnBehindThoseReserved() throws {
        try withSpoolFile { file in
            _ = try open(file)
            let store = try open(file)
            #expect(store.found.nextNumber == 1 + MessageCache.numbersReserved)
        }
    }

    @Test func theOldestMakeRoomAndAreToldOf() throws {
        try withSpoolFile { file in
            let store = try open(file)
            for id in [1, 2, 3] as [UInt64] { _ = store.perform(try storing(["message"], from: id)) }
            let each = store.bytes / 3
            var work = SpoolWork()
            work.dropsFrom = 1
            work.dropsBytes = each + 1
            let result = store.perform(work)
            let gone = result.gone
            #expect(gone.map(\.ids) == [1..<3] && gone.map(\.bytes) == [2 * each] && store.bytes == each)
            let left = loaded(store.perform(loading(from: 1)))
            #expect(left == ["3:message"])
        }
    }

    @Test func whatIsDroppedBehindMessagesOnTheirWayGoesAndTheOthersStay() throws {
        try withSpoolFile { file in
            let store = try open(file)
            for (texts, id) in [(["a", "b"], 1), (["c", "d"], 3), (["e"], 5), (["f", "g"], 6)] as [([String], UInt64)] {
                _ = store.perform(try storing(texts, from: id))
            }
            var work = SpoolWork()
            work.takenOut = [3..<6]
            let result = store.perform(work)
            let (fault, gone, bytes) = (result.fault, result.gone, result.diskBytes)
            #expect(fault == nil && gone.isEmpty && bytes == store.bytes)
            let left = loaded(store.perform(loading(from: 1)))
            #expect(left == ["1:a", "2:b", "6:f", "7:g"])
        }
    }

    @Test func aFileOfAnotherNodeIsLeftAlone() throws {
        try withSpoolFile("a") { file in
            _ = try open(file)
            let other = SpoolFile(directory: file.directory, node: "b")
            defer { try? other.delete() }
            try Syscalls.rename(file.path, other.path)
            let told = refusal(other)
            #expect(told?.fault == .other && told?.text.contains("belongs to another node, \"a\": remove it") == true)
        }
    }

    @Test func aFileOfANewerVersionOrAnotherProgramIsLeftAlone() throws {
        try withSpoolFile { file in
            _ = try open(file)
            try Database.open(file.path).run("PRAGMA user_version=99")
            #expect(refusal(file)?.fault == .newer)
        }
        try withSpoolFile { file in
            try Database.open(file.path).run("CREATE TABLE theirs(a)")
            #expect(refusal(file)?.text.contains("the file is no cache of neuron_ws: remove it") == true)
        }
    }

    @Test func aFileThatIsNoneIsSetAside() throws {
        try withSpoolFile { file in
            let other = fopen(file.path, "w")
            fputs(String(repeating: "no database\n", count: 1000), other)
            fclose(other)
            let store = try open(file)
            #expect(store.found.count == 0 && store.damages == 1)
            #expect(store.takeDamageText()?.contains("it was set aside as \(file.damaged)") == true)
            #expect(store.takeDamageText() == nil)
            #expect(Syscalls.fileKind(file.damaged) != nil)
            let fault = store.perform(try storing(["one"], from: 1)).fault
            #expect(fault == nil)
        }
    }

    private func store(_ texts: [String], first: UInt64, _ store: SpoolStore, forgetsBefore: UInt64 = 0) throws {
        var work = SpoolWork()
        work.forgetsBefore = forgetsBefore
        if !texts.isEmpty {
            work.batches.append(try SpoolBench.chunk(texts, first: first))
            work.storesBefore = first + UInt64(texts.count)
        }
        let result = store.perform(work)
        #expect(result.fault == nil)
    }

    @Test func whatIsForgottenBehindTheLastStoredMessageLeavesAWholeFile() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            try store(["a", "b", "c"], first: 1, opened)
            // 4 to 9 were confirmed in time, and never came here.
            try store([], first: 0, opened, forgetsBefore: 10)
            try store(["j"], first: 10, opened)
        }
        do {
            let opened = try bench.open()
            #expect(opened.damages == 0 && opened.found.count == 1)
        }
        #expect(try bench.loaded() == ["j"])
    }

    @Test func allForgottenThereIsNothingToFindAndNumbersGoOn() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            try store(["a"], first: 1, opened)
            try store([], first: 0, opened, forgetsBefore: 100)
        }
        let opened = try bench.open()
        #expect(opened.damages == 0 && opened.found.count == 0)
        #expect(opened.keys.first == SpoolStore.firstKeyEver + 99)
    }

    @Test func aBatchOfWhichSomeAreForgottenIsNotSentFromItsBeginning() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            try store(["a", "b", "c"], first: 1, opened)
            try store([], first: 0, opened, forgetsBefore: 2)
        }
        #expect(try bench.loaded() == ["b", "c"])
    }

    @Test func whatIsSupersededGoesAndTheRestIsWhole() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            var latest = GroupLatest()
            var first: UInt64 = 1
            var work = SpoolWork()
            for _ in 0..<3 {
                let chunk = try #require(ChunkPool.make(byteCount: 4096))
                chunk.firstID = first
                for group in [1, 2, 0] as [UInt16] {
                    // Group 1's newest is the first.
                    let time = group == 1 ? 100 - Int64(first) : Int64(first)
                    let stamp = MessageStamp(kind: 1, timeMilliseconds: time, group: group)
                    Array("\(first)/\(group)".utf8).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
                }
                latest.note(chunk)
                work.batches.append(chunk)
                first += 3
            }
            work.storesBefore = first
            _ = opened.perform(work)
            let before = opened.bytes
            var next = SpoolWork()
            next.latest = latest
            next.compactsFrom = 1
            next.compactsBytes = 1000
            let result = opened.perform(next)
            #expect(result.fault == nil && result.compacted.map(\.ids) == [2..<3, 4..<6, 7..<8])
            #expect(opened.bytes == before - 4 * 24 && result.diskBytes == opened.bytes)
        }
        do {
            let opened = try bench.open()
            #expect(opened.damages == 0 && opened.found.bytes == 5 * 24)
        }
        #expect(try bench.loaded() == ["1/1", "1/0", "4/0", "7/2", "7/0"])
    }

    /// Rows as a whole, and out of those that have more.
    @Test func whatHasItsOutcomeInTheMiddleIsTakenOutOfItsRow() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            for first in stride(from: UInt64(1), to: 13, by: 4) {
                _ = opened.perform(try storing((first..<first + 4).map { "\($0)" }, from: first))
            }
            let before = opened.bytes
            var work = SpoolWork()
            work.forgetsBefore = 1
            work.takenOut = [11..<12, 2..<4, 5..<7, 7..<9]
            let result = opened.perform(work)
            #expect(result.fault == nil && opened.bytes == before - 7 * 24 && result.diskBytes == opened.bytes)
        }
        #expect(try bench.loaded() == ["1", "4", "9", "10", "12"])
    }

    /// Of a row whose last message is the newest of its group the others must not make the next one's room short.
    @Test func whatHasItsOutcomeInFrontOfTheNewestOfAGroupGoesWithIt() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            var latest = GroupLatest()
            let chunk = try #require(ChunkPool.make(byteCount: 4096))
            chunk.firstID = 1
            for id in 1..<6 as Range<Int64> {
                let stamp = MessageStamp(kind: 1, timeMilliseconds: id, group: UInt16(id))
                Array("\(id)".utf8).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
            }
            latest.note(chunk)
            var work = SpoolWork()
            work.batches.append(chunk)
            work.storesBefore = 6
            _ = opened.perform(work)
            let before = opened.bytes
            var next = SpoolWork()
            next.forgetsBefore = 5
            next.latest = latest
            next.compactsFrom = 5
            next.compactsBytes = 1000
            let result = opened.perform(next)
            let (fault, compacted) = (result.fault, result.compacted.count)
            #expect(fault == nil && compacted == 0 && opened.bytes == before / 5)
        }
        #expect(try bench.loaded() == ["5"])
    }

    @Test func whatIsStoredOnceMoreTakesThePlaceOfWhatIsLeft() throws {
        try withSpoolFile { file in
            let store = try open(file)
            for (texts, id) in [(["a", "b"], 1), (["c", "d"], 3), (["e"], 5), (["f", "g"], 6)] as [([String], UInt64)] {
                _ = store.perform(try storing(texts, from: id))
            }
            // As a file that lost what lay in the middle.
            try store.database.run("DELETE FROM batches WHERE first=\(store.key(3))")
            var work = try storing(["b", "c", "d", "e"], from: 2)
            work.replaces = 0..<6
            let fault = store.perform(work).fault
            #expect(fault == nil)
            let all = loaded(store.perform(loading(from: 1)))
            #expect(all == ["2:b", "3:c", "4:d", "5:e", "6:f", "7:g"])
        }
    }

    @Test func noMoreIsLookedThroughThanNeeded() throws {
        let bench = try SpoolBench()
        let opened = try bench.open()
        var latest = GroupLatest()
        for id in 1..<10 as Range<UInt64> {
            let chunk = try #require(ChunkPool.make(byteCount: 4096))
            chunk.firstID = id
            let stamp = MessageStamp(kind: 1, timeMilliseconds: Int64(id), group: 1)
            Array("x".utf8).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
            latest.note(chunk)
            var work = SpoolWork()
            work.batches.append(chunk)
            work.storesBefore = id + 1
            _ = opened.perform(work)
        }
        var work = SpoolWork()
        work.latest = latest
        work.compactsFrom = 1
        work.compactsBytes = 30
        let result = opened.perform(work)
        #expect(result.compacted.map(\.ids) == [1..<2, 2..<3])
    }
}
