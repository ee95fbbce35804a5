// SPDX-License-Identifier: Apache-2.0
extension RawSpan {
    /// The byte at `offset`, which must be within `0..<byteCount`.
    @inlinable
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
