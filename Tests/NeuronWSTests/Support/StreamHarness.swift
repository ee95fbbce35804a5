// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Testing

@testable import NeuronWS

/// An owner that writes down what it hears, and does in addition what a test wants.
final class RecordingOwner: StreamOwner, @unchecked Sendable {
    var phases: [StreamPhase] = []
    var facts: StreamFacts?
    var connectedCount = 0
    var received: [UInt8] = []
    var receivedCount = 0
    var closedCount = 0
    var error: TransportError?
    var stream: NeuronWS.Stream?
    /// Of what is handed over at once.
    var takesAtMost = Int.max
    /// Keeps no bytes, only their number: for large transfers.
    var onlyCounts = false

    let connected = Signal()
    let closed = Signal()

    var onPhase: (StreamPhase) -> Void = { _ in }
    var onConnected: () -> Void = {}
    var onReceived: (UnsafeRawBufferPointer) -> Void = { _ in }
    var onWritable: () -> Void = {}
    var onClosed: () -> Void = {}

    func streamEntered(_ phase: StreamPhase) {
        phases.append(phase)
        onPhase(phase)
    }

    func streamConnected(_ facts: StreamFacts) {
        self.facts = facts
        connectedCount += 1
        onConnected()
        connected.raise()
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, takesAtMost)
        receivedCount += taken
        if !onlyCounts { received.append(contentsOf: bytes[..<taken]) }
        onReceived(bytes)
        return taken
    }

    func streamWritable() {
        onWritable()
    }

    func streamClosed(_ error: TransportError?) {
        closedCount += 1
        self.error = error
        onClosed()
        closed.raise()
    }

    /// The closures mostly hold the harness, which holds the owner.
    func dropClosures() {
        onPhase = { _ in }
        onConnected = {}
        onReceived = { _ in }
        onWritable = {}
        onClosed = {}
    }

    var receivedText: String {
        String(decoding: received, as: UTF8.self)
    }
}

/// A loop with one stream on it.
final class StreamHarness: @unchecked Sendable {
    let loop: EventLoop
    let owner = RecordingOwner()

    init(_ loop: EventLoop = EventLoop()) throws {
        self.loop = loop
        try loop.start()
    }

    func connect(_ target: ConnectTarget, tls: TLSContext? = nil) {
        loop.perform { [self] in
            owner.stream = NeuronWS.Stream.connect(to: target, tls: tls, loop: loop, owner: owner)
        }
    }

    /// Closes the stream if it is open still, and ends the loop.
    func stop() {
        loop.perform { [self] in
            owner.stream?.close()
            owner.stream = nil
        }
        loop.stopAndJoin()
        owner.dropClosures()
    }

    /// How a connection to `target` ends that is expected to fail or to be ended by the peer.
    static func end(_ target: ConnectTarget, tls: TLSContext? = nil) throws -> RecordingOwner {
        let harness = try StreamHarness()
        harness.connect(target, tls: tls)
        #expect(harness.owner.closed.wait())
        harness.stop()
        #expect(harness.owner.closedCount == 1)
        return harness.owner
    }
}

extension NeuronWS.Stream {
    func write(_ text: String) -> Int {
        Array(text.utf8).withUnsafeBytes { write($0) }
    }
}

/// SHA-256 of what passes by.
final class Digest: @unchecked Sendable {
    private let context = EVP_MD_CTX_new()

    init() {
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }
}

/// Sends so many bytes of a repeated random block over a stream, as fast as it takes them.
final class Pump: @unchecked Sendable {
    // Not a power of two: a chunk that is lost or sent twice changes the digest.
    private let block: [UInt8]
    private let total: Int
    private(set) var sent = 0
    let digest = Digest()
    var finished: () -> Void = {}

    init(total: Int) {
        self.total = total
        block = [UInt8](unsafeUninitializedCapacity: 999_983) { space, count in
            Random.fill(UnsafeMutableRawBufferPointer(space))
            count = 999_983
        }
    }

    func push(_ stream: NeuronWS.Stream) {
        while sent < total {
            let offset = sent % block.count
            let wanted = min(block.count - offset, total - sent)
            let taken = block.withUnsafeBytes { bytes -> Int in
                let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + wanted])
                let taken = stream.write(piece)
                if taken > 0 { digest.add(UnsafeRawBufferPointer(rebasing: piece[..<taken])) }
                return taken
            }
            sent += taken
            if taken < wanted { return }
        }
        finished()
    }
}
