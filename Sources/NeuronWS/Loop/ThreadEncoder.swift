// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import NodeCore

/// What a thread keeps from one neuron_ws_encode to the next, freed when the thread ends: a buffer, and the names of
/// its last group.
final class ThreadEncoder {
    let buffer = ByteBuffer(byteCountMax: Int(NEURON_WS_MESSAGE_MAX))
    let names = GroupNames()

    /// Of each of the two, bytes.
    private static let keptBytesMax = 64 * 1024

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { kept in
            if let kept { Unmanaged<ThreadEncoder>.fromOpaque(kept).release() }
        }
        return status == 0 ? key : .max
    }()

    /// Calls `body` with this thread's, or with a new one if there is none or it is in use.
    static func with<Result>(_ body: (ThreadEncoder) -> Result) -> Result {
        guard key != .max else { return body(ThreadEncoder()) }
        let encoder: ThreadEncoder
        if let kept = pthread_getspecific(key) {
            pthread_setspecific(key, nil)
            encoder = Unmanaged<ThreadEncoder>.fromOpaque(kept).takeRetainedValue()
        } else {
            encoder = ThreadEncoder()
        }
        let result = body(encoder)
        encoder.buffer.removeAll(keepingCapacity: encoder.buffer.capacity <= keptBytesMax)
        // One that was needed within this one is kept already.
        if encoder.names.byteCount <= keptBytesMax, pthread_getspecific(key) == nil {
            pthread_setspecific(key, Unmanaged.passRetained(encoder).toOpaque())
        }
        return result
    }
}
