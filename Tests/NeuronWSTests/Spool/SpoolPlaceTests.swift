// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS
@testable import NodeCore

/// A file that is opened when messages have been accepted already.
@Suite struct SpoolPlaceTests {
    private func open(_ file: SpoolFile, first: UInt64, openID: UInt64) throws -> SpoolStore {
        let store = try SpoolStore.open(file, isSynced: false, stream: 7)
        store.setFirst(first, openID: openID)
        return store
    }

    private func all(_ file: SpoolFile) throws -> [String] {
        let store = try open(file, first: 1, openID: 1)
        let count = store.found.count
        let result = store.perform(loading(from: 1))
        let texts = loaded(result)
        #expect(UInt64(texts.count) <= count)
        return texts.map { String($0.drop { $0 != ":" }.dropFirst()) }
    }

    @Test func whatCameBeforeIsThereInTheNextLifeInFrontOfWhatWasFound() throws {
        try withSpoolFile { file in
            do {
                let store = try open(file, first: 1, openID: 1)
                _ = store.perform(try storing(["one", "two", "three"], from: 1))
                var work = SpoolWork()
                work.forgetsBefore = 2
                _ = store.perform(work)
            }
            do {
                // Messages 1 to 5 were accepted, of which 1 and 2 have their outcome.
                let store = try open(file, first: 6, openID: 3)
                #expect(store.found.count == 2)
                _ = store.perform(try storing(["a", "b", "c"], from: 3))
                _ = store.perform(try storing(["last"], from: 8))
                let result = store.perform(loading(from: 6))
                let texts = loaded(result)
                #expect(texts == ["6:two", "7:three", "8:last"])
            }
            #expect(try all(file) == ["a", "b", "c", "two", "three", "last"])
            do {
                let store = try open(file, first: 11, openID: 10)
                var work = try storing(["x"], from: 10)
                work.forgetsBefore = 10
                _ = store.perform(work)
                var forget = SpoolWork()
                // That one, and a of what was found.
                forget.forgetsBefore = 12
                let result = store.perform(forget)
                let fault = result.fault
                #expect(fault == nil)
            }
            #expect(try all(file) == ["b", "c", "two", "three", "last"])
        }
    }

    @Test func allInFrontMayHaveItsOutcomeBeforeAnythingIsStored() throws {
        try withSpoolFile { file in
            do {
                let store = try open(file, first: 1, openID: 1)
                _ = store.perform(try storing(["one", "two"], from: 1))
            }
            do {
                let store = try open(file, first: 4, openID: 1)
                var work = SpoolWork()
                work.forgetsBefore = 5
                _ = store.perform(work)
                let result = store.perform(loading(from: 5))
                let texts = loaded(result)
                #expect(texts == ["5:two"])
            }
            #expect(try all(file) == ["two"])
        }
    }

    /// Each is known by the place that it had.
    @Test func whatWasSetAsideBeforeStaysBesideWhatIsNow() throws {
        try withSpoolFile { file in
            func setAside(_ text: String, id: UInt64) throws -> SpoolWork {
                var list = try batch([text], from: id)
                let first = list.removeFirst()
                let chunk = try #require(first)
                var work = SpoolWork()
                let message = LentMessage(chunk, at: 0, id: id)
                work.setAside = [
                    try #require(
                        SetAsideMessage(message, closeCode: 1009, closeReason: "", { ChunkPool.make(byteCount: $0) }))
                ]
                work.setAsideBytesMax = 1 << 20
                work.forgetsBefore = id + 1
                return work
            }
            do {
                let store = try open(file, first: 1, openID: 1)
                _ = store.perform(try setAside("one", id: 1))
            }
            let store = try open(file, first: 2, openID: 1)
            let result = store.perform(try setAside("two", id: 1))
            let (fault, count) = (result.fault, result.asideCount)
            #expect(fault == nil && count == 2)
        }
    }

    /// With another row of numbers than the file's, this life's count from 1.
    @Test func theNumbersOfTheFileNeverGoBack() throws {
        try withSpoolFile { file in
            do {
                let store = try open(file, first: 1, openID: 1)
                store.setNextNumber(500)
            }
            do {
                let store = try open(file, first: 4, openID: 1)
                #expect(store.found.nextNumber == 500)
                store.setNextNumber(10)
            }
            #expect(try open(file, first: 1, openID: 1).found.nextNumber == 500)
            // A new file takes the numbers that its node has come to.
            try? file.delete()
            #expect(try SpoolStore.open(file, isSynced: false, stream: 7, nextNumber: 90).found.nextNumber == 90)
        }
    }
}
