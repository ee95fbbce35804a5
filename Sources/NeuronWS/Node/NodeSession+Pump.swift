import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// What has come of filling the send buffer.
    private enum Filled { case bytes, nothing, turnOver }

    /// How many outcomes the host is told by callback before the turn is looked at.
    private static let outcomesPerLook: UInt64 = 32

    /// Frames what waits into the send buffer and writes it, until the stream takes no more, all is out, or the turn is
    /// over.
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

    /// The same to the end of what can be sent now, also in a callback of the pump's, which goes no further after it.
    func pumpAtOnce() {
        var before: UInt64
        repeat {
            before = streamOffset
            pumpTurn()
        } while streamOffset != before
    }

    private func pumpTurn() {
        while let stream {
            if sendStart < sendEnd, let sendBuffer {
                let pending = UnsafeRawBufferPointer(start: sendBuffer + sendStart, count: sendEnd - sendStart)
                let taken = stream.write(pending)
                guard !isEnded, self.stream === stream else { return }
                sendStart += taken
                if trace != nil {
                    tellTrace(sent: UnsafeRawBufferPointer(rebasing: pending[..<taken]))
                    guard !isEnded, self.stream === stream else { return }
                }
                draw(.bytesSent, taken)
                // The stream will say when it takes more.
                if sendStart < sendEnd { return }
            }
            streamOffset &+= UInt64(sendEnd)
            sendStart = 0
            sendEnd = 0
            // Callbacks with outcomes keep up with what is framed, so that there are never many at once.
            if node.host.wantsDeliveries {
                settle()
                guard !isEnded, self.stream === stream else { return }
            }
            guard hasTurn() else { return }
            let filled = fillSendBuffer()
            if isEnded || filled == .turnOver { return }
            if filled == .nothing { break }
        }
        if sendEnd == 0, let sendBuffer {
            loop.outputBuffers.giveBack(sendBuffer)
            self.sendBuffer = nil
        }
    }

    /// Counts what has been compressed since the last call.
    private func countDeflated() {
        guard node.outbox.deflater != nil else { return }
        let input = node.outbox.deflaterInputBytes
        draw(.bytesDeflated, Int(truncatingIfNeeded: input &- drawnDeflaterBytes))
        drawnDeflaterBytes = input
        let bytes = node.outbox.takeDeflatedBytes()
        guard bytes.before > 0 else { return }
        node.lock.withLock {
            node.counters.payloadBytesCompressed &+= bytes.before
            node.counters.compressedBytesSent &+= bytes.after
        }
    }

    private func fillSendBuffer() -> Filled {
        guard case .open(var endpoint) = protocolState else { return .nothing }
        if node.outbox.isAllFramed { takeMail() }
        guard endpoint.hasControlFrames || (maySendData(endpoint) && !node.outbox.isAllFramed) else { return .nothing }
        let output = UnsafeMutableRawBufferPointer(
            start: takeSendBuffer(), count: loop.outputBuffers.bufferBytes)
        protocolState = .none
        var needsKeys = loop.maskingKeys.keysLeft < 8
        var isTurnOver = false
        var maySend = true
        while maySend {
            if needsKeys { refillKeys() }
            needsKeys = false
            if endpoint.hasControlFrames, !writer.isMidFrame {
                needsKeys = !endpoint.writeControlFrames(into: output, at: &sendEnd, keys: &loop.maskingKeys)
                if needsKeys { continue }
                // What did not fit goes out with the next buffer.
                if endpoint.hasControlFrames { break }
                if isPingQueued {
                    isPingQueued = false
                    pingEnd = streamOffset &+ UInt64(sendEnd)
                }
            }
            // A Close waits until the frame that has begun is whole: only then nothing more is framed.
            guard maySendData(endpoint) || writer.isMidFrame else { break }
            let stop = node.outbox.fill(
                output, at: &sendEnd, streamOffset: streamOffset, writer: &writer, keys: &loop.maskingKeys,
                stopsAtFrameEnd: endpoint.hasControlFrames)
            countDeflated()
            switch stop {
            // Before more mail is taken this goes out: what the host pushes meanwhile comes as one batch. To ask again
            // at once would get a message or two, and contend with the host for the lock each time.
            case .bufferFull, .allFramed: maySend = false
            case .frameEnded: break
            case .outOfKeys: needsKeys = true
            case .deflating:
                isTurnOver = !hasTurn()
                // What is framed does not wait for the rest.
                maySend = !isTurnOver && sendEnd == 0
            case .uninspected:
                // In its callback the host may end the node, and the server gets its Close.
                protocolState = .open(endpoint)
                guard inspect(), case .open(let current) = protocolState else { return .nothing }
                protocolState = .none
                endpoint = current
                draw(.eventsHandled)
                isTurnOver = !hasTurn()
                maySend = !isTurnOver
            }
        }
        protocolState = .open(endpoint)
        if sendEnd > 0 { return .bytes }
        return isTurnOver ? .turnOver : .nothing
    }

    private func maySendData(_ endpoint: WebSocketEndpoint) -> Bool { endpoint.maySendData && quietTimer == nil }

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
            case .uninspected:
                if !inspect() { return }
                draw(.eventsHandled)
            case .deflating:
                countDeflated()
                if !hasTurn() { return }
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
        let message = node.outbox.nextMessage()
        let kind: neuron_ws_kind_t = message?.kind == 2 ? .NEURON_WS_BINARY : .NEURON_WS_TEXT
        let verdict = message?.withBytes { node.host.beforeSend(node.handle, kind, $0) }
        if isEnded { return false }
        node.outbox.markInspected(isRefused: verdict == false)
        return true
    }

    // MARK: Outcomes

    /// Gives the messages that the kernel has whole their outcome: as many as the turn has time for, or all, if the
    /// stream is to go.
    func settle(isLast: Bool = false) {
        guard let stream else { return }
        let written = stream.bytesWritten
        let isBounded = !isLast && node.host.wantsDeliveries
        while !isBounded || hasTurn(),
            let run = node.outbox.nextCompleted(written: written, countMax: isBounded ? Self.outcomesPerLook : .max)
        {
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
            if !isTold {
                node.tellByCallback(told)
                draw(.outcomesTold, Int(clamping: run.count))
            }
            if isEnded { return }
        }
        if node.outbox.hasFreed {
            var freed = node.outbox.takeFreed()
            Runtime.shared.give(&freed)
        }
        node.lock.withLock { node.counters.wireBytesSent &+= written &- countedBytes }
        countedBytes = written
        if let end = pingEnd, end <= written {
            pingEnd = nil
            machine.pingLeft(end: stream.kernelBytes, now: Clock.monotonicNanoseconds)
        }
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
