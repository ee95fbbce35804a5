import CZlib
import WebSocketCore

/// Compresses outgoing messages one by one (RFC 7692 §7.2.1). Memory is taken with the first message that is long
/// enough, so that a node that sends nothing costs nothing. Loop-bound; belongs to one connection.
///
/// A message may always be sent as it is (§6), and is then no part of what later ones refer to: `deflate` says which,
/// and leaves zlib's state such that it never refers to bytes the peer has not inflated.
public final class Deflater {
    /// The last level that costs next to nothing on telemetry: 6 saves another fifth and takes one and a half times as
    /// long (docs/compression.md).
    public static let level: Int32 = 4
    /// 00 00 FF FF, the end of an empty stored block (§7.2.1).
    private static let tailBytes = 4

    private let windowBits: Int32
    private let memoryLevel: Int32
    private let takesContextOver: Bool
    /// Messages of fewer bytes are sent as they are.
    public var thresholdBytes: Int

    private var stream: UnsafeMutablePointer<z_stream>?
    /// There was no memory for zlib: everything goes out as it is.
    private var hasFailed = false
    private var buffer: UnsafeMutableRawPointer?
    private var bufferBytes = 0
    private var outputBytes = 0

    private init(windowBits: Int, memoryLevel: Int, takesContextOver: Bool, thresholdBytes: Int) {
        self.windowBits = Int32(truncatingIfNeeded: windowBits)
        self.memoryLevel = Int32(truncatingIfNeeded: memoryLevel)
        self.takesContextOver = takesContextOver
        self.thresholdBytes = thresholdBytes
    }

    /// - Parameters:
    ///   - agreed: what the handshake came to.
    ///   - options: what the settings allow; its window and its context takeover may be less than what was agreed.
    /// - Returns: nil if all messages have to go out as they are: the server wants a window of 8 bits, 256 bytes.
    ///   zlib refuses that for raw DEFLATE, and takes 9 bits for 8 elsewhere. That no distance it writes with 9 bits
    ///   is longer than 250 today is a property of its inner workings and promised by nobody, least of all for the
    ///   other libraries that are installed under its name; so nothing here depends on it.
    public static func make(agreed: DeflateParameters, options: CompressionOptions) -> Deflater? {
        let bits = min(agreed.clientMaxWindowBits, options.windowBits)
        guard bits >= 9 else { return nil }
        return Deflater(
            windowBits: bits, memoryLevel: options.memoryLevel,
            // RFC 7692 §7.1.1.2: only the server's wish binds; ours is kept whatever it answers.
            takesContextOver: options.contextTakeover && !agreed.clientNoContextTakeover,
            thresholdBytes: options.thresholdBytes)
    }

    deinit {
        if let stream {
            deflateEnd(stream)
            stream.deallocate()
        }
        free(buffer)
    }

    /// The last message that `deflate` returned true for; until the next call or `releaseOutput`.
    public var output: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: buffer, count: outputBytes) }

    /// Gives the output's memory back. Worth a call when nothing more is to be sent.
    public func releaseOutput() {
        free(buffer)
        buffer = nil
        bufferBytes = 0
        outputBytes = 0
    }

    /// Compresses a message into `output`.
    /// - Returns: false if it has to be sent as it is: it is short, does not shrink, or there is no memory.
    public func deflate(_ message: UnsafeRawBufferPointer) -> Bool {
        outputBytes = 0
        let count = message.count
        guard count >= thresholdBytes, count > Self.tailBytes, count <= Int(Int32.max), let base = message.baseAddress,
            let stream = preparedStream()
        else { return false }
        guard let bytes = run(stream, base.assumingMemoryBound(to: UInt8.self), count) else {
            // What zlib has seen of the message, the peer has not. Starting anew is consistent whatever the peer still
            // has in its window: nothing refers to it. It costs the following message what it could have referred to,
            // and that is much cheaper than a copy of zlib's state before each message.
            deflateReset(stream)
            return false
        }
        outputBytes = bytes
        if !takesContextOver { deflateReset(stream) }
        return true
    }

    /// - Returns: how many bytes of output the message has become; nil if it does not shrink.
    private func run(
        _ stream: UnsafeMutablePointer<z_stream>, _ message: UnsafePointer<UInt8>, _ count: Int
    ) -> Int? {
        // The output has to stay shorter than the message; the tail that is cut off comes on top. zlib's flush is
        // complete when it leaves room, so that more than this means that it has become too long.
        let roomMax = count + Self.tailBytes
        stream.pointee.next_in = UnsafeMutablePointer(mutating: message)
        stream.pointee.avail_in = UInt32(truncatingIfNeeded: count)
        var used = 0
        while true {
            let room = min(bufferBytes, roomMax)
            if used == room {
                guard used < roomMax, grow(roomMax) else { return nil }
                continue
            }
            guard let buffer else { return nil }
            stream.pointee.next_out = (buffer + used).assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(truncatingIfNeeded: room - used)
            let status = CZlib.deflate(stream, Z_SYNC_FLUSH)
            guard status == Z_OK || status == Z_BUF_ERROR else { return nil }
            used = room - Int(stream.pointee.avail_out)
            if used < room { break }
        }
        // RFC 7692 §7.2.1: the sync flush ends with an empty stored block, whose last four bytes are left out.
        guard stream.pointee.avail_in == 0, used > Self.tailBytes, let buffer,
            (buffer + used - Self.tailBytes).loadUnaligned(as: UInt32.self) == UInt32(bigEndian: 0x0000_FFFF)
        else { return nil }
        return used - Self.tailBytes
    }

    private func preparedStream() -> UnsafeMutablePointer<z_stream>? {
        if stream != nil || hasFailed { return stream }
        let new = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        new.initialize(to: z_stream())
        guard neuron_ws_deflate_init(new, Self.level, windowBits, memoryLevel) == Z_OK else {
            new.deallocate()
            hasFailed = true
            return nil
        }
        stream = new
        return new
    }

    private func grow(_ bytesMax: Int) -> Bool {
        let bytes = min(bytesMax, max(1024, bufferBytes * 2))
        guard let larger = realloc(buffer, bytes) else { return false }
        buffer = larger
        bufferBytes = bytes
        return true
    }
}
