// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LoopbackServer

@Suite struct PongFramesTests {
    private static let close: [UInt8] = [0x88, 0x02, 0x03, 0xE9]
    private static let frames: [UInt8] = [0x8A, 0x02, 0x68, 0x69, 0x89, 0x01, 0x21, 0x8A, 0x00] + close

    private func treated(_ frames: [UInt8], _ pongs: ServerBehaviour.Pongs) -> [UInt8] {
        var output: [UInt8] = [7]
        frames.withUnsafeBytes { PongFrames.append($0, as: pongs, to: &output) }
        return output
    }

    @Test func rightOnesStayAsTheyAre() { #expect(treated(Self.frames, .right) == [7] + Self.frames) }

    @Test func noneAreLeft() { #expect(treated(Self.frames, .none) == [7, 0x89, 0x01, 0x21] + Self.close) }

    @Test func wrongOnesHaveOtherBytes() {
        let expected: [UInt8] = [7, 0x8A, 0x02, 0x97, 0x96, 0x89, 0x01, 0x21, 0x8A, 0x01, 0xFF] + Self.close
        #expect(treated(Self.frames, .wrong) == expected)
    }

    @Test func thereMayBeNothing() { #expect(treated([], .wrong) == [7]) }
}
