// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Unpredictable bytes from the kernel, as RFC 6455 sections 4.1 and 5.3 want them for keys and masks.
enum Random {
    /// Fills all of `bytes`.
    static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        var filled = 0
        while filled < bytes.count {
            let count = Syscalls.random(UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            // Flags of 0 wait for the pool at early boot; there is no other way to fail on kernels since 3.17.
            precondition(count > 0, "getrandom is missing")
            filled += count
        }
    }

    /// One random number, all values equally likely.
    static func next() -> UInt64 {
        var value: UInt64 = 0
        withUnsafeMutableBytes(of: &value) { fill($0) }
        return value
    }
}
