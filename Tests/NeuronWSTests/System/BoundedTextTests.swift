// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct BoundedTextTests {
    private func count(_ text: [CChar], _ bytesMax: Int) -> Int {
        text.withUnsafeBufferPointer { boundedText($0.baseAddress, bytesMax: bytesMax).count }
    }

    @Test func aTextEndsAtItsNul() {
        #expect(count([97, 98, 0, 99], 10) == 2)
        #expect(count([0], 10) == 0)
    }

    @Test func ofOneThatIsTooLongOneByteMoreIsSeen() {
        // No NUL: what is behind is not looked at.
        #expect(count([97, 97, 97], 2) == 3)
        #expect(count([97, 97, 0], 2) == 2)
    }

    @Test func nothingHasNoBytes() {
        #expect(boundedText(nil, bytesMax: 4).isEmpty)
    }
}
