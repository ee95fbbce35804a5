// SPDX-License-Identifier: Apache-2.0
/// The four bytes a client's payload is combined with (RFC 6455 §5.3).
public struct MaskingKey: Equatable, Sendable {
    /// The key's bytes in the order in which they stand on the wire, whatever the machine's byte order.
    public let word: UInt32

    /// - Parameter word: four bytes in memory order, as if loaded from the wire or from a buffer of random bytes.
    @inlinable
    public init(word: UInt32) { self.word = word }

    /// The key as it applies from `offset` bytes into a frame's payload: byte i of the payload goes with byte i mod 4
    /// of the key (RFC 6455 §5.3).
    /// - Returns: four bytes in memory order.
    @inlinable
    func rotated(by offset: Int) -> UInt32 {
        let bits = UInt32(truncatingIfNeeded: offset & 3) &* 8
        let key = UInt32(littleEndian: word)
        return ((key &>> bits) | (key &<< ((32 &- bits) & 31))).littleEndian
    }
}
