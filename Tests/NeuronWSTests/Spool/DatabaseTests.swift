// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct DatabaseTests {
    private func failure(_ body: () throws(Database.Failure) -> Void) -> Database.Failure? {
        do throws(Database.Failure) {
            try body()
            return nil
        } catch { return error }
    }

    @Test func whatIsBoundComesBack() throws {
        try withSpoolFile { file in
            let database = try Database.open(file.path)
            try database.prepareForUse(isSynced: false)
            try database.run("CREATE TABLE t(a INTEGER, b TEXT, c BLOB)")
            let insert = try database.prepare("INSERT INTO t VALUES(?, ?, ?)")
            let bytes: [UInt8] = [0, 1, 255]
            var hasRow: Bool?
            bytes.withUnsafeBytes { bytes in
                insert.bind(1, .min)
                insert.bind(2, text: "ä\"'")
                insert.bind(3, bytes: bytes)
                hasRow = try? insert.step()
            }
            #expect(hasRow == false)
            #expect(database.changes == 1)
            let select = try database.prepare("SELECT a, b, c FROM t")
            #expect(try select.step() && select.integer(0) == .min && select.text(1) == "ä\"'")
            #expect(select.bytes(2).map { Array($0) } == bytes)
            #expect(try select.step() == false)
            #expect(try database.number("SELECT count(*) FROM t WHERE a < ?1", 0) == 1)
            #expect(try database.number("SELECT a FROM t WHERE a > ?1", 0) == nil)
        }
    }

    @Test func aStatementThatMakesNoSenseIsToldOf() throws {
        try withSpoolFile { file in
            let database = try Database.open(file.path)
            let told = failure { () throws(Database.Failure) in try database.run("NONSENSE") }
            #expect(told?.text.contains("NONSENSE") == true && told?.fault == .other)
            #expect(failure { () throws(Database.Failure) in _ = try database.prepare("SELECT x FROM y") } != nil)
        }
    }

    @Test func aFileThatIsNoneIsDamaged() throws {
        try withSpoolFile { file in
            let other = fopen(file.path, "w")
            let text = String(repeating: "no database\n", count: 500)
            fputs(text, other)
            fclose(other)
            let told = failure { () throws(Database.Failure) in
                try Database.open(file.path).prepareForUse(isSynced: false)
            }
            #expect(told?.isDamage == true)
        }
    }

    @Test func oneThatIsReadOnlyIsNotMade() throws {
        try withSpoolFile { file in
            let told = failure { () throws(Database.Failure) in _ = try Database.open(file.path, isReadOnly: true) }
            #expect(told?.errorNumber == ENOENT)
            #expect(Syscalls.fileKind(file.path) == nil)
        }
    }

    @Test func aSecondConnectionFindsItHeld() throws {
        try withSpoolFile { file in
            let database = try Database.open(file.path)
            try database.prepareForUse(isSynced: false)
            let told = failure { () throws(Database.Failure) in
                try Database.open(file.path).prepareForUse(isSynced: false)
            }
            #expect(told?.fault == .held)
            withExtendedLifetime(database) {}
        }
    }
}
