// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import Testing

@testable import NeuronWS

/// The thread on which messages go to disk.
@Suite struct SpoolTests {
    private func delete(_ file: SpoolFile, _ folders: [String]) {
        try? file.delete()
        for folder in folders { #expect(rmdir(folder) == 0) }
    }

    /// A file and its directory that are deleted under a cache are made anew, with all that lay there. Where that is
    /// impossible it is said, and whoever makes the directory again has the file back.
    @Test func aDirectoryThatIsDeletedIsMadeAnew() throws {
        try withSpoolFolder { folder in
            let (outer, inner) = (folder + "/outer", folder + "/outer/inner")
            for each in [outer, inner] { try Syscalls.makeDirectory(each) }
            let file = SpoolFile(directory: inner, node: "x")
            defer { delete(file, [inner, outer]) }
            let store = try SpoolStore.open(file, isSynced: false, stream: 7)
            store.setFirst(1, openID: 1)
            _ = store.perform(try storing(["one"], from: 1))
            delete(file, [inner])
            let second = store.perform(try storing(["two"], from: 2))
            let (fault, isGone) = (second.fault, second.isGone)
            #expect(fault == nil && !isGone && Syscalls.fileKind(file.path) != nil)
            #expect(store.takeDamageText()?.contains("made anew, whole") == true)
            delete(file, [inner, outer])
            var look = SpoolWork()
            look.looks = true
            look.loadsFrom = 1
            look.loadsBytes = 1 << 20
            let gone = store.perform(look)
            let (noFile, goneNow, read) = (gone.fault, gone.isGone, loaded(gone))
            #expect(noFile == .missing && goneNow && read == ["1:one", "2:two"])
            #expect(store.takeError()?.text.contains("deleted or moved while it was in use") == true)
            try Syscalls.makeDirectory(outer)
            var again = SpoolWork()
            again.looks = true
            let back = store.perform(again)
            let (backFault, stillGone) = (back.fault, back.isGone)
            #expect(backFault == nil && !stillGone)
            let texts = loaded(store.perform(loading(from: 1)))
            #expect(texts == ["1:one", "2:two"])
        }
    }

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
            #expect(throws: SpoolError.self) { try Spool.deleteIfFree(spool.file) }
            #expect(Syscalls.fileKind(spool.file.path) == .file)
            spool.close()
            try Spool.deleteIfFree(spool.file)
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
