// SPDX-License-Identifier: Apache-2.0
/// The payload of a control frame, at most 125 bytes (RFC 6455 §5.5), without an allocation.
///
/// Invariant: `0 <= count <= 125`.
public struct ControlPayload: Equatable, Sendable {
    /// The most a control frame may carry (RFC 6455 §5.5).
    public static let bytesMax = 125
    /// The most a Close frame's reason may take, behind its two bytes of code (RFC 6455 §5.5.1).
    public static let reasonBytesMax = 123

    @usableFromInline var storage = InlineArray<125, UInt8>(repeating: 0)
    @usableFromInline var filled: UInt8 = 0

    /// Without a single byte.
    public init() {}

    /// - Returns: nil for more than 125 bytes.
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount <= Self.bytesMax else { return nil }
        append(bytes)
    }

    /// A Close frame's reason: as much of `text` as fits into 123 bytes without cutting a character.
    public init(reason text: String) {
        for scalar in text.unicodeScalars {
            let encoded = UTF8.encode(scalar)!
            guard count + encoded.count <= Self.reasonBytesMax else { return }
            for byte in encoded { append(byte) }
        }
    }

    /// In bytes, 0 to 125.
    @inlinable
    public var count: Int { Int(filled) }
    @inlinable
    public var isEmpty: Bool { filled == 0 }

    /// Lends the bytes for the duration of the call.
    @inlinable
    public func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try body(storage.span.bytes.extracting(first: count))
    }

    public static func == (left: ControlPayload, right: ControlPayload) -> Bool {
        guard left.filled == right.filled else { return false }
        for index in 0..<left.count where left.storage[index] != right.storage[index] { return false }
        return true
    }

    /// The number that is all of it, in network byte order; nil: it is something else.
    public var sequence: UInt64? {
        withBytes { $0.byteCount == 8 ? UInt64(bigEndian: $0.unsafeLoadUnaligned(as: UInt64.self)) : nil }
    }

    /// Adds bytes; the caller has made sure that they fit.
    mutating func append(_ bytes: RawSpan) {
        for offset in 0..<bytes.byteCount { append(bytes.byte(at: offset)) }
    }

    mutating func append(_ byte: UInt8) {
        storage[Int(filled)] = byte
        filled += 1
    }

    /// Masks or unmasks all of it.
    mutating func applyMask(_ key: MaskingKey) {
        let count = count
        var bytes = storage.mutableSpan
        bytes.withUnsafeMutableBytes { all in
            Masking.apply(UnsafeMutableRawBufferPointer(rebasing: all[0..<count]), key: key, offset: 0)
        }
    }
}
