// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// What a stream has received and its owner has not taken, because its turn was over. It is bounded by the loop's
/// buffers, because nothing more is read meanwhile.
struct HeldBytes {
    /// What a layer of TLS has left.
    struct Layer {
        /// How its last read ended; nil: nothing of it is to be done.
        var readEnd: TLSReadResult.End?
        var ciphertext: EventBytes
    }

    /// The owner is to call `resume`.
    var isPaused = false
    /// For the owner.
    var plaintext: EventBytes?
    /// Behind that, of the second layer of TLS, and behind that of the first one.
    private var inner: Layer?
    private var outer: Layer?

    /// By the number of the layer.
    subscript(layer: Int) -> Layer? {
        get { layer == 0 ? outer : inner }
        set { if layer == 0 { outer = newValue } else { inner = newValue } }
    }
}

extension Stream {
    /// Hands bytes to the owner, and keeps what it does not take. If it has begun TLS, the rest is TLS's.
    /// - Returns: false: the stream is paused, or no longer open.
    @discardableResult
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let layersBefore = layers.count
        guard let taken = owner?.streamReceived(bytes), state == .open || state == .securing else { return false }
        precondition(taken >= 0 && taken <= bytes.count, "more was taken than there was")
        if taken < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
            if layers.count > layersBefore {
                decrypt(rest, layer: layers.count - 1)
                return (state == .open || state == .securing) && !held.isPaused
            }
            guard let copy = kept(rest) else { return false }
            held.plaintext = copy
            held.isPaused = true
        }
        return !held.isPaused
    }

    /// A copy of what was received; nil: there is no memory, and the stream has ended.
    func kept(_ bytes: UnsafeRawBufferPointer) -> EventBytes? {
        let copy = EventBytes(bytes)
        if copy == nil { finish(.noMemory("what was received", target.text)) }
        return copy
    }

    /// Inside `streamReceived`: nothing more is read before `resume`, though all of this was taken.
    func pause() { held.isPaused = true }

    /// The owner has another turn: it gets what was kept for it. What has come meanwhile is read when the loop finds
    /// it.
    func resume() {
        loop.assertOnLoop()
        guard held.isPaused, state == .open || state == .securing else { return }
        // Out of the stream's hands: the owner may close it while it reads.
        let kept = held
        held = HeldBytes()
        if let plaintext = kept.plaintext, !plaintext.withUnsafeBytes({ deliver($0) }) {
            return keepAgain(kept, below: Self.layersMax)
        }
        for layer in (0..<Self.layersMax).reversed() {
            guard let rest = kept[layer] else { continue }
            let goesOn = rest.readEnd.map { self.goesOn(after: $0, layer) } ?? true
            guard state == .open || state == .securing else { return }
            if goesOn { rest.ciphertext.withUnsafeBytes { decrypt($0, layer: layer) } }
            if held.isPaused { return keepAgain(kept, below: layer) }
        }
    }

    /// Paused once more before it came to these.
    private func keepAgain(_ kept: HeldBytes, below end: Int) {
        guard held.isPaused else { return }
        for layer in 0..<end { held[layer] = kept[layer] }
    }
}
