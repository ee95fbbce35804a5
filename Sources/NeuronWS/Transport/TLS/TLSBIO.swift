// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// OpenSSL's idea of a transport, made of a session's buffers: it reads what `TLSSession.feed` lent and writes to the
/// output buffer. Nothing here fails but for want of memory, waits or makes a system call.
enum TLSBIO {
    /// Made once per process and never freed: OpenSSL has only 127 numbers for these.
    nonisolated(unsafe) private static let method: OpaquePointer? = makeMethod()

    /// A BIO that keeps an unowned reference: the session frees it, and so outlives it.
    static func make(for session: TLSSession) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(session).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    private static func makeMethod() -> OpaquePointer? {
        let number = BIO_get_new_index()
        // Without a number of its own it still works: numbers only serve to search chains of BIOs.
        let type = (number > 0 ? number : 0) | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(type, "neuron_ws") else { return nil }
        BIO_meth_set_read_ex(method) { bio, space, size, count in
            guard let bio, let space, let session = BIO_get_data(bio) else { return 0 }
            neuron_ws_BIO_clear_retry_flags(bio)
            let taken = Unmanaged<TLSSession>.fromOpaque(session)._withUnsafeGuaranteedRef {
                $0.takeIncoming(space, size)
            }
            count?.pointee = taken
            if taken > 0 { return 1 }
            neuron_ws_BIO_set_retry_read(bio)
            return 0
        }
        BIO_meth_set_write_ex(method) { bio, bytes, size, count in
            guard let bio, let bytes, let session = BIO_get_data(bio) else { return 0 }
            neuron_ws_BIO_clear_retry_flags(bio)
            let isDone = Unmanaged<TLSSession>.fromOpaque(session)._withUnsafeGuaranteedRef {
                $0.appendOutgoing(bytes, size)
            }
            count?.pointee = isDone ? size : 0
            return isDone ? 1 : 0
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            // Flushing is the stream's business; everything else is unknown here, and 0 says so.
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        return method
    }
}
