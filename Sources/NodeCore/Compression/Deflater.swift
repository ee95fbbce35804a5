// SPDX-License-Identifier: Apache-2.0
import CZlib
import WebSocketCore

/// Compresses outgoing messages one by one (RFC 7692 §7.2.1), each in pieces, so that a large one takes many turns of
/// the loop. Memory is taken with the first message that is long enough, so that a node that sends nothing costs
/// nothing. Loop-bound; belongs to one connection, and what it has begun ends with that.
///
/// A message is compressed whole before its first frame goes out, into memory that grows with what comes of it and
/// never beyond the message's own size: only then it is known whether it has become shorter, and how long its frame is.
///
/// A message may always be sent as it is (§6), and is then no part of what later ones refer to: `deflate` says which,
/// and leaves zlib's state such that it never refers to bytes the peer has not inflated.
public final class Deflater {
    /// What has become of a message.
    public enum Verdict: Equatable, Sendable {
        /// It is `output`.
        case compressed
        /// It has to be sent as it is: it is short, does not shrink, or there is no memory.
        case plain
        /// There is more to be done: `deflate` is to be called with it again.
        case unfinished
    }

    /// What one call of `deflate` takes in at most, in bytes: half a millisecond's work.
    public static let pieceBytes = 32 * 1024
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
    /// How much of the message in progress zlib has taken, and what it has written of it.
    private var inputUsed = 0
    private var used = 0

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

    /// The last message that `deflate` called compressed; until the next call or `releaseOutput`.
    public var output: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: buffer, count: outputBytes) }

    /// A message is in progress.
    public var isMidMessage: Bool { inputUsed > 0 }

    /// Gives the output's memory back, unless a message is in progress. Worth a call when nothing more is to be sent.
    public func releaseOutput() {
        if isMidMessage { return }
        free(buffer)
        buffer = nil
        bufferBytes = 0
        outputBytes = 0
    }

    /// Compresses the next piece of a message into `output`. To be called with the same bytes while it is unfinished.
    public func deflate(_ message: UnsafeRawBufferPointer) -> Verdict {
        outputBytes = 0
        let count = message.count
        guard isMidMessage || (count >= thresholdBytes && count > Self.tailBytes), let base = message.baseAddress,
            let stream = preparedStream()
        else { return .plain }
        let piece = min(count - inputUsed, Self.pieceBytes)
        let isLast = inputUsed + piece == count
        let isRunning = run(
            stream, base.assumingMemoryBound(to: UInt8.self) + inputUsed, piece, outputMax: count + Self.tailBytes,
            flush: isLast ? Z_SYNC_FLUSH : Z_NO_FLUSH)
        inputUsed += piece
        if isRunning, !isLast { return .unfinished }
        let bytes = isRunning ? withoutTail() : nil
        inputUsed = 0
        used = 0
        guard let bytes else {
            // What zlib has seen of the message, the peer has not. Starting anew is consistent whatever the peer still
            // has in its window: nothing refers to it. It costs the following message what it could have referred to,
            // and that is much cheaper than a copy of zlib's state before each message.
            deflateReset(stream)
            return .plain
        }
        outputBytes = bytes
        if !takesContextOver { deflateReset(stream) }
        return .compressed
    }

    /// - Parameter outputMax: the output has to stay shorter than the message; the tail that is cut off comes on top.
    ///   zlib's flush is complete when it leaves room, so that more than this means that it has become too long.
    /// - Returns: false if it does not shrink, or for want of memory.
    private func run(
        _ stream: UnsafeMutablePointer<z_stream>, _ piece: UnsafePointer<UInt8>, _ count: Int, outputMax: Int,
        flush: Int32
    ) -> Bool {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: piece)
        stream.pointee.avail_in = UInt32(truncatingIfNeeded: count)
        while true {
            let room = min(bufferBytes, outputMax)
            if used == room {
                guard used < outputMax, grow(outputMax) else { return false }
                continue
            }
            guard let buffer else { return false }
            stream.pointee.next_out = (buffer + used).assumingMemoryBound(to: UInt8.self)
            let most = min(room - used, Int(Int32.max))
            stream.pointee.avail_out = UInt32(truncatingIfNeeded: most)
            let status = CZlib.deflate(stream, flush)
            guard status == Z_OK || status == Z_BUF_ERROR else { return false }
            used += most - Int(stream.pointee.avail_out)
            if stream.pointee.avail_out > 0 { return stream.pointee.avail_in == 0 }
        }
    }

    /// RFC 7692 §7.2.1: the sync flush ends with an empty stored block, whose last four bytes are left out.
    /// - Returns: how many bytes the message has become; nil if that is not what is there.
    private func withoutTail() -> Int? {
        guard used > Self.tailBytes, let buffer,
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
