// SPDX-License-Identifier: Apache-2.0
import CZlib
import WebSocketCore

/// Inflates incoming messages one by one (RFC 7692 §7.2.2), each in pieces, so that a large one takes many turns of
/// the loop. Memory for the state is taken with the first of them. Loop-bound; belongs to one connection, which fails
/// when a message does: the state is of no use after that.
///
/// Invariant: `used <= bufferBytes <= messageBytesMax + 1`.
public final class Inflater {
    /// What one call of `inflate` takes in and gives out at most, in bytes: a millisecond's work, even of blocks that
    /// come to nothing.
    public static let inputPieceBytes = 16 * 1024
    public static let outputPieceBytes = 64 * 1024
    /// §7.2.2: what the sender has left out at the end of each message.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    private let windowBits: Int32
    private let takesContextOver: Bool
    private let messageBytesMax: Int
    private var stream: UnsafeMutablePointer<z_stream>?
    private var buffer: UnsafeMutableRawPointer?
    private var bufferBytes = 0
    private var used = 0
    /// How much of the message in progress, and of the tail behind it, zlib has taken.
    private var inputUsed = 0
    private var tailUsed = 0
    /// The last piece of output was full: there may be more of it before more is taken.
    private var isDraining = false
    /// The last that was taken was the end of a final block.
    private var hasEnded = false
    private var validator = UTF8Validator()
    /// The largest that the buffer has been; for tests.
    private(set) var bufferBytesMost = 0

    /// - Parameter messageBytesMax: what a message may inflate to, in bytes.
    public init(agreed: DeflateParameters, messageBytesMax: Int) {
        // Peers that agree to 8 bits and have zlib deflate with 9 are known (zlib has no 8). 256 bytes more forgive it.
        windowBits = Int32(truncatingIfNeeded: max(9, agreed.serverMaxWindowBits))
        takesContextOver = !agreed.serverNoContextTakeover
        self.messageBytesMax = messageBytesMax
    }

    deinit {
        if let stream {
            inflateEnd(stream)
            stream.deallocate()
        }
        free(buffer)
    }

    /// How much the message in progress has become so far, bytes.
    public var inflatedBytes: Int { used }

    /// Inflates the next piece of a message. To be called with the same bytes until it returns the message.
    /// - Parameters:
    ///   - bytes: the payload of all frames of a compressed message.
    ///   - isText: the message has to be UTF-8.
    /// - Returns: the message, once it is whole, valid until `forget`; nil: there is more to be done. It is
    ///   `messageBytesMax` long at most, and so much and one byte is what a message costs that would become longer.
    public func inflate(
        _ bytes: UnsafeRawBufferPointer, isText: Bool
    ) throws(ProtocolError) -> UnsafeRawBufferPointer? {
        // zlib writes nothing for a second flush in a row, so that senders come to this for the empty message.
        if bytes.isEmpty { return UnsafeRawBufferPointer(start: buffer, count: 0) }
        let stream = try preparedStream()
        if inputUsed < bytes.count || (isDraining && tailUsed == 0) {
            let end = min(bytes.count, inputUsed + Self.inputPieceBytes)
            let piece = UnsafeRawBufferPointer(rebasing: bytes[inputUsed..<end])
            inputUsed += try run(stream, piece, inputBytes: bytes.count, isText: isText)
            if inputUsed < bytes.count || isDraining { return nil }
        }
        // A message may end with a final block (§7.2.3.4), and then needs no more.
        if !hasEnded {
            let taken: Result<Int, ProtocolError> = Self.tail.withUnsafeBytes { tail in
                let rest = UnsafeRawBufferPointer(rebasing: tail[tailUsed...])
                do throws(ProtocolError) {
                    return .success(try run(stream, rest, inputBytes: bytes.count, isText: isText))
                } catch { return .failure(error) }
            }
            tailUsed += try taken.get()
            if tailUsed < Self.tail.count || isDraining { return nil }
            // The tail is the end of an empty stored block. Bit 7 says that zlib now waits for the next block; anything
            // else means that it took the tail for something different, because the message had been cut off.
            guard hasEnded || stream.pointee.data_type & 128 != 0 else { throw .invalidCompressedData }
        }
        // RFC 6455 §8.1: a text message is UTF-8, whole characters of it.
        if isText, !validator.isComplete { throw .invalidUTF8 }
        if !takesContextOver { inflateReset(stream) }
        return UnsafeRawBufferPointer(start: buffer, count: used)
    }

    /// Lets go of the message that `inflate` returned.
    public func forget() {
        used = 0
        inputUsed = 0
        tailUsed = 0
        isDraining = false
        hasEnded = false
        validator = UTF8Validator()
        guard bufferBytes > Self.keptBytesMax else { return }
        free(buffer)
        buffer = nil
        bufferBytes = 0
    }

    /// Inflates `input` behind what there is, as far as one piece of output goes.
    /// - Returns: how many bytes of the input that took.
    private func run(
        _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeRawBufferPointer, inputBytes: Int, isText: Bool
    ) throws(ProtocolError) -> Int {
        if used == bufferBytes { try grow(inputBytes) }
        guard let buffer else { throw .outOfMemory }
        let room = min(bufferBytes - used, Self.outputPieceBytes)
        stream.pointee.next_in = input.baseAddress.map {
            UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
        }
        stream.pointee.avail_in = UInt32(truncatingIfNeeded: input.count)
        stream.pointee.next_out = (buffer + used).assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(truncatingIfNeeded: room)
        hasEnded = try inflateAll(stream)
        let made = room - Int(stream.pointee.avail_out)
        // zlib may hold back what had no room, the end of a final block included.
        isDraining = stream.pointee.avail_out == 0 && !hasEnded
        // While it inflates, not after: what is beyond the limit is never made.
        guard used + made <= messageBytesMax else { throw .messageTooBig }
        // RFC 6455 §8.1: with its first wrong byte, piece by piece.
        if isText, !validator.feed(UnsafeRawBufferPointer(start: buffer + used, count: made).bytes) {
            throw .invalidUTF8
        }
        used += made
        return input.count - Int(stream.pointee.avail_in)
    }

    /// Inflates until there is no input or no room.
    /// - Returns: true if the last of the input was the end of a final block.
    private func inflateAll(_ stream: UnsafeMutablePointer<z_stream>) throws(ProtocolError) -> Bool {
        while true {
            switch CZlib.inflate(stream, Z_SYNC_FLUSH) {
            case Z_OK, Z_BUF_ERROR:
                guard stream.pointee.avail_out == 0 || stream.pointee.avail_in == 0 else {
                    throw .invalidCompressedData
                }
                return false
            case Z_STREAM_END:
                // §7.2.3.4: a final block ends nothing here; what follows may refer to what was before.
                guard inflateResetKeep(stream) == Z_OK else { throw .invalidCompressedData }
                if stream.pointee.avail_in == 0 { return true }
                // Room is needed even for what comes to nothing.
                if stream.pointee.avail_out == 0 { return false }
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .invalidCompressedData
            }
        }
    }

    private func preparedStream() throws(ProtocolError) -> UnsafeMutablePointer<z_stream> {
        if let stream { return stream }
        let new = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        new.initialize(to: z_stream())
        guard neuron_ws_inflate_init(new, windowBits) == Z_OK else {
            new.deallocate()
            throw .outOfMemory
        }
        stream = new
        return new
    }

    /// Doubles the buffer, up to the limit and one byte, which shows that there is more.
    private func grow(_ inputBytes: Int) throws(ProtocolError) {
        let wanted = max(1024, inputBytes.multipliedReportingOverflow(by: 4).partialValue)
        let bytes = min(bufferBytes == 0 ? wanted : bufferBytes * 2, messageBytesMax + 1)
        guard bytes > bufferBytes, let larger = realloc(buffer, bytes) else { throw .outOfMemory }
        buffer = larger
        bufferBytes = bytes
        bufferBytesMost = max(bufferBytesMost, bytes)
    }

    /// Buffers of up to this many bytes are kept for the next message: 4 KiB.
    private static let keptBytesMax = 4096
}
