// SPDX-License-Identifier: Apache-2.0
/// Checks UTF-8 while it streams in (RFC 3629 §4, RFC 6455 §8.1): pieces may end anywhere, and a byte that no valid
/// text can have at its place is found as soon as it comes.
public struct UTF8Validator: Sendable {
    /// How many continuation bytes the current character still needs, 0 to 3.
    private var pending: UInt8 = 0
    /// What the next continuation byte may be. Narrower than 80…BF only behind E0, ED, F0 and F4: this is what keeps
    /// out overlong forms, surrogates and everything beyond U+10FFFF.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF
    private var isBroken = false

    public init() {}

    /// True if the bytes so far are whole characters: the text may end here.
    public var isComplete: Bool { pending == 0 && !isBroken }

    /// Takes the next piece.
    /// - Returns: false if the bytes so far cannot be the beginning of any valid text; it stays so.
    public mutating func feed(_ bytes: RawSpan) -> Bool {
        bytes.withUnsafeBytes { feed($0) }
    }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isBroken else { return false }
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while index < count {
            if pending == 0 {
                index = Self.skipASCII(base, from: index, count: count)
                guard index < count else { break }
                guard start(base.load(fromByteOffset: index, as: UInt8.self)) else { return false }
            } else {
                let byte = base.load(fromByteOffset: index, as: UInt8.self)
                guard byte >= low, byte <= high else {
                    isBroken = true
                    return false
                }
                pending &-= 1
                low = 0x80
                high = 0xBF
            }
            index &+= 1
        }
        return true
    }

    /// The first index from `index` on where a byte beyond ASCII stands, or `count`.
    private static func skipASCII(_ base: UnsafeRawPointer, from index: Int, count: Int) -> Int {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        var index = index
        while count &- index >= 32 {
            let first = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let second = base.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)
            let third = base.loadUnaligned(fromByteOffset: index &+ 16, as: UInt64.self)
            let fourth = base.loadUnaligned(fromByteOffset: index &+ 24, as: UInt64.self)
            guard (first | second | third | fourth) & highBits == 0 else { break }
            index &+= 32
        }
        while count &- index >= 8 {
            guard base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & highBits == 0 else { break }
            index &+= 8
        }
        while index < count, base.load(fromByteOffset: index, as: UInt8.self) < 0x80 { index &+= 1 }
        return index
    }

    /// The first byte of a character beyond ASCII (the table of RFC 3629 §4).
    private mutating func start(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xC2...0xDF: pending = 1
        case 0xE0: (pending, low) = (2, 0xA0)
        case 0xE1...0xEC, 0xEE...0xEF: pending = 2
        case 0xED: (pending, high) = (2, 0x9F)
        case 0xF0: (pending, low) = (3, 0x90)
        case 0xF1...0xF3: pending = 3
        case 0xF4: (pending, high) = (3, 0x8F)
        default:
            isBroken = true
            return false
        }
        return true
    }
}
