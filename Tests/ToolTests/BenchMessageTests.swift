// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct BenchMessageTests {
    private func text(_ message: BenchMessage) -> String { String(decoding: message.bytes, as: UTF8.self) }

    @Test func hasTheFormThatAllClientsShare() {
        #expect(
            text(BenchMessage(size: 75))
                == "{\"seq\":         0,\"t\":                  0,\"p\":\"abcdefghijklmnopqrstuvwabc\"}")
    }

    @Test(arguments: [49, 50, 64, 1700, 18_000]) func hasTheSizeAskedFor(size: Int) {
        #expect(BenchMessage(size: size).bytes.count == size)
    }

    @Test func isNeverSmallerThanItsFrame() {
        #expect(
            text(BenchMessage(size: 1)) == "{\"seq\":         0,\"t\":                  0,\"p\":\"\"}")
    }

    @Test func countsUpInPlace() {
        let message = BenchMessage(size: 49)
        for number in 1...12_345 {
            message.countUp()
            if [1, 9, 10, 99, 100, 999, 1000, 12_345].contains(number) {
                let digits = String(number)
                let padded = String(repeating: " ", count: 10 - digits.count) + digits
                #expect(text(message).hasPrefix("{\"seq\":\(padded),\"t\":"))
            }
        }
    }

    @Test func writesTheTimeRightAligned() {
        let message = BenchMessage(size: 49)
        message.setTime(1_234_567_890_123)
        #expect(text(message) == "{\"seq\":         0,\"t\":      1234567890123,\"p\":\"\"}")
        message.setTime(7)
        #expect(text(message) == "{\"seq\":         0,\"t\":                  7,\"p\":\"\"}")
        message.setTime(Int64.max)
        #expect(text(message) == "{\"seq\":         0,\"t\":9223372036854775807,\"p\":\"\"}")
    }
}
