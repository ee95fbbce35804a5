// SPDX-License-Identifier: Apache-2.0
/// The place in a buffer where the next byte goes, for the time of one encode.
///
/// It holds raw pointers, because a bounds check and an exclusivity check per byte would cost more than the byte: what
/// keeps them inside the buffer is that every write is preceded by a `reserve` of at least as much. Hot functions take
/// and return the `next` pointer by value, so that it stays in a register between stores.
///
/// Invariant: start ≤ next ≤ end + ByteBuffer.slack, where the slack is touched only by whole-word stores.
struct ByteWriter: ~Copyable {
    let buffer: ByteBuffer
    var next: UnsafeMutableRawPointer
    private(set) var end: UnsafeMutableRawPointer

    private init(_ buffer: ByteBuffer, next: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
        self.buffer = buffer
        self.next = next
        self.end = end
    }

    /// A writer at the buffer's end. The bytes become the buffer's with `finish`, not before.
    static func open(_ buffer: ByteBuffer) throws(EncodingError) -> ByteWriter {
        let place = try buffer.open()
        return ByteWriter(buffer, next: place.next, end: place.end)
    }

    /// How far `next` is from the buffer's first byte: a place that stays true when the buffer grows.
    var offset: Int { buffer.capacity - (end - next) }

    /// The buffer's first byte, until it grows.
    var start: UnsafeMutableRawPointer { next - offset }

    /// Writes over a byte that was written before.
    func overwrite(at offset: Int, with byte: UInt8) {
        precondition(offset >= 0 && offset < self.offset)
        (next - (self.offset - offset)).storeBytes(of: byte, as: UInt8.self)
    }

    /// Hands what was written to the buffer.
    consuming func finish() throws(EncodingError) { try buffer.close(at: next) }

    /// The most that one `reserve` may ask for: longer texts are written piece by piece, so that reserving for the
    /// worst case never refuses a message that fits.
    static let pieceBytesMax = 64 * 1024

    /// Room for `byteCount` bytes, at most `pieceBytesMax`.
    @inline(__always)
    mutating func reserve(_ byteCount: Int) throws(EncodingError) {
        if end - next < byteCount { try grow(byteCount) }
    }

    @inline(never)
    private mutating func grow(_ byteCount: Int) throws(EncodingError) {
        let place = try buffer.grow(from: next, by: byteCount)
        next = place.next
        end = place.end
    }

    /// One byte.
    @inline(__always)
    mutating func writeByte(_ byte: UInt8) throws(EncodingError) {
        try reserve(1)
        next.storeBytes(of: byte, as: UInt8.self)
        next += 1
    }

    /// A constant text, as it stands in the source.
    mutating func write(_ text: StaticString) throws(EncodingError) {
        let count = text.utf8CodeUnitCount
        try reserve(count)
        next.copyMemory(from: text.utf8Start, byteCount: count)
        next += count
    }

    /// Bytes of any number, as they are.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(EncodingError) {
        guard var source = bytes.baseAddress else { return }
        var left = bytes.count
        while left > 0 {
            let piece = min(left, Self.pieceBytesMax)
            try reserve(piece)
            next.copyMemory(from: source, byteCount: piece)
            next += piece
            source += piece
            left -= piece
        }
    }

    /// The bytes of an array, as they are.
    mutating func write(_ array: [UInt8]) throws(EncodingError) {
        try write(array, from: 0, to: array.count)
    }

    /// A part of an array, as it is.
    mutating func write(_ array: [UInt8], from lower: Int, to upper: Int) throws(EncodingError) {
        // A closure cannot carry a typed error through every `withUnsafeBytes` of the Embedded library; spans can.
        let bytes = array.span.bytes
        var index = lower
        while index < upper {
            let piece = min(upper - index, Self.pieceBytesMax)
            try reserve(piece)
            for offset in 0..<piece {
                next.storeBytes(
                    of: bytes.unsafeLoad(fromByteOffset: index + offset, as: UInt8.self), toByteOffset: offset,
                    as: UInt8.self)
            }
            next += piece
            index += piece
        }
    }

    /// An integer in decimal.
    mutating func writeInteger(_ number: Int64) throws(EncodingError) {
        try reserve(DecimalWriter.byteCountMax)
        next = DecimalWriter.write(number, at: next)
    }
}
