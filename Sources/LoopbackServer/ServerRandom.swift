// SPDX-License-Identifier: Apache-2.0
import CLinux

public enum ServerRandom {
    /// Random bytes as hex digits, for tokens and nonces.
    public static func hex(bytes count: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        // Up to 256 bytes it neither fails nor gives less once the system is up (getrandom(2)); before, it waits.
        while getrandom(&bytes, count, 0) != count {}
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
