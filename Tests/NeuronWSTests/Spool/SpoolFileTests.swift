// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct SpoolFileTests {
    @Test func aNameBecomesAFilesName() {
        #expect(SpoolFile.fileName("line-1_A") == "line-1_A.nwsc")
        #expect(SpoolFile.fileName("a/b.c") == "a%2Fb%2Ec.nwsc")
        #expect(SpoolFile.fileName("ä") == "%C3%A4.nwsc")
        #expect(SpoolFile.fileName("..") == "%2E%2E.nwsc")
        #expect(SpoolFile(directory: "/data", node: "n").path == "/data/n.nwsc")
    }

    @Test func aLongNameIsCutAndStaysItsOwn() {
        let names = ["a", "b"].map { String(repeating: "x", count: 300) + $0 }.map { SpoolFile.fileName($0) }
        #expect(names[0] != names[1] && names[0].hasPrefix("xxx") && names[0].utf8.count == 180 + 5)
        #expect(SpoolFile.fileName(String(repeating: "x", count: 180)).utf8.count == 180 + 5)
    }

    @Test func aFolderIsMadeIfItsLastPartIsMissing() throws {
        try withSpoolFolder { folder in
            let made = try SpoolFile.directory(folder + "/new")
            defer { rmdir(made) }
            #expect(try SpoolFile.directory(folder + "/./new/") == made)
            #expect(throws: SystemError(number: ENOENT, call: "mkdir")) { try SpoolFile.directory(folder + "/a/b") }
        }
    }

    @Test func allThereIsOfItIsDeleted() throws {
        try withSpoolFile { file in
            let paths = [file.path, file.journal, file.making, file.damaged]
            for path in paths { fclose(fopen(path, "w")) }
            try? file.delete()
            #expect(paths.allSatisfy { Syscalls.fileKind($0) == nil })
        }
    }

    @Test func nobodyHoldsAFileThatIsNotThere() throws {
        try withSpoolFile { file in #expect(file.holder == nil) }
    }
}
