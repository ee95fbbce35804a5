// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// One connection and what carries it: the stream, and bytes that are framed and not yet taken by it. Loop-bound. The
/// next connection has another.
final class Link {
    let connection: Connection
    /// What `before_connect` made of it, for a stream more.
    let attempt: Attempt
    /// For TLS behind a proxy; nil: there is no TLS.
    let tls: TLSContext?
    /// nil: not begun yet.
    var stream: Stream?
    /// When the opening handshake was through, monotonic nanoseconds; nil: it is not.
    var openSince: UInt64?
    /// What is framed and not yet taken by the stream: `buffer[start..<end]`.
    var buffer: UnsafeMutableRawPointer?
    var start = 0
    var end = 0
    var isPumping = false
    /// Of the stream's bytes, how many are counted in the metrics.
    var countedBytes: UInt64 = 0
    /// Messages that hold up others.
    var holdWatch = HoldWatch()
    /// Bytes that were received and counted, and wait in the stream for another turn.
    var waitingBytes = 0
    /// Both Close frames are through, and the stream was told that nothing more comes.
    var hasFinishedWriting = false
    /// What is told of the connection's bytes; nil: nothing.
    var trace: ConnectionTrace?
    /// Something has come on it.
    var hasReceived = false
    /// Of the bytes that wait, how many the trace has told already.
    var tracedBytes = 0
    /// Of the buffer, how far the trace has told what was sent.
    var tracedEnd = 0
    /// What is secret in the negotiation is in no buffer any more. Each of its steps is the first that a buffer holds.
    private var isNegotiationWiped = false
    /// What the server was told, and must not be told by it.
    var mask = SecretMask.none
    /// The same without what later connections cannot know; nil: they know it.
    var lasting: SecretMask?
    /// Whose messages come on it, once it is open.
    var asker = Asker.nobody
    /// The heartbeats of the open connection; nil: the settings want none.
    var heartbeat: Heartbeat?
    /// One is to go out.
    var isHeartbeatDue = false

    init(_ connection: Connection, _ attempt: Attempt, _ tls: TLSContext?) {
        self.connection = connection
        self.attempt = attempt
        self.tls = tls
    }

    /// The stream has taken all that was framed.
    var isFlushed: Bool { start == end }

    /// nil: the system gives none. The connection ends, and what was to be sent waits for the next one.
    func takeBuffer(_ pool: BufferPool) -> UnsafeMutableRawBufferPointer? {
        guard let taken = buffer ?? pool.take() else {
            stream?.lacksMemory()
            return nil
        }
        buffer = taken
        return UnsafeMutableRawBufferPointer(start: taken, count: pool.bufferBytes)
    }

    /// Not before what it holds of the negotiation, which may be secret, is overwritten.
    func giveBuffer(_ pool: BufferPool) {
        guard let buffer else { return }
        if !isNegotiationWiped {
            isNegotiationWiped = connection.isNegotiationSent
            let count = min(connection.negotiationBytes, pool.bufferBytes)
            SecretBytes.wipe(UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }
        pool.giveBack(buffer)
        self.buffer = nil
    }

    /// The connection is over.
    func close(_ loop: EventLoop) {
        stream?.close()
        giveBuffer(loop.outputBuffers)
    }
}
