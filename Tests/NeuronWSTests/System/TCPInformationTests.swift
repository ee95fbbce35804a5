// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct TCPInformationTests {
    @Test func membersAreReadWhereTheKernelPutsThem() {
        var bytes = [UInt8](repeating: 0, count: 256)
        bytes[24] = 3
        bytes[57] = 1
        bytes[230] = 2
        let all = bytes.withUnsafeBytes { TCPInformation($0) }
        #expect(all?.unacknowledgedSegments == 3)
        #expect(all?.lastAcknowledgement == 256)
        #expect(all?.sendWindow == 131_072)
    }

    @Test func anOldKernelTellsLess() {
        let bytes = [UInt8](repeating: 0, count: 104)
        let some = bytes.withUnsafeBytes { TCPInformation($0) }
        #expect(some != nil && some?.sendWindow == nil)
        #expect(bytes.withUnsafeBytes { TCPInformation(UnsafeRawBufferPointer(rebasing: $0[..<59])) } == nil)
    }
}
