// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import Testing

@testable import NeuronWS
@testable import NodeCore

/// A cache's file in a directory of its own.
final class SpoolBench {
    let directory: String

    init() throws {
        var template = Array("/tmp/neuron-ws-spool-XXXXXX".utf8CString)
        let path = template.withUnsafeMutableBufferPointer { room in
            room.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        directory = try #require(path)
    }

    var file: SpoolFile { SpoolFile(directory: directory, node: "n") }

    deinit {
        try? file.delete()
        rmdir(directory)
    }

    func open(first: UInt64 = 1) throws -> SpoolStore {
        let store = try SpoolStore.open(file, isSynced: false, stream: 7)
        store.setFirst(first, openID: first)
        return store
    }

    /// Messages with these texts, from this number on.
    static func chunk(_ texts: [String], first: UInt64) throws -> MessageChunk {
        let chunk = try #require(ChunkPool.make(byteCount: 4096))
        chunk.firstID = first
        for text in texts {
            let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            Array(text.utf8).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
        }
        return chunk
    }

    static func setAside(_ text: String, id: UInt64) throws -> SetAsideMessage {
        try #require(
            SetAsideMessage(
                LentMessage(chunk([text], first: id), at: 0, id: id), closeCode: 1009, closeReason: "too big",
                { ChunkPool.make(byteCount: $0) }))
    }

    func rows() throws -> [Int64] {
        let select = try Database.open(file.path).prepare("SELECT id FROM aside ORDER BY id")
        var ids: [Int64] = []
        while try select.step() { ids.append(select.integer(0)) }
        return ids
    }

    /// What the next node would send.
    func loaded() throws -> [String] {
        let store = try open(first: 1)
        var work = SpoolWork()
        work.loadsFrom = 1
        work.loadsBytes = 1 << 20
        let result = store.perform(work)
        var texts: [String] = []
        result.loaded.forEach { chunk in
            var offset = 0
            while offset < chunk.used {
                let bytes = chunk.payload(at: offset)
                texts.append(String(decoding: bytes, as: UTF8.self))
                offset += MessageRecord.size(byteCount: bytes.count)
            }
        }
        return texts
    }
}

@Suite struct SpoolAsideTests {
    /// Message 1 is refused, the next ones wait.
    private func refused(_ bench: SpoolBench, bytesMax: UInt64 = 1000, _ texts: [String] = ["poison"]) throws {
        let store = try bench.open()
        for (index, text) in texts.enumerated() {
            var work = SpoolWork()
            let id = UInt64(index + 1)
            work.batches.append(try SpoolBench.chunk([text], first: id))
            work.storesBefore = id + 1
            _ = store.perform(work)
            var next = SpoolWork()
            next.forgetsBefore = id + 1
            next.setAside = [try SpoolBench.setAside(text, id: id)]
            next.setAsideBytesMax = bytesMax
            let result = store.perform(next)
            #expect(result.fault == nil && result.diskBytes == 0)
        }
    }

    @Test func oneThatIsSetAsideStaysOverARestartAndIsNotSent() throws {
        let bench = try SpoolBench()
        try refused(bench)
        #expect(try bench.rows() == [1])
        let loaded = try bench.loaded()
        #expect(loaded.isEmpty)
        #expect(try bench.rows() == [1])
        let database = try Database.open(bench.file.path)
        let select = try database.prepare("SELECT code, reason, kind, data FROM aside")
        #expect(try select.step())
        #expect(select.integer(0) == 1009 && select.text(1) == "too big" && select.integer(2) == 1)
        #expect(select.bytes(3).map { String(decoding: $0, as: UTF8.self) } == "poison")
    }

    @Test func toSetOneAsideTwiceIsToDoItOnce() throws {
        let bench = try SpoolBench()
        let store = try bench.open()
        for _ in 0..<2 {
            var work = SpoolWork()
            work.setAside = [try SpoolBench.setAside("poison", id: 5)]
            work.setAsideBytesMax = 1000
            _ = store.perform(work)
        }
        #expect(try count(store) == 1)
    }

    private func count(_ store: SpoolStore) throws -> Int64? {
        try store.database.number("SELECT count(*) FROM aside")
    }

    @Test func theOldestMakeRoomAndTheNewestStays() throws {
        let bench = try SpoolBench()
        try refused(bench, bytesMax: 10, ["12345", "12345", "12345"])
        #expect(try bench.rows() == [2, 3])
        let other = try SpoolBench()
        try refused(other, bytesMax: 10, ["12345", "12345678901"])
        #expect(try other.rows() == [2])
    }

    @Test func aFileThatIsMadeAnewKeepsThem() throws {
        let bench = try SpoolBench()
        try refused(bench)
        do {
            let store = try bench.open(first: 2)
            let long = String(repeating: "x", count: 3000)
            var work = SpoolWork()
            for id in 2..<1002 as Range<UInt64> { work.batches.append(try SpoolBench.chunk([long], first: id)) }
            work.storesBefore = 1002
            _ = store.perform(work)
            let before = try #require(try store.database.number("PRAGMA page_count"))
            var next = SpoolWork()
            next.forgetsBefore = 1002
            _ = store.perform(next)
            let after = try #require(try store.database.number("PRAGMA page_count"))
            #expect(after < before / 2)
        }
        #expect(try bench.rows() == [1])
    }

    @Test func aDamagedFileKeepsThem() throws {
        let bench = try SpoolBench()
        try refused(bench)
        try SpoolRescue.rescue(bench.file, stream: 7)
        #expect(try bench.rows() == [1])
    }
}
