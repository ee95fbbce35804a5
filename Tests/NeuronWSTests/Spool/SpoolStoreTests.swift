// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NeuronWS
@testable import NodeCore

@Suite struct SpoolStoreTests {
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
        #expect(opened.firstKey == SpoolStore.firstKeyEver + 99)
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
}
