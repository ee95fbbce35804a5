// SPDX-License-Identifier: Apache-2.0
/// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash that says nothing of the bytes to whoever has not its key. It
/// copies none of them.
enum SipHash {
    struct Key: Equatable, Sendable {
        let first: UInt64
        let second: UInt64
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        mutating func round() {
            v0 &+= v1
            v1 = (v1 << 13 | v1 >> 51) ^ v0
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v3
            v3 = (v3 << 16 | v3 >> 48) ^ v2
            v0 &+= v3
            v3 = (v3 << 21 | v3 >> 43) ^ v0
            v2 &+= v1
            v1 = (v1 << 17 | v1 >> 47) ^ v2
            v2 = v2 << 32 | v2 >> 32
        }

        mutating func add(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }
    }

    static func of(_ bytes: UnsafeRawBufferPointer, _ key: Key) -> UInt64 {
        var state = State(
            v0: key.first ^ 0x736F_6D65_7073_6575, v1: key.second ^ 0x646F_7261_6E64_6F6D,
            v2: key.first ^ 0x6C79_6765_6E65_7261, v3: key.second ^ 0x7465_6462_7974_6573)
        var word: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            word |= UInt64(byte) << UInt64(index % 8 * 8)
            guard index % 8 == 7 else { continue }
            state.add(word)
            word = 0
        }
        state.add(word | UInt64(truncatingIfNeeded: bytes.count) << 56)
        state.v2 ^= 0xFF
        for _ in 0..<4 { state.round() }
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }
}
