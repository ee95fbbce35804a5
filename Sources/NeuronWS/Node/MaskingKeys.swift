// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Masking keys from the system's generator, for all connections of a loop: a pool each would be most of an idle
/// connection's memory. Loop-bound.
final class MaskingKeys {
    var pool = MaskingKeyPool()

    func refill() {
        withUnsafeTemporaryAllocation(byteCount: MaskingKeyPool.capacityBytes, alignment: 8) { random in
            Random.fill(random)
            pool.refill(UnsafeRawBufferPointer(random).bytes)
        }
    }
}
