import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// How much goes out before others have their turn, bytes.
    private static let turnBytesMax = 4 * 1024 * 1024

    /// To compress a byte takes as long as to write this many.
    private static let deflateCost = 4

    /// Frames what waits into the send buffer and writes it, until the stream takes no more or all is out.
    ///
    /// Message after message goes into one buffer, and one system call sends them all: that is where the speed of small
    /// messages comes from.
    func pump() {
        if isPumping { return }
        isPumping = true
        let round = self.round
        pumpTurn()
        isPumping = false
        guard !isEnded, round == self.round else { return }
        settle()
        finishClosing()
    }

    private func pumpTurn() {
        var turnBytes = 0
        while let stream {
            if sendStart < sendEnd, let sendBuffer {
                let pending = UnsafeRawBufferPointer(start: sendBuffer + sendStart, count: sendEnd - sendStart)
                let taken = stream.write(pending)
                guard !isEnded, self.stream === stream else { return }
                sendStart += taken
                turnBytes += taken
                // The stream will say when it takes more.
                if sendStart < sendEnd { return }
            }
            turnBytes += Self.deflateCost * Int(clamping: countDeflated())
            streamOffset &+= UInt64(sendEnd)
            sendStart = 0
            sendEnd = 0
            if turnBytes >= Self.turnBytesMax {
                signal()
                return
            }
            guard fillSendBuffer() else { break }
            if isEnded { return }
        }
        if sendEnd == 0, let sendBuffer {
            loop.outputBuffers.giveBack(sendBuffer)
            self.sendBuffer = nil
        }
    }

    /// Counts what has been compressed since the last call. Returns how many bytes that was, before.
    private func countDeflated() -> UInt64 {
        guard node.outbox.deflater != nil else { return 0 }
        let bytes = node.outbox.takeDeflatedBytes()
        guard bytes.before > 0 else { return 0 }
        node.lock.withLock {
            node.counters.payloadBytesCompressed &+= bytes.before
            node.counters.compressedBytesSent &+= bytes.after
        }
        return bytes.before
    }

    /// False: there is nothing to be sent.
    private func fillSendBuffer() -> Bool {
        guard case .open(var endpoint) = protocolState else { return false }
        if node.outbox.isAllFramed { takeMail() }
        guard endpoint.hasControlFrames || (endpoint.maySendData && !node.outbox.isAllFramed) else { return false }
        let output = UnsafeMutableRawBufferPointer(
            start: takeSendBuffer(), count: loop.outputBuffers.bufferBytes)
        protocolState = .none
        var needsKeys = loop.maskingKeys.keysLeft < 8
        var maySend = true
        while maySend {
            if needsKeys { refillKeys() }
            needsKeys = false
            if endpoint.hasControlFrames, !writer.isMidFrame {
                needsKeys = !endpoint.writeControlFrames(into: output, at: &sendEnd, keys: &loop.maskingKeys)
                if needsKeys { continue }
                // What did not fit goes out with the next buffer.
                if endpoint.hasControlFrames { break }
            }
            // A Close waits until the frame that has begun is whole: only then nothing more is framed.
            guard endpoint.maySendData || writer.isMidFrame else { break }
            switch node.outbox.fill(
                output, at: &sendEnd, streamOffset: streamOffset, writer: &writer, keys: &loop.maskingKeys,
                stopsAtFrameEnd: endpoint.hasControlFrames)
            {
            // Before more mail is taken this goes out: what the host pushes meanwhile comes as one batch. To ask again
            // at once would get a message or two, and contend with the host for the lock each time.
            case .bufferFull, .allFramed: maySend = false
            case .frameEnded: break
            case .outOfKeys: needsKeys = true
            case .uninspected:
                maySend = inspect()
                if isEnded { return false }
            }
        }
        protocolState = .open(endpoint)
        return sendEnd > 0
    }

    /// Frames what the host has answered to the messages before a Close or a fault, in front of our Close, which ends
    /// sending (RFC 6455 §5.5.1). What waited before these bytes came does not go with it: a server that closes would
    /// discard it, and it belongs on the next connection.
    func frameReplies() {
        guard mayFrameReplies, !isPumping, case .open = protocolState else { return }
        guard takeMail() || !node.outbox.isAllFramed else { return }
        let output = UnsafeMutableRawBufferPointer(start: takeSendBuffer(), count: loop.outputBuffers.bufferBytes)
        isPumping = true
        defer { isPumping = false }
        while true {
            switch node.outbox.fill(
                output, at: &sendEnd, streamOffset: streamOffset, writer: &writer, keys: &loop.maskingKeys,
                stopsAtFrameEnd: false)
            {
            case .outOfKeys: refillKeys()
            case .uninspected: if !inspect() { return }
            case .bufferFull, .frameEnded, .allFramed: return
            }
        }
    }

    /// What the host threads have pushed meanwhile. False: nothing.
    @discardableResult
    private func takeMail() -> Bool {
        node.lock.lock()
        // What is pushed after a configure goes to the new server, though the loop has not seen the new settings yet.
        let mail = node.pending.reconnects ? ChunkList() : node.mailbox.takeAll()
        node.lock.unlock()
        if mail.isEmpty { return false }
        node.outbox.add(mail)
        return true
    }

    private func refillKeys() {
        withUnsafeTemporaryAllocation(byteCount: MaskingKeyPool.capacityBytes, alignment: 8) { random in
            Random.fill(random)
            loop.maskingKeys.refill(UnsafeRawBufferPointer(random).bytes)
        }
    }

    /// Shows the next message to the host. False: the session ended.
    private func inspect() -> Bool {
        let verdict = node.outbox.nextMessage().map { kind, bytes in
            bytes.withUnsafeBytes {
                node.host.beforeSend(node.handle, kind == 2 ? .NEURON_WS_BINARY : .NEURON_WS_TEXT, $0)
            }
        }
        if isEnded { return false }
        node.outbox.markInspected(isRefused: verdict == false)
        return true
    }

    // MARK: Outcomes

    /// Gives the messages that the kernel has whole their outcome.
    func settle() {
        guard let stream else { return }
        let written = stream.bytesWritten
        while let run = node.outbox.nextCompleted(written: written) {
            let told = DeliveryRun(
                firstID: run.firstID, count: run.count,
                outcome: run.isRefused ? .NEURON_WS_DROPPED_REFUSED : .NEURON_WS_DELIVERED,
                level: run.isRefused ? .NEURON_WS_LEVEL_ACCEPTED : .NEURON_WS_LEVEL_WRITTEN)
            let isTold = node.tellByEvent(told)
            node.lock.lock()
            node.mailbox.completed(count: run.count, bytes: run.recordBytes)
            if run.isRefused {
                node.counters.messagesDropped &+= run.count
            } else {
                node.counters.messagesSent &+= run.count
                node.counters.payloadBytesSent &+= run.payloadBytes
            }
            if node.flushWaiters > 0 { node.changed.broadcast() }
            node.lock.unlock()
            if !isTold { node.tellByCallback(told) }
            if isEnded { return }
        }
        if node.outbox.hasFreed {
            var freed = node.outbox.takeFreed()
            Runtime.shared.give(&freed)
        }
        node.lock.withLock { node.counters.wireBytesSent &+= written &- countedBytes }
        countedBytes = written
    }

    /// Both Close frames are through: the server ends TCP (RFC 6455 §7.1.1); we say that nothing more comes.
    private func finishClosing() {
        guard case .open(let endpoint) = protocolState, endpoint.state == .closed, sendStart == sendEnd,
            !hasFinishedWriting
        else { return }
        hasFinishedWriting = true
        stream?.finishWriting()
    }
}
