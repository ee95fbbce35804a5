// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@testable import NeuronWS

/// The thread on which messages go to disk.
@Suite struct SpoolTests {
    private func refusal(_ folder: String, _ node: String) -> SpoolError? {
        do throws(SpoolError) {
            try Spool.open(directory: folder, node: node, isSynced: false, stream: 7).close(deletes: true)
            return nil
        } catch { return error }
    }

    @Test func workIsDoneOnItsThreadAndItsResultWaits() throws {
        try withSpoolFolder { folder in
            let spool = try Spool.open(directory: folder, node: "line-1", isSynced: true, stream: 7)
            spool.setFirst(1, openID: 1)
            spool.submit(try storing(["one"], from: 1))
            guard let result = spool.waitForResult() else {
                Issue.record("there is no result")
                return
            }
            let (fault, bytes) = (result.fault, result.diskBytes)
            #expect(fault == nil && bytes > 0 && !spool.hasDamage)
            let isTaken = spool.takeResult() == nil
            #expect(isTaken)
            let news = spool.takeNews()
            #expect(news.error == nil && news.notice == nil)
            spool.close(deletes: true)
            #expect(Syscalls.fileKind(spool.file.path) == nil)
        }
    }

    @Test func oneNodeAtATimeHasIt() throws {
        try withSpoolFolder { folder in
            let spool = try Spool.open(directory: folder, node: "line-1", isSynced: false, stream: 7)
            let told = refusal(folder, "line-1")
            #expect(told?.fault == .held && told?.text.contains("by another node of this process") == true)
            #expect(refusal(folder, "line-2") == nil)
            Spool.deleteIfFree(spool.file)
            #expect(Syscalls.fileKind(spool.file.path) == .file)
            spool.close()
            Spool.deleteIfFree(spool.file)
            #expect(Syscalls.fileKind(spool.file.path) == nil)
            #expect(refusal(folder, "line-1") == nil)
        }
    }

    @Test func whatWasThereIsFoundByTheNext() throws {
        try withSpoolFolder { folder in
            let first = try Spool.open(directory: folder, node: "line-1", isSynced: false, stream: 7)
            first.setFirst(1, openID: 1)
            first.submit(try storing(["one", "two"], from: 1))
            first.close(nextNumber: 3)
            let second = try Spool.open(directory: folder, node: "line-1", isSynced: false, stream: 9)
            #expect(second.found.count == 2 && second.found.nextNumber == 3 && second.found.stream == 7)
            second.close(deletes: true)
        }
    }

    @Test func aFolderThatCannotBeIsToldOf() {
        let told = refusal("/nonexistent/neuron_ws/data", "line-1")
        #expect(told?.fault == .missing && told?.text.contains("(setting data-dir)") == true)
    }
}
