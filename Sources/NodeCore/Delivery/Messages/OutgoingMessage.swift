// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A message on its way into a chunk: the host's bytes and, with the setting `sequence`, the members that tell a
/// receiver which message it has: `{"seq":17,"stream":"6fd1c0a9b2e3d487",` in place of its opening brace.
///
/// They are among the message's bytes from there on, so that what is sent again, compressed or stored is one thing.
public struct OutgoingMessage {
    /// What stands in front at most, bytes: the members' names, 20 digits of a number and 16 of a stream.
    public static let headBytesMax = 56
    private static let digitsMax = 20

    public let stamp: MessageStamp
    private let rest: UnsafeRawBufferPointer
    /// Bytes in front of `rest`.
    private var headCount = 0
    /// Something stands in the message's braces.
    private let hasMembers: Bool
    private var id: UInt64 = 0
    private var stream: UInt64 = 0

    /// As it is.
    public init(_ bytes: UnsafeRawBufferPointer, _ stamp: MessageStamp) {
        self.stamp = stamp
        rest = bytes
        hasMembers = true
    }

    /// With its number, which `number` sets: until then it is as long as the longest. nil: these bytes are no JSON
    /// object, by their first and last character; no more is looked at.
    public init?(numbered bytes: UnsafeRawBufferPointer, _ stamp: MessageStamp) {
        let start = JSONScan.skipBlanks(bytes, from: ByteOrderMark.begins(bytes) ? ByteOrderMark.byteCount : 0)
        var end = bytes.count
        while end > start, JSONScan.isBlank(bytes[end - 1]) { end -= 1 }
        guard end - start >= 2, bytes[start] == UInt8(ascii: "{"), bytes[end - 1] == UInt8(ascii: "}") else {
            return nil
        }
        var stamp = stamp
        stamp.isNumbered = true
        self.stamp = stamp
        rest = UnsafeRawBufferPointer(rebasing: bytes[start + 1..<end])
        hasMembers = JSONScan.skipBlanks(bytes, from: start + 1) != end - 1
        headCount = Self.headBytesMax
    }

    /// As it will lie in the chunk, bytes.
    public var byteCount: Int { headCount + rest.count }

    /// 16 hexadecimal digits.
    public static func text(ofStream stream: UInt64) -> [UInt8] {
        (0..<16).map { hexDigit(stream, at: $0) }
    }

    private static func hexDigit(_ stream: UInt64, at place: Int) -> UInt8 {
        ASCII.hexDigit(of: UInt8(stream >> UInt64(60 - 4 * place) & 0xF))
    }

    /// Gives it its number.
    /// - Parameters:
    ///   - stream: which row of numbers that is one of, for a receiver that serves many.
    ///   - keepsLength: blanks fill what the digits leave, because the room is laid out.
    mutating func number(_ id: UInt64, stream: UInt64, keepsLength: Bool = false) {
        guard stamp.isNumbered else { return }
        self.id = id
        self.stream = stream
        if keepsLength { return }
        var digits = 1
        var left = id
        while left >= 10 {
            left /= 10
            digits += 1
        }
        headCount = Self.headBytesMax - (Self.digitsMax - digits) - (hasMembers ? 0 : 1)
    }

    /// What a message that bears its number begins with; nil: these bytes do not.
    public static func head(of bytes: UnsafeRawBufferPointer) -> (number: UInt64, stream: UInt64)? {
        var at = 0
        func take(_ text: StaticString) -> Bool {
            guard bytes.count - at >= text.utf8CodeUnitCount else { return false }
            for index in 0..<text.utf8CodeUnitCount where bytes[at + index] != text.utf8Start[index] { return false }
            at += text.utf8CodeUnitCount
            return true
        }
        guard take("{\"seq\":") else { return nil }
        let first = at
        while at < bytes.count, at - first < 20, ASCII.isDigit(bytes[at]) { at += 1 }
        guard let number = ASCII.decimal(bytes[first..<at]), take(",\"stream\":\""), bytes.count - at > 16,
            let stream = ASCII.hexadecimal(bytes[at..<at + 16])
        else { return nil }
        return (number, stream)
    }

    /// Writes it where `byteCount` bytes have room.
    func write(to target: UnsafeMutableRawPointer) {
        if headCount > 0 { writeHead(to: target) }
        if let source = rest.baseAddress { (target + headCount).copyMemory(from: source, byteCount: rest.count) }
    }

    /// The members alone, where the message lies already.
    func writeHead(to target: UnsafeMutableRawPointer) {
        guard stamp.isNumbered else { return }
        var count = 0
        func put(_ byte: UInt8) {
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
        }
        func put(_ text: StaticString) { for index in 0..<text.utf8CodeUnitCount { put(text.utf8Start[index]) } }
        put("{\"seq\":")
        var power: UInt64 = 1
        while id / power >= 10 { power *= 10 }
        while power > 0 {
            put(ASCII.hexDigit(of: UInt8(id / power % 10)))
            power /= 10
        }
        put(",\"stream\":\"")
        for place in 0..<16 { put(Self.hexDigit(stream, at: place)) }
        put(UInt8(ascii: "\""))
        if hasMembers { put(UInt8(ascii: ",")) }
        while count < headCount { put(UInt8(ascii: " ")) }
    }
}
