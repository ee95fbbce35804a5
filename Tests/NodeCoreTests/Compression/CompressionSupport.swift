// SPDX-License-Identifier: Apache-2.0
import CZlib
import Testing
import WebSocketCore

@testable import NodeCore

/// Bytes written as hexadecimal digits; spaces are for the reader.
func bytes(hex text: String) -> [UInt8] {
    let digits = text.utf8.filter { $0 != UInt8(ascii: " ") }.map { UInt8(ascii: "9") >= $0 ? $0 - 48 : ($0 | 32) - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

extension SplitMix: RandomNumberGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

    /// Text that repeats itself from near and far.
    mutating func words(_ count: Int) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < count {
            if text.count > 10, Bool.random(using: &self) {
                let length = Int.random(in: 3...min(300, text.count), using: &self)
                let start = Int.random(in: 0...(text.count - length), using: &self)
                text += text[start..<start + length]
            } else {
                text += (0..<8).map { _ in UInt8.random(in: 97...122, using: &self) }
            }
        }
        return Array(text.prefix(count))
    }
}

func makeDeflater(
    window: Int = 15, memory: Int = 8, takeover: Bool = true, threshold: Int = 0,
    agreed: DeflateParameters = DeflateParameters()
) -> Deflater? {
    Deflater.make(
        agreed: agreed,
        options: CompressionOptions(
            windowBits: window, memoryLevel: memory, contextTakeover: takeover, thresholdBytes: threshold))
}

extension Deflater {
    /// The compressed message, or nil if it goes out as it is.
    func compressed(_ message: [UInt8]) -> [UInt8]? {
        message.withUnsafeBytes { raw in
            while true {
                switch deflate(raw) {
                case .compressed: return Array(output)
                case .plain: return nil
                case .unfinished: continue
                }
            }
        }
    }
}

func makeInflater(window: Int = 15, takeover: Bool = true, max: Int = 1 << 20) -> Inflater {
    var agreed = DeflateParameters()
    agreed.serverMaxWindowBits = window
    agreed.serverNoContextTakeover = !takeover
    return Inflater(agreed: agreed, messageBytesMax: max)
}

extension Inflater {
    func inflated(_ bytes: [UInt8], isText: Bool = false) -> Result<[UInt8], ProtocolError> {
        bytes.withUnsafeBytes { raw in
            defer { forget() }
            do throws(ProtocolError) {
                while true {
                    if let message = try inflate(raw, isText: isText) { return .success(Array(message)) }
                }
            } catch { return .failure(error) }
        }
    }
}

/// A peer that has just the window that was agreed on: it takes the output byte by byte, so that zlib finds nothing of
/// what was before but in its window.
final class StrictPeer {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let takesContextOver: Bool

    init(window: Int, takeover: Bool) {
        takesContextOver = takeover
        stream.initialize(to: z_stream())
        precondition(neuron_ws_inflate_init(stream, Int32(window)) == Z_OK)
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Nil: it does not inflate.
    func inflate(_ message: [UInt8]) -> [UInt8]? {
        var input = message + [0, 0, 0xFF, 0xFF]
        var output: [UInt8] = []
        var byte: UInt8 = 0
        let isValid = input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            while true {
                let status = withUnsafeMutablePointer(to: &byte) { target in
                    stream.pointee.next_out = target
                    stream.pointee.avail_out = 1
                    return CZlib.inflate(stream, Z_SYNC_FLUSH)
                }
                if stream.pointee.avail_out == 1 { return stream.pointee.avail_in == 0 && status != Z_DATA_ERROR }
                guard status == Z_OK else { return false }
                output.append(byte)
            }
        }
        if !takesContextOver { inflateReset(stream) }
        return isValid ? output : nil
    }
}
