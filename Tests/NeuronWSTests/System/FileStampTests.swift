// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct FileStampTests {
    @Test func aFileThatWasReplacedIsAnother() throws {
        let path = "/tmp/neuron_ws-stamp-\(getpid())"
        func write(_ text: String) throws {
            try SecretBytes(text).withBytes { bytes throws(SystemError) in try Syscalls.append(bytes, to: path) }
        }
        defer { unlink(path) }
        let nothing = FileStamp.of(path)
        #expect(nothing.facts == nil)
        try write("one")
        let first = FileStamp.of(path)
        #expect(first != nothing && FileStamp.of(path) == first)
        // The same words in another file, as a rename puts it there.
        unlink(path)
        try write("four")
        #expect(FileStamp.of(path) != first)
    }
}
