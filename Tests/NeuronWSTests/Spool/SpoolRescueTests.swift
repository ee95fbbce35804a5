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
            try SpoolRescue.rescue(file, isSynced: false, stream: 9)
            #expect(Syscalls.fileKind(file.damaged) != nil && Syscalls.fileKind(file.making) == nil)
            let store = try SpoolStore.open(file, isSynced: false, stream: 9)
            store.setFirst(1, openID: 1)
            #expect(store.found.count == 3 && store.found.stream == 7)
            let texts = loaded(store.perform(loading(from: 1)))
            #expect(texts == ["1:one", "2:two", "3:three"])
        }
    }

    @Test func withoutAHeadTheNumbersGoOnBehindThoseThatMayHaveBeen() throws {
        try withSpoolFile { file in
            let other = fopen(file.path, "w")
            fputs(String(repeating: "no database\n", count: 1000), other)
            fclose(other)
            try SpoolRescue.rescue(file, isSynced: false, stream: 9)
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
                try SpoolRescue.renew(file, isSynced: false, first: 50, next: 50, stream: 7, &database)
                #expect(try database.number("SELECT next FROM meta WHERE id=0") == 50)
            }
            #expect(Syscalls.fileKind(file.damaged) == nil)
        }
    }
}
