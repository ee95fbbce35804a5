// SPDX-License-Identifier: Apache-2.0
/// What becomes of the Pongs among a server's control frames.
enum PongFrames {
    /// RFC 6455 §5.2: FIN and the opcode of a Pong.
    private static let pong: UInt8 = 0x8A
    private static let headerBytes = 2

    /// Appends whole control frames, unmasked and of at most 125 bytes each as a server sends them.
    static func append(
        _ frames: UnsafeRawBufferPointer, as pongs: ServerBehaviour.Pongs, to output: inout [UInt8]
    ) {
        guard pongs != .right else { return output.append(contentsOf: frames) }
        var start = 0
        while start + headerBytes <= frames.count {
            let end = min(frames.count, start + headerBytes + Int(frames[start + 1] & 0x7F))
            let frame = frames[start..<end]
            start = end
            if frame.first != pong {
                output.append(contentsOf: frame)
            } else if pongs == .wrong {
                append(wrong: frame.dropFirst(headerBytes), to: &output)
            }
        }
    }

    /// Each byte turned over; one where there was none.
    private static func append(wrong payload: Slice<UnsafeRawBufferPointer>, to output: inout [UInt8]) {
        let bytes = payload.isEmpty ? [0xFF] : payload.map { ~$0 }
        output += [pong, UInt8(bytes.count)] + bytes
    }
}
