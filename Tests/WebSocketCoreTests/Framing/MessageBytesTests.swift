// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct MessageBytesTests {
    private func append(_ bytes: [UInt8], _ message: MessageBytes) { bytes.withUnsafeBytes { message.append($0) } }

    @Test func bytesAreKeptAndLent() {
        let message = MessageBytes(memory: .swift)
        #expect(message.array == [] && message.count == 0 && message.capacity == 0)
        #expect(message.reserve(4))
        append([1, 2], message)
        append([3], message)
        #expect(message.array == [1, 2, 3] && message.capacity == 4)
        message.withAppended(from: 1) { for index in $0.indices { $0[index] ^= 0xFF } }
        #expect(message.array == [1, 0xFD, 0xFC])
        #expect(message.reserve(100) && message.array == [1, 0xFD, 0xFC])
        #expect(message.reserve(10) && message.capacity == 100)
        message.removeAll()
        #expect(message.array == [] && message.capacity == 100)
    }

    @Test func withoutMemoryNothingHasChanged() {
        let message = MessageBytes(memory: MessageMemory(resize: { _, _, _ in nil }, free: { _ in }))
        #expect(!message.reserve(1))
        #expect(message.reserve(0) && message.capacity == 0 && message.array == [])
    }
}
