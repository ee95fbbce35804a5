// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// The members that tell a receiver which message it has. An object that is to bear its number has none of them of its
/// own: it would stand there twice, and an ordinary reader takes the last.
public enum NumberMembers {
    /// `mayHave` takes names that begin with r or s, and then e or t.
    private static let names: [StaticString] = ["seq", "stream", "resent"]
    private static let places = PlaceSet(
        names.map { JSONPointer(member: Array(UnsafeBufferPointer(start: $0.utf8Start, count: $0.utf8CodeUnitCount))) })

    /// The one that an object has as a member of its own; nil: none. What lies deeper does not count, and what is no
    /// JSON is not told from what is.
    public static func own(in object: UnsafeRawBufferPointer) -> StaticString? {
        guard mayHave(object) else { return nil }
        var scan = PlaceScan(places)
        while !scan.step(object, byteCount: .max) {}
        for index in names.indices where scan.isNamed(index) { return names[index] }
        return nil
    }

    /// Whether one of the names stands anywhere in quotes, or an escape that can be a letter. Most messages have
    /// neither, and each is looked at.
    static func mayHave(_ bytes: UnsafeRawBufferPointer) -> Bool { hasName(bytes) || hasUnicodeEscape(bytes) }

    private static func hasUnicodeEscape(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return false }
        var index = 0
        while let found = memchr(start + index, Int32(UInt8(ascii: "\\")), bytes.count - index) {
            index = UnsafeRawPointer(found) - start + 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "u") { return true }
        }
        return false
    }

    private typealias Words = SIMD8<UInt64>
    private static let stepBytes = 64

    private static func hasName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // From here on two more bytes than a step's can be read.
        let last = bytes.count - stepBytes - 2
        var index = 0
        while last >= 0, index < last + stepBytes {
            let start = min(index, last)
            index += stepBytes
            if mayBegin(bytes, at: start), hasName(bytes, in: start..<start + stepBytes + 1) { return true }
        }
        return last < 0 && hasName(bytes, in: 0..<bytes.count)
    }

    /// Whether a quote is among 64 bytes behind which a name may stand: an r or s, which differ in one bit, and an e or
    /// t, which do in two.
    @inline(__always)
    private static func mayBegin(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        let low = Words(repeating: 0x0101_0101_0101_0101)
        let first = bytes.loadUnaligned(fromByteOffset: start, as: Words.self) ^ (0x22 &* low)
        let second = (bytes.loadUnaligned(fromByteOffset: start &+ 1, as: Words.self) | low) ^ (0x73 &* low)
        let third =
            (bytes.loadUnaligned(fromByteOffset: start &+ 2, as: Words.self) | (0x11 &* low)) ^ (0x75 &* low)
        let all = first | second | third
        let zeros = (all &- low) & ~all & (0x80 &* low)
        // To compare with `.zero` would be done word by word.
        let four = zeros.lowHalf | zeros.highHalf
        let two = four.lowHalf | four.highHalf
        return two[0] | two[1] != 0
    }

    /// Whether one begins there, but for the last place.
    private static func hasName(_ bytes: UnsafeRawBufferPointer, in places: Range<Int>) -> Bool {
        // Of most names their first letter tells that they are others.
        for index in places.dropLast() where bytes[index] == UInt8(ascii: "\"") && bytes[index + 1] | 1 == 0x73 {
            for name in names where isName(name, bytes, at: index + 1) { return true }
        }
        return false
    }

    /// This one, and a quote.
    private static func isName(_ name: StaticString, _ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        let end = start + name.utf8CodeUnitCount
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return false }
        for index in start..<end where bytes[index] != name.utf8Start[index - start] { return false }
        return true
    }
}
