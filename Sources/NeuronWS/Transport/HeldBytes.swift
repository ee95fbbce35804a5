import NodeCore

/// What a stream has received and its owner has not taken, because its turn was over. It is bounded by the loop's
/// buffers, because nothing more is read meanwhile.
struct HeldBytes {
    /// The owner is to call `resume`.
    var isPaused = false
    /// For the owner.
    var plaintext: EventBytes?
    /// Behind that, for TLS: how the last read ended, and what it left.
    var readEnd: TLSReadResult.End?
    var ciphertext: EventBytes?
}

extension Stream {
    /// Hands bytes to the owner, and keeps what it does not take.
    /// - Returns: false: the stream is paused, or no longer open.
    @discardableResult
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let taken = owner?.streamReceived(bytes), state == .open else { return false }
        precondition(taken >= 0 && taken <= bytes.count, "more was taken than there was")
        if taken < bytes.count {
            guard let copy = kept(UnsafeRawBufferPointer(rebasing: bytes[taken...])) else { return false }
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
        guard held.isPaused, state == .open else { return }
        // Out of the stream's hands: the owner may close it while it reads.
        let kept = held
        held = HeldBytes()
        guard kept.plaintext.map({ $0.withUnsafeBytes { deliver($0) } }) ?? true else {
            if held.isPaused {
                held.readEnd = kept.readEnd
                held.ciphertext = kept.ciphertext
            }
            return
        }
        guard let session else { return }
        if let end = kept.readEnd, !goesOn(after: end, session) { return }
        kept.ciphertext?.withUnsafeBytes { decrypt($0, session) }
    }
}
