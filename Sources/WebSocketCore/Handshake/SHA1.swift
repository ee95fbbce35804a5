// SPDX-License-Identifier: Apache-2.0
/// SHA-1 (FIPS 180-4 §6.1), only because the opening handshake asks for it (RFC 6455 §1.3): there it proves that the
/// other side speaks WebSocket, and protects nothing.
public enum SHA1 {
    /// - Parameter message: short; all of it is held in memory once more.
    /// - Returns: 20 bytes.
    public static func digest(_ message: [UInt8]) -> [UInt8] {
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        let padded = pad(message)
        var schedule = [UInt32](repeating: 0, count: 80)
        var block = 0
        while block < padded.count {
            fill(&schedule, from: padded, at: block)
            compress(&state, schedule)
            block += 64
        }
        var digest: [UInt8] = []
        digest.reserveCapacity(20)
        for word in state {
            for shift: UInt32 in [24, 16, 8, 0] { digest.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return digest
    }

    /// FIPS 180-4 §5.1.1: a one bit, zeros, and the length in bits as 64 bits.
    private static func pad(_ message: [UInt8]) -> [UInt8] {
        var padded = message
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) &* 8
        var shift: UInt64 = 64
        while shift > 0 {
            shift -= 8
            padded.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
        return padded
    }

    private static func fill(_ schedule: inout [UInt32], from bytes: [UInt8], at start: Int) {
        for index in 0..<16 {
            var word: UInt32 = 0
            for offset in 0..<4 { word = word << 8 | UInt32(bytes[start + index * 4 + offset]) }
            schedule[index] = word
        }
        for index in 16..<80 {
            let mixed = schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16]
            schedule[index] = rotateLeft(mixed, 1)
        }
    }

    private static func compress(_ state: inout [UInt32], _ schedule: [UInt32]) {
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for index in 0..<80 {
            let mixed: UInt32
            let constant: UInt32
            switch index {
            case 0..<20: (mixed, constant) = ((b & c) | (~b & d), 0x5A82_7999)
            case 20..<40: (mixed, constant) = (b ^ c ^ d, 0x6ED9_EBA1)
            case 40..<60: (mixed, constant) = ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
            default: (mixed, constant) = (b ^ c ^ d, 0xCA62_C1D6)
            }
            let next = rotateLeft(a, 5) &+ mixed &+ e &+ constant &+ schedule[index]
            (e, d, c, b, a) = (d, c, rotateLeft(b, 30), a, next)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }

    private static func rotateLeft(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word &<< bits | word &>> (32 &- bits)
    }
}
