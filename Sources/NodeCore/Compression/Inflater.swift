import CZlib
import WebSocketCore

/// Inflates incoming messages one by one (RFC 7692 §7.2.2). Memory for the state is taken with the first of them.
/// Loop-bound; belongs to one connection, which fails when a message does: the state is of no use after that.
public final class Inflater {
    /// §7.2.2: what the sender has left out at the end of each message.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    private let windowBits: Int32
    private let takesContextOver: Bool
    private let messageBytesMax: Int
    private var stream: UnsafeMutablePointer<z_stream>?
    private var buffer: UnsafeMutableRawPointer?
    private var bufferBytes = 0
    private var used = 0
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

    /// - Parameters:
    ///   - bytes: the payload of all frames of a compressed message.
    ///   - isText: the message has to be UTF-8.
    /// - Returns: the message. It is `messageBytesMax` long at most, and so much and one byte is what a message costs
    ///   that would become longer.
    public func inflate(_ bytes: UnsafeRawBufferPointer, isText: Bool) throws(ProtocolError) -> [UInt8] {
        // zlib writes nothing for a second flush in a row, so that senders come to this for the empty message.
        if bytes.isEmpty { return [] }
        let stream = try preparedStream()
        used = 0
        defer { releaseBuffer() }
        var hasEnded = try run(stream, bytes)
        // A message may end with a final block (§7.2.3.4), and then needs no more.
        if !hasEnded {
            let result: Result<Bool, ProtocolError> = Self.tail.withUnsafeBytes { tail in
                do throws(ProtocolError) { return .success(try run(stream, tail)) } catch { return .failure(error) }
            }
            hasEnded = try result.get()
            // The tail is the end of an empty stored block. Bit 7 says that zlib now waits for the next block; anything
            // else means that it took the tail for something different, because the message had been cut off.
            guard hasEnded || stream.pointee.data_type & 128 != 0 else { throw .invalidCompressedData }
        }
        if !takesContextOver { inflateReset(stream) }
        let message = UnsafeRawBufferPointer(start: buffer, count: used)
        if isText {
            // RFC 6455 §8.1: a text message is UTF-8; here it shows only now.
            var validator = UTF8Validator()
            guard validator.feed(message.bytes), validator.isComplete else { throw .invalidUTF8 }
        }
        return Array(message)
    }

    /// Inflates all of `input` behind what there is.
    /// - Returns: true if the last of it was the end of a final block.
    private func run(
        _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeRawBufferPointer
    ) throws(ProtocolError) -> Bool {
        guard let base = input.baseAddress, !input.isEmpty else { return false }
        guard input.count <= Int(Int32.max) else { throw .messageTooBig }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(truncatingIfNeeded: input.count)
        while true {
            if used == bufferBytes { try grow(input.count) }
            guard let buffer else { throw .outOfMemory }
            stream.pointee.next_out = (buffer + used).assumingMemoryBound(to: UInt8.self)
            let room = min(bufferBytes - used, Int(Int32.max))
            stream.pointee.avail_out = UInt32(truncatingIfNeeded: room)
            let status = CZlib.inflate(stream, Z_SYNC_FLUSH)
            used += room - Int(stream.pointee.avail_out)
            // While it inflates, not after: what is beyond the limit is never made.
            guard used <= messageBytesMax else { throw .messageTooBig }
            switch status {
            case Z_OK, Z_BUF_ERROR:
                if stream.pointee.avail_out > 0 {
                    guard stream.pointee.avail_in == 0 else { throw .invalidCompressedData }
                    return false
                }
            case Z_STREAM_END:
                // §7.2.3.4: a final block ends nothing here; what follows may refer to what was before.
                guard inflateResetKeep(stream) == Z_OK else { throw .invalidCompressedData }
                if stream.pointee.avail_in == 0 { return true }
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

    private func releaseBuffer() {
        guard bufferBytes > Self.keptBytesMax else { return }
        free(buffer)
        buffer = nil
        bufferBytes = 0
    }
}
