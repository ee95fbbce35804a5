// SPDX-License-Identifier: Apache-2.0
/// The transformation of RFC 6455 §5.3: each byte of the payload XOR a byte of the key. Applying it twice gives the
/// original back. Both functions work on 64 bytes at a time, because byte by byte is twenty times slower.
public enum Masking {
    @usableFromInline typealias Wide = SIMD8<UInt64>

    /// Masks or unmasks in place.
    /// - Parameters:
    ///   - bytes: a piece of a frame's payload.
    ///   - key: the frame's key.
    ///   - offset: where in the frame's payload the piece begins, in bytes; not negative.
    public static func apply(_ bytes: UnsafeMutableRawBufferPointer, key: MaskingKey, offset: Int) {
        guard let base = bytes.baseAddress else { return }
        let count = bytes.count
        let word = key.rotated(by: offset)
        let pair = UInt64(word) | UInt64(word) &<< 32
        let wide = Wide(repeating: pair)
        var done = 0
        while count &- done >= 64 {
            let block = base.loadUnaligned(fromByteOffset: done, as: Wide.self)
            base.storeBytes(of: block ^ wide, toByteOffset: done, as: Wide.self)
            done &+= 64
        }
        while count &- done >= 8 {
            let block = base.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            base.storeBytes(of: block ^ pair, toByteOffset: done, as: UInt64.self)
            done &+= 8
        }
        finish(from: base, to: base, done: done, count: count, word: word)
    }

    /// Copies and masks in one pass: the way of every payload a client sends.
    /// - Parameters:
    ///   - source: a piece of a frame's payload.
    ///   - destination: room for `source.count` bytes that do not overlap `source`.
    ///   - key: the frame's key.
    ///   - offset: where in the frame's payload the piece begins, in bytes; not negative.
    @inlinable
    public static func copy(
        from source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer, key: MaskingKey, offset: Int
    ) {
        guard let base = source.baseAddress else { return }
        let count = source.count
        let word = key.rotated(by: offset)
        let pair = UInt64(word) | UInt64(word) &<< 32
        guard count >= 8 else {
            finish(from: base, to: destination, done: 0, count: count, word: word)
            return
        }
        let wide = Wide(repeating: pair)
        var done = 0
        while count &- done >= 128 {
            let first = base.loadUnaligned(fromByteOffset: done, as: Wide.self)
            let second = base.loadUnaligned(fromByteOffset: done &+ 64, as: Wide.self)
            destination.storeBytes(of: first ^ wide, toByteOffset: done, as: Wide.self)
            destination.storeBytes(of: second ^ wide, toByteOffset: done &+ 64, as: Wide.self)
            done &+= 128
        }
        while count &- done >= 8 {
            let block = base.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            destination.storeBytes(of: block ^ pair, toByteOffset: done, as: UInt64.self)
            done &+= 8
        }
        guard done < count else { return }
        // The last 1 to 7 bytes: one more word that overlaps what is written already, with the key turned to fit.
        let last = count &- 8
        let turned = key.rotated(by: offset &+ last)
        let block = base.loadUnaligned(fromByteOffset: last, as: UInt64.self)
        let mask = UInt64(turned) | UInt64(turned) &<< 32
        destination.storeBytes(of: block ^ mask, toByteOffset: last, as: UInt64.self)
    }

    /// The last fewer than 8 bytes, one by one. `done` is a multiple of 4.
    @usableFromInline
    static func finish(
        from base: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, done: Int, count: Int, word: UInt32
    ) {
        var rest = UInt32(littleEndian: word)
        var index = done
        while index < count {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            destination.storeBytes(of: byte ^ UInt8(truncatingIfNeeded: rest), toByteOffset: index, as: UInt8.self)
            rest = rest &>> 8 | rest &<< 24
            index &+= 1
        }
    }
}
