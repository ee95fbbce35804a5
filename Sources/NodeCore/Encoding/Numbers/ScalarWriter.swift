// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The fast part of writing tags: names without escapes, and numbers. What is not that is left to JSONStringWriter and
/// ValueWriter. Pointers go in and come out by value, so that they stay in registers.
enum ScalarWriter {
    /// The bytes that a tag's fixed texts and its number may touch, besides its name.
    static let byteCountMax = FixedDecimal.byteCountMax + 96

    /// Copies a name that needs no escape and returns the place behind it; nil if it needs one. `count` bytes and seven
    /// more must be free at `target`. Never reads outside the name.
    @inline(__always)
    static func writePlain(
        _ name: UnsafeRawBufferPointer, at target: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        let count = name.count
        let source = name.baseAddress.unsafelyUnwrapped
        var found: UInt64 = 0
        if count >= 8 {
            // Whole words, the last of which overlaps the one before.
            var index = 0
            repeat {
                let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                found |= JSONStringWriter.specials(word)
                target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
                index &+= 8
            } while index &+ 8 <= count
            let last = source.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            found |= JSONStringWriter.specials(last)
            target.storeBytes(of: last, toByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let first = source.loadUnaligned(as: UInt32.self)
            let last = source.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            found = JSONStringWriter.specials(UInt64(first) | UInt64(last) &<< 32)
            target.storeBytes(of: first, as: UInt32.self)
            target.storeBytes(of: last, toByteOffset: count &- 4, as: UInt32.self)
        } else if count > 0 {
            let middle = count &>> 1
            let first = source.load(as: UInt8.self)
            let second = source.load(fromByteOffset: middle, as: UInt8.self)
            let last = source.load(fromByteOffset: count &- 1, as: UInt8.self)
            // The other five bytes are ones that need no escape.
            let rest: UInt64 = 0x3030_3030_3000_0000
            found = JSONStringWriter.specials(rest | UInt64(first) | UInt64(second) &<< 8 | UInt64(last) &<< 16)
            target.storeBytes(of: first, as: UInt8.self)
            target.storeBytes(of: second, toByteOffset: middle, as: UInt8.self)
            target.storeBytes(of: last, toByteOffset: count &- 1, as: UInt8.self)
        }
        return found == 0 ? target + count : nil
    }

    /// Writes a number, true or false and returns the place behind it; nil if the value is nothing of that, or is not
    /// finite. `byteCountMax` bytes must be free at `target`.
    @inline(__always)
    static func writeNumber(_ tag: TagView, at target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let value = tag.pointer.pointee.value
        switch tag.type {
        case 7: return DecimalWriter.write(value.i64, at: target)
        case 10: return writeReal(value.d64, tag, at: target)
        case 5: return DecimalWriter.write(Int64(value.i32), at: target)
        case 9: return writeFloat(tag, at: target)
        case 8, 18: return DecimalWriter.write(value.u64, at: target)
        case 6, 17: return DecimalWriter.write(UInt64(value.u32), at: target)
        case 3: return DecimalWriter.write(Int64(value.i16), at: target)
        case 4, 16: return DecimalWriter.write(UInt64(value.u16), at: target)
        case 1: return DecimalWriter.write(Int64(value.i8), at: target)
        case 2, 11: return DecimalWriter.write(UInt64(value.u8), at: target)
        case 12: return writeBoolean(tag.flag, at: target)
        default: return nil
        }
    }

    /// `true` or `false`.
    @inline(__always)
    static func writeBoolean(_ flag: Bool, at target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        target.storeBytes(of: flag ? 0x6575_7274 : 0x736c_6166, as: UInt32.self)
        target.storeBytes(of: 0x65, toByteOffset: 4, as: UInt8.self)
        return target + (flag ? 4 : 5)
    }

    @inline(__always)
    private static func writeReal(
        _ value: Double, _ tag: TagView, at target: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        if !value.isFinite { return nil }
        let decimals = tag.pointer.pointee.precision
        if decimals != 0 { return FixedDecimal.write(value, decimals: Int(decimals), at: target) }
        return ShortestDecimal.write(value, at: target)
    }

    @inline(never)
    private static func writeFloat(_ tag: TagView, at target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let value = tag.pointer.pointee.value.f32
        if !value.isFinite { return nil }
        let decimals = tag.pointer.pointee.precision
        if decimals != 0 { return FixedDecimal.write(Double(value), decimals: Int(decimals), at: target) }
        return ShortestDecimal.write(value, at: target)
    }
}

extension TagView {
    /// A BOOL, whatever byte a host put there: a Swift Bool of another byte than 0 and 1 would be undefined.
    @inline(__always)
    var flag: Bool { pointer.pointee.value.u8 != 0 }
}
