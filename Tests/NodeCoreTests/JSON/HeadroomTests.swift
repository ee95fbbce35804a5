// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct HeadroomTests {
    @Test func whatNoMachineHasIsNotThere() {
        #expect(Headroom.has(0) && Headroom.has(Headroom.byteCountMin))
        #expect(!Headroom.has(1 << 60) && !Headroom.has(.max))
    }
}
