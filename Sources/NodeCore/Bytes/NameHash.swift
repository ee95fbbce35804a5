// SPDX-License-Identifier: Apache-2.0
/// Hashing and comparing names as bytes, without allocations. Words are read little-endian or not as the machine does:
/// hashes never leave the process.
enum NameHash {
    /// A 64-bit hash of the bytes: words multiplied into 128 bits and folded. With a random `seed` nobody can choose
    /// names that collide.
    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        let count = bytes.count
        // The length is multiplied in: by XOR alone, names of other lengths could be made to cancel it.
        var state = fold(
            seed ^ 0x9E37_79B9_7F4A_7C15, UInt64(truncatingIfNeeded: count) ^ 0xE703_7ED1_A0B4_28DB)
        guard let base = bytes.baseAddress else { return state }
        var offset = 0
        while count - offset > 8 {
            state = fold(state ^ word(base, offset), 0xA076_1D64_78BD_642F)
            offset += 8
        }
        return fold(state ^ tail(base, count), 0x8EBC_6AF0_9C88_C6E3)
    }

    /// The hash of a pair of names from their hashes; the order counts.
    static func pair(_ driver: UInt64, _ group: UInt64) -> UInt64 {
        fold(driver ^ 0x5899_65CC_7537_4CC3, group &+ 0x1D8E_4E27_C47D_124F)
    }

    static func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }

    static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// The last eight bytes of `count`, or all where there are fewer; for each count another reading of all bytes.
    static func tail(_ base: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count >= 8 { return word(base, count - 8) }
        if count >= 4 {
            let first = base.loadUnaligned(as: UInt32.self)
            let last = base.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            return UInt64(first) << 32 | UInt64(last)
        }
        if count == 0 { return 0 }
        let first = UInt64(base.load(as: UInt8.self))
        let middle = UInt64(base.load(fromByteOffset: count >> 1, as: UInt8.self))
        let last = UInt64(base.load(fromByteOffset: count - 1, as: UInt8.self))
        return first << 16 | middle << 8 | last
    }

    /// Whether `count` bytes at two places are the same.
    static func equal(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer, _ count: Int) -> Bool {
        var offset = 0
        while count - offset > 8 {
            if word(one, offset) != word(other, offset) { return false }
            offset += 8
        }
        return tail(one, count) == tail(other, count)
    }
}
