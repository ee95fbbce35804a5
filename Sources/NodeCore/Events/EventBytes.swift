// SPDX-License-Identifier: Apache-2.0
import CJansson

/// What an event carries, in memory of its own until the host has read it. Immutable.
///
/// Memory comes from malloc, because Swift's allocator ends the process when there is none left.
public final class EventBytes: Equatable, @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    public let count: Int

    /// A copy, with a NUL behind it, which serves those who read a log line as a C string. nil: no memory.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard let room = malloc(bytes.count + 1) else { return nil }
        if let source = bytes.baseAddress { room.copyMemory(from: source, byteCount: bytes.count) }
        room.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        base = room
        count = bytes.count
    }

    deinit { free(base) }

    public static func == (one: EventBytes, other: EventBytes) -> Bool {
        one.withUnsafeBytes { bytes in other.withUnsafeBytes { bytes.elementsEqual($0) } }
    }

    /// Lends them for the duration of the call.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withExtendedLifetime(self) { body(UnsafeRawBufferPointer(start: base, count: count)) }
    }

    /// Where they are, as long as somebody holds this object.
    public var pointer: UnsafePointer<UInt8> { UnsafePointer(base.assumingMemoryBound(to: UInt8.self)) }
}
