/// Hashing and comparing names as bytes, without allocations.
@usableFromInline
enum NameHash {
    /// A 64-bit hash of the bytes: eight at a time, each multiplied into 128 bits and folded. With a random `seed`
    /// nobody can choose names that collide.
    @inlinable
    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        let count = bytes.count
        var state = fold(seed ^ 0x9E37_79B9_7F4A_7C15, UInt64(truncatingIfNeeded: count) ^ 0xE703_7ED1_A0B4_28DB)
        var offset = 0
        while count - offset >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = fold(state ^ word, 0xA076_1D64_78BD_642F)
            offset += 8
        }
        if offset < count { state = fold(state ^ tail(bytes, offset), 0x8EBC_6AF0_9C88_C6E3) }
        return state
    }

    /// The hash of a pair of names from their hashes; the order counts.
    @inlinable
    static func pair(_ driver: UInt64, _ group: UInt64) -> UInt64 {
        fold(driver ^ 0x5899_65CC_7537_4CC3, group &+ 0x1D8E_4E27_C47D_124F)
    }

    @inlinable
    static func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }

    /// Up to seven bytes from `offset` to the end, as a word.
    @inlinable
    static func tail(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        var index = bytes.count
        while index > offset {
            index -= 1
            word = word << 8 | UInt64(bytes[index])
        }
        return word
    }

    @inlinable
    static func equal(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        let count = one.count
        if count != other.count { return false }
        var offset = 0
        while count - offset >= 8 {
            if one.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                != other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            {
                return false
            }
            offset += 8
        }
        while offset < count {
            if one[offset] != other[offset] { return false }
            offset += 1
        }
        return true
    }
}
