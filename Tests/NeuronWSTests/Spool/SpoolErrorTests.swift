// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import Testing

@testable import NeuronWS

/// What SQLite and the system say, as what a host is told.
@Suite struct SpoolErrorTests {
    private let file = SpoolFile(directory: "/nonexistent", node: "n")

    /// SQLite's numbers, as they stand in sqlite3.h.
    private func error(_ code: Int32, errno number: Int32 = 0) -> SpoolError {
        SpoolError(Database.Failure(code: code, errorNumber: number, text: "what SQLite says"), file)
    }

    @Test(
        arguments: [
            (13, .full), (8, .readOnly), (3, .denied), (23, .denied), (5, .held), (6, .held), (7, .noMemory),
            (10, .ioError), (10 | 12 << 8, .noMemory), (1, .other), (11, .other),
        ] as [(Int32, SpoolFault)])
    func eachNumberIsAFault(code: Int32, fault: SpoolFault) { #expect(error(code).fault == fault) }

    @Test(
        arguments: [
            (EACCES, .denied), (EPERM, .denied), (EROFS, .readOnly), (ENOSPC, .full), (EDQUOT, .full),
            (ENOENT, .missing),
            (EIO, .ioError),
        ] as [(Int32, SpoolFault)])
    func theSystemsNumberSaysMoreThanAnInputOutputError(number: Int32, fault: SpoolFault) {
        #expect(error(10, errno: number).fault == fault)
        // What SQLite knows better stays.
        #expect(error(5, errno: number).fault == .held)
    }

    @Test func eachIsToldWithTheFileAndWhatToDo() {
        #expect(error(13, errno: ENOSPC).text.hasSuffix("is full (No space left on device): make room there"))
        #expect(error(5).text.contains("is held by another process: one process at a time uses it"))
        #expect(error(8).text.hasSuffix("cannot be written to: what SQLite says: give this user the right to"))
        #expect(error(1).text == "the cache /nonexistent/n.nwsc: what SQLite says")
    }

    @Test func damageIsKnown() {
        for (code, isDamage) in [(11, true), (26, true), (11 | 1 << 8, true), (10, false)] as [(Int32, Bool)] {
            #expect(Database.Failure(code: code, errorNumber: 0, text: "").isDamage == isDamage)
        }
    }
}
