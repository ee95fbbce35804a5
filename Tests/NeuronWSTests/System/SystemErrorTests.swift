// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct SystemErrorTests {
    @Test func aNumberHasTheKernelsTextInEnglish() {
        #expect(SystemError(number: ECONNREFUSED, call: "connect").text == "Connection refused")
        #expect(SystemError.text(99999) == "error 99999")
    }

    @Test func theNumberIsWhatCounts() {
        #expect(SystemError(number: EIO, call: "read") == SystemError(number: EIO, call: "write"))
        #expect(SystemError(number: ENOMEM, call: "mmap").isNoMemory)
        #expect(!SystemError(number: EIO, call: "mmap").isNoMemory)
    }
}
