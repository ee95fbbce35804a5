// SPDX-License-Identifier: Apache-2.0
/// Random bytes waiting to become masking keys. A key must be unpredictable and fresh for each frame (RFC 6455 §5.3,
/// §10.3); a system call per frame would cost more than the frame, so the shell fills this pool with a whole buffer.
/// It cannot be copied, because a copy would give out the same keys again.
///
/// Invariant: `0 <= used <= filled <= capacityBytes`, and all three are multiples of 4.
public struct MaskingKeyPool: ~Copyable, @unchecked Sendable {
    /// How many bytes the pool holds: 1,024 keys.
    public static let capacityBytes = 4096

    /// Frees the memory: a deinit of the pool's own could not be seen from another module in Embedded Swift.
    private final class Memory {
        let base = UnsafeMutableRawPointer.allocate(byteCount: MaskingKeyPool.capacityBytes, alignment: 4)

        deinit { base.deallocate() }
    }

    private let memory = Memory()
    @usableFromInline let storage: UnsafeMutableRawPointer
    @usableFromInline var used = 0
    @usableFromInline var filled = 0

    /// An empty pool.
    public init() {
        storage = memory.base
    }

    /// How many keys can be taken before the next `refill`.
    @inlinable
    public var keysLeft: Int { (filled &- used) / 4 }

    /// Adds random bytes behind those that are left.
    /// - Parameter random: bytes of a cryptographic generator, a multiple of 4. What goes beyond `capacityBytes`, and
    ///   an odd rest of 1 to 3 bytes, is ignored.
    public mutating func refill(_ random: RawSpan) {
        let left = filled - used
        if used > 0 {
            storage.copyMemory(from: storage + used, byteCount: left)
            used = 0
            filled = left
        }
        let taken = min(random.byteCount, Self.capacityBytes - filled) & ~3
        random.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (storage + filled).copyMemory(from: base, byteCount: taken)
        }
        filled += taken
    }

    /// Takes the next key; each is given out once.
    /// - Returns: nil when the pool is empty: refill it and ask again.
    @inlinable
    public mutating func next() -> MaskingKey? {
        guard used < filled else { return nil }
        let word = storage.load(fromByteOffset: used, as: UInt32.self)
        used &+= 4
        return MaskingKey(word: word)
    }
}
