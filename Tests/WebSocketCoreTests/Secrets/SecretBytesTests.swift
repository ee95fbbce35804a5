// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct SecretBytesTests {
    @Test func holdsWhatItWasMadeOf() {
        #expect(SecretBytes("abc").bytes == Array("abc".utf8))
        #expect([1, 2, 3].withUnsafeBytes { SecretBytes($0) }.count == 24)
        #expect(SecretBytes("").isEmpty)
        #expect(SecretBytes(UnsafeRawBufferPointer(start: nil, count: 0)).bytes == [])
    }

    @Test func isFilledInPlace() throws {
        let filled = SecretBytes(capacity: 8) { room in
            room[0] = 7
            room[1] = 9
            return 2
        }
        #expect(filled?.bytes == [7, 9])
        #expect(SecretBytes(capacity: 8) { _ in nil } == nil)
        // Nobody says more than there is room for.
        #expect(SecretBytes(capacity: 4) { _ in 100 }?.count == 4)
        #expect(SecretBytes(capacity: 0) { _ in -1 }?.count == 0)
    }

    @Test func comparesByContent() {
        #expect(SecretBytes("abc") == SecretBytes("abc"))
        #expect(SecretBytes("abc") != SecretBytes("abd"))
        #expect(SecretBytes("abc") != SecretBytes("ab"))
        #expect(SecretBytes.joined("ab", "c") == "abc")
        #expect(SecretBytes.joined("", "") == "")
    }

    @Test func overwrites() {
        var bytes = [UInt8](repeating: 0x5A, count: 100)
        bytes.withUnsafeMutableBytes { SecretBytes.wipe(UnsafeMutableRawBufferPointer(rebasing: $0[10..<90])) }
        #expect(bytes[..<10].allSatisfy { $0 == 0x5A } && bytes[90...].allSatisfy { $0 == 0x5A })
        #expect(bytes[10..<90].allSatisfy { $0 == 0 })
    }

    @Test func growsByteForByte() {
        var builder = SecretBuilder(capacity: 0)
        for number in 0..<1000 { builder.append(UInt8(number & 0xFF)) }
        let bytes = builder.finished().bytes
        #expect(bytes.count == 1000)
        #expect(bytes.enumerated().allSatisfy { $0.element == UInt8($0.offset & 0xFF) })
    }
}
