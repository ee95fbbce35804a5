import WebSocketCore

/// What MD5 (RFC 1321 §3.1) and SHA-256 (FIPS 180-4 §5.1.1) have in common: a message as blocks of sixteen words, with
/// a one bit, zeros, and the length in bits as 64 bits behind it.
enum HashBlocks {
    static func forEach(
        _ message: UnsafeRawBufferPointer, isBigEndian: Bool, _ body: ([UInt32]) -> Void
    ) {
        var block = [UInt32](repeating: 0, count: 16)
        let bits = UInt64(message.count) &* 8
        let end = (message.count + 8) / 64 * 64 + 64
        for start in stride(from: 0, to: end, by: 64) {
            for index in 0..<16 {
                var word: UInt32 = 0
                for offset in 0..<4 {
                    let place = start + index * 4 + offset
                    let shift = UInt32(isBigEndian ? 24 - 8 * offset : 8 * offset)
                    word |= UInt32(byte(message, place, end, bits, isBigEndian)) << shift
                }
                block[index] = word
            }
            body(block)
        }
        block.withUnsafeMutableBytes { SecretBytes.wipe($0) }
    }

    private static func byte(
        _ message: UnsafeRawBufferPointer, _ place: Int, _ end: Int, _ bits: UInt64, _ isBigEndian: Bool
    ) -> UInt8 {
        if place < message.count { return message[place] }
        if place == message.count { return 0x80 }
        guard place >= end - 8 else { return 0 }
        let offset = UInt64(place - (end - 8))
        return UInt8(truncatingIfNeeded: bits >> (isBigEndian ? 56 - 8 * offset : 8 * offset))
    }

    static func bytes(_ state: [UInt32], isBigEndian: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in state {
            let ordered = isBigEndian ? word : word.byteSwapped
            for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: ordered >> shift)) }
        }
        return bytes
    }
}
