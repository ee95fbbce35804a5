// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Bytes that grow at their end, made to be used again: an outgoing message is written into it once and handed on.
///
/// Memory comes from malloc and not from Swift's allocator, because that one ends the process when there is none left;
/// here it becomes `EncodingError.noMemory`. A buffer belongs to one thread at a time.
///
/// Invariant: 0 ≤ count ≤ capacity, and behind `capacity` lie `ByteBuffer.slack` bytes that may be overwritten at will.
public final class ByteBuffer {
    /// The most bytes the buffer takes; one more is `EncodingError.tooBig`.
    public let byteCountMax: Int
    /// The bytes it holds.
    public private(set) var count = 0
    /// The bytes it can hold before it must grow.
    public private(set) var capacity = 0

    private var base: UnsafeMutableRawPointer?

    /// Bytes behind the capacity: writers store whole words and count only what they meant.
    static let slack = 64
    /// How far the capacity may go past `byteCountMax`: writers reserve for the worst case, which rarely comes.
    private static let overshoot = 128 * 1024
    private static let capacityMin = 1024

    /// More than any message, and less than the processor's numbers and the overshoot hold.
    private static let limit = Int(min(UInt64(1) << 40, UInt64(Int.max / 2)))

    /// An empty buffer without memory. `byteCountMax` is cut to 0…2^40, on 32 bits to 0…2^30.
    public init(byteCountMax: Int) {
        self.byteCountMax = min(max(byteCountMax, 0), Self.limit)
    }

    deinit { free(base) }

    /// Empties it. Without `keepingCapacity` its memory goes back.
    public func removeAll(keepingCapacity: Bool) {
        count = 0
        if keepingCapacity { return }
        free(base)
        base = nil
        capacity = 0
    }

    /// Makes room for `byteCount` more bytes, so that appending them takes no memory and cannot fail.
    public func reserve(_ byteCount: Int) throws(EncodingError) {
        if byteCount > byteCountMax - count { throw tooBig }
        if capacity - count < byteCount { try grow(by: byteCount) }
    }

    /// Appends `bytes`.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(EncodingError) {
        try reserve(bytes.count)
        guard let source = bytes.baseAddress, let base, bytes.count > 0 else { return }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// Appends one byte.
    func append(_ byte: UInt8) throws(EncodingError) {
        try reserve(1)
        base?.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends the bytes of `array`.
    public func append(_ array: [UInt8]) throws(EncodingError) {
        try reserve(array.count)
        guard let base, array.count > 0 else { return }
        for index in array.indices { base.storeBytes(of: array[index], toByteOffset: count + index, as: UInt8.self) }
        count += array.count
    }

    /// Appends what `write` puts into room for `byteCount` bytes; it says how many it wrote, 0: there was no memory.
    func append(upTo byteCount: Int, _ write: (UnsafeMutableRawPointer) -> Int) throws(EncodingError) {
        try reserve(byteCount)
        let written = min(write(try open().next), byteCount)
        guard written > 0 else { throw .noMemory }
        count += written
    }

    /// Its bytes, valid during the call.
    public func withBytes<Result, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Result) throws(E) -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Some of its bytes, valid until it changes.
    func part(_ lower: Int, _ upper: Int) -> UnsafeRawBufferPointer {
        precondition(lower >= 0 && lower <= upper && upper <= count)
        return UnsafeRawBufferPointer(start: base.map { $0 + lower }, count: upper - lower)
    }

    /// Its bytes to change, valid during the call.
    func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        body(UnsafeMutableRawBufferPointer(start: base, count: count))
    }

    /// Where the next byte goes and where the capacity ends. The memory is there even if the buffer was empty.
    func open() throws(EncodingError) -> (next: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
        if base == nil { try grow(by: Self.capacityMin) }
        guard let base else { throw .noMemory }
        return (base + count, base + capacity)
    }

    /// What was written up to `next`, which `open` or `grow` gave and a writer moved on, is the buffer's now.
    func close(at next: UnsafeMutableRawPointer) throws(EncodingError) {
        guard let base else { return }
        let written = next - base
        precondition(written >= count && written <= capacity + Self.slack)
        if written > byteCountMax { throw tooBig }
        count = written
    }

    /// Moves to a larger place. `next` is where the writer stands, whose bytes move along.
    func grow(
        from next: UnsafeMutableRawPointer, by byteCount: Int
    ) throws(EncodingError) -> (next: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
        guard let old = base else { return try open() }
        let used = next - old
        if used > byteCountMax { throw tooBig }
        try enlarge(used: used, by: byteCount)
        guard let base else { throw .noMemory }
        return (base + used, base + capacity)
    }

    private func grow(by byteCount: Int) throws(EncodingError) { try enlarge(used: count, by: byteCount) }

    private func enlarge(used: Int, by byteCount: Int) throws(EncodingError) {
        let needed = used + byteCount
        let most = byteCountMax + Self.overshoot
        if byteCount > most || needed > most { throw tooBig }
        let wanted = min(max(capacity * 2, needed, Self.capacityMin), most)
        guard let moved = realloc(base, wanted + Self.slack) else { throw .noMemory }
        base = moved
        capacity = wanted
    }

    private var tooBig: EncodingError { .tooBig("the message is larger than \(byteCountMax) bytes") }
}
