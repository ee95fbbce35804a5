// SPDX-License-Identifier: Apache-2.0
/// What of the kernel's struct tcp_info (linux/tcp.h) is needed. It only ever grew at its end, so that the places are
/// the same in all kernels; what an older one does not tell is nil.
struct TCPInformation: Equatable {
    /// More than any kernel tells that we ask of.
    static let bytesMax = 256

    /// Segments that were sent and are not acknowledged.
    let unacknowledgedSegments: UInt32
    /// How long ago the last acknowledgement came, milliseconds.
    let lastAcknowledgement: UInt32
    /// The peer's receive window, bytes; since Linux 5.4.
    let sendWindow: UInt32?

    /// nil: too short to be one.
    init?(_ bytes: UnsafeRawBufferPointer) {
        func number(at offset: Int) -> UInt32? {
            offset + 4 <= bytes.count ? bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) : nil
        }
        guard let unacknowledged = number(at: 24), let last = number(at: 56) else { return nil }
        unacknowledgedSegments = unacknowledged
        lastAcknowledgement = last
        sendWindow = number(at: 228)
    }
}
