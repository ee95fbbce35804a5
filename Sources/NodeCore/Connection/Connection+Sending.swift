// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import WebSocketCore

extension Connection {
    /// The transport is there, or has TLS now: the next step of the negotiation may go out.
    public func transportOpened() {
        isTransportOpen = true
        negotiation?.transportOpened()
    }

    /// Queues a Ping (RFC 6455 §5.5.2) with a number as its payload.
    public func queuePing(_ sequence: UInt64) {
        guard isOpen else { return }
        withUnsafeBytes(of: sequence.bigEndian) { bytes in
            if let payload = ControlPayload(bytes.bytes) { endpoint?.queuePing(payload) }
        }
        isPingQueued = true
        pingSequence = sequence
        pingEnd = nil
    }

    /// Queues our Close (RFC 6455 §7.1.2), behind the frame that has begun. Only the first one counts.
    public func queueClose(_ code: CloseCode?) {
        repliesGoFirst = false
        endpoint?.queueClose(code, reason: ControlPayload())
    }

    /// Pings, Pongs and the Close wait to be framed.
    public var hasControlFrames: Bool { endpoint?.hasControlFrames ?? false }

    /// In the middle of a frame nothing else may be sent, not even a Close.
    public var isMidFrame: Bool { writer.isMidFrame }

    /// There is something to be framed now.
    /// - Parameter maySendMessages: the caller lets messages go out.
    public func hasOutput(_ backlog: borrowing Backlog, maySendMessages: Bool = true) -> Bool {
        guard isOpen else { return isTransportOpen && negotiation?.isAllSent == false }
        return hasControlFrames || asksNow(backlog) || writer.isMidFrame
            || maySendMessages && self.maySendMessages && (!backlog.isAllFramed || !lane.isEmpty)
    }

    /// What waits in the mailbox may go out now.
    public func takesMail(_ backlog: borrowing Backlog) -> Bool { isOpen && backlog.takesMail }

    /// No message waits to be framed, and none is kept from it by our Close.
    /// - Parameter hasMail: some wait to be taken.
    public func isAllSent(_ backlog: borrowing Backlog, hasMail: Bool) -> Bool {
        !hasMail && backlog.isAllFramed && (!isOpen || maySendMessages)
    }

    /// Whoever sends has sent all that there was, and comes for what waits in the mailbox by himself.
    /// - Parameter isFlushed: the stream has taken what was framed.
    public func keepsUp(_ backlog: borrowing Backlog, isFlushed: Bool) -> Bool {
        isOpen && backlog.isAllFramed && isFlushed
    }

    // MARK: Commands

    /// A command or a heartbeat may go out now, which is where no message has begun.
    public func takesCommand(_ backlog: borrowing Backlog) -> Bool {
        maySendMessages && lane.isEmpty && !backlog.isMessageBegun && !writer.isMidFrame
    }

    /// Frames it next. The caller has asked `takesCommand`.
    public func queueCommand(_ id: UInt64, _ command: Command) {
        lane.put(.init(id: id, kind: command.kind, bytes: command.bytes, command: command))
    }

    /// The same with a heartbeat.
    public func queueHeartbeat(_ bytes: EventBytes, _ kind: neuron_ws_kind_t) {
        lane.put(.init(id: 0, kind: kind, bytes: bytes, command: nil))
    }

    /// What has left whole, as `written` bytes of the stream have.
    public enum Left {
        case command(UInt64, Command)
        case heartbeat
    }

    /// The commands of which some has left, and not all.
    public func commandsBegun(written: UInt64) -> [UInt64] { lane.begun(written: written) }

    /// The next that has left, once for each.
    public func takeLeft(written: UInt64) -> Left? {
        lane.takeLeft(written: written).map { item in item.command.map { .command(item.id, $0) } ?? .heartbeat }
    }

    /// What comes after a stop of `fill`.
    public enum AfterFill: Equatable, Sendable {
        /// What is in the buffer goes out, if anything is.
        case flush
        /// Mail is taken, and framed if there was some.
        case takeMail
        /// Commands may go out here.
        case feedCommands
        case refillKeys
        /// The host looks at the next message.
        case inspect
        /// The turn is looked at, and `fill` goes on with what it was at.
        case goOn
        /// The connection ends.
        case lacksMemory
    }

    /// - Parameter isBufferEmpty: nothing is framed and not yet taken by the stream.
    public func next(
        after stop: Outbox.Stop, isBufferEmpty: Bool, _ backlog: borrowing Backlog
    ) -> AfterFill {
        switch stop {
        // Before more mail is taken this goes out: what the host pushes meanwhile comes as one batch. To ask again at
        // once would get a message or two, and contend with the host for the lock each time.
        case .bufferFull: .flush
        // Unless the host has refused all that there was: nobody would come back for what waits behind it.
        case .allFramed: isBufferEmpty && isOpen && backlog.isAllFramed ? .takeMail : .flush
        case .frameEnded: .feedCommands
        case .outOfKeys: .refillKeys
        case .outOfMemory: .lacksMemory
        // What is framed does not wait for the rest.
        case .deflating: isBufferEmpty ? .goOn : .flush
        case .uninspected: .inspect
        }
    }

    /// Frames what waits into `output` from `position` on, and advances it: control frames first, wherever a frame
    /// ends, then messages.
    /// - Parameters:
    ///   - maySendMessages: false: control frames alone, and the rest of the frame that has begun.
    ///   - yieldsToCommands: some wait, which go out before the next message.
    /// - Returns: why it stopped: call it again when there is room, there are keys, the host has looked at the message,
    ///   or the turn has time for more compressing; with `frameEnded`, when there was a chance for a command.
    public func fill(
        _ output: UnsafeMutableRawBufferPointer, at position: inout Int, backlog: inout Backlog,
        keys: inout MaskingKeyPool, maySendMessages: Bool = true, yieldsToCommands: Bool = false
    ) -> Outbox.Stop {
        let streamOffset = bytesFramed &- UInt64(position)
        defer { bytesFramed = streamOffset &+ UInt64(position) }
        guard isOpen else {
            if isTransportOpen { negotiation?.fill(output, at: &position) }
            return isTransportOpen && negotiation?.isAllSent == false ? .bufferFull : .allFramed
        }
        while true {
            if hasControlFrames, !writer.isMidFrame {
                if endpoint?.writeControlFrames(into: output, at: &position, keys: &keys) == false {
                    return .outOfKeys
                }
                // What did not fit goes out with the next buffer.
                if hasControlFrames { return .bufferFull }
                controlFramesFramed(end: streamOffset &+ UInt64(position), backlog)
            }
            if asksNow(backlog) {
                guard let payload = barrier?.ask(&keys) else { return .outOfKeys }
                endpoint?.queuePing(payload)
                continue
            }
            // A Close waits until the frame that has begun is whole: only then nothing more is framed.
            guard maySendMessages && self.maySendMessages || writer.isMidFrame else { return .allFramed }
            if !lane.isEmpty, !backlog.isMessageBegun {
                let stop = fillLane(output, &position, streamOffset, &keys)
                if stop == .frameEnded { continue }
                if stop != .allFramed || yieldsToCommands { return stop == .allFramed ? .frameEnded : stop }
                continue
            }
            let stop = fillMessages(
                output, &position, streamOffset, &backlog, &keys,
                stopsAtFrameEnd: hasControlFrames || barrierWaits || yieldsToCommands || !lane.isEmpty)
            barrierWaits = wantsBarrier(backlog)
            switch stop {
            case .frameEnded where yieldsToCommands && takesCommand(backlog): return .frameEnded
            case .frameEnded: break
            case .allFramed where barrierWaits && !backlog.isMessageBegun: break
            case .bufferFull, .allFramed, .uninspected, .outOfKeys, .outOfMemory, .deflating: return stop
            }
        }
    }

    /// Of the live ones, or of the others, as their turn is: of one of them alone while it is at a message.
    private func fillMessages(
        _ output: UnsafeMutableRawBufferPointer, _ position: inout Int, _ streamOffset: UInt64,
        _ backlog: inout Backlog, _ keys: inout MaskingKeyPool, stopsAtFrameEnd: Bool
    ) -> Outbox.Stop {
        while true {
            let start = position
            let stop: Outbox.Stop
            if let live = backlog.laneInTurn(isBusy: outbox.isBusy) {
                stop = outbox.fill(
                    output, at: &position, streamOffset: streamOffset, from: &live.messages, writer: &writer,
                    keys: &keys, deflater: deflater, stopsAtFrameEnd: stopsAtFrameEnd || !backlog.isRestFramed)
            } else {
                stop = outbox.fill(
                    output, at: &position, streamOffset: streamOffset, from: &backlog, writer: &writer, keys: &keys,
                    deflater: deflater,
                    stopsAtFrameEnd: stopsAtFrameEnd || backlog.live?.messages.isAllFramed == false)
            }
            guard let live = backlog.live else { return stop }
            live.framed(position - start)
            switch stop {
            // The other lane's turn may have come.
            case .frameEnded where !stopsAtFrameEnd: break
            case .allFramed where !backlog.isAllFramed: break
            default: return stop
            }
        }
    }

    private func fillLane(
        _ output: UnsafeMutableRawBufferPointer, _ position: inout Int, _ streamOffset: UInt64,
        _ keys: inout MaskingKeyPool
    ) -> Outbox.Stop {
        lane.fill(
            output, at: &position, streamOffset: streamOffset, writer: &writer, keys: &keys,
            fragmentBytesMax: outbox.fragmentBytesMax, stopsAtFrameEnd: hasControlFrames)
    }

    /// Whether a Ping of the barrier's is to go out now, which is where a message has ended. Within the frame of a
    /// command it could only wait, in the place of another Ping.
    private func asksNow(_ backlog: borrowing Backlog) -> Bool {
        guard !backlog.isMessageBegun, !writer.isMidFrame, endpoint?.maySendData == true else { return false }
        return wantsBarrier(backlog)
    }

    private func wantsBarrier(_ backlog: borrowing Backlog) -> Bool {
        barrier?.isWanted(before: backlog.nextID, live: backlog.liveNextID) == true
    }

    private func controlFramesFramed(end: UInt64, _ backlog: borrowing Backlog) {
        barrier?.framed(
            before: backlog.nextID, live: backlog.liveNextID, end: end, keepAlive: isPingQueued ? pingSequence : nil)
        guard isPingQueued else { return }
        isPingQueued = false
        pingEnd = end
    }

    /// Frames messages that answer the bytes before a Close or a fault, in front of our Close, which ends sending
    /// (RFC 6455 §5.5.1): as many as there is room for. What waited before these bytes came does not go with it: a
    /// server that closes would discard it, and it belongs on the next connection.
    public func fillReplies(
        _ output: UnsafeMutableRawBufferPointer, at position: inout Int, backlog: inout Backlog,
        keys: inout MaskingKeyPool
    ) -> Outbox.Stop {
        guard isOpen, repliesGoFirst else { return .allFramed }
        let streamOffset = bytesFramed &- UInt64(position)
        defer { bytesFramed = streamOffset &+ UInt64(position) }
        if lane.isMidMessage {
            let stop = fillLane(output, &position, streamOffset, &keys)
            if stop != .allFramed { return stop }
        }
        return fillMessages(output, &position, streamOffset, &backlog, &keys, stopsAtFrameEnd: false)
    }

    /// What is known of messages on this connection when `confirmedID` has passed them.
    public var level: neuron_ws_level_t {
        guard let barrier, !barrier.isDegraded else { return .NEURON_WS_LEVEL_WRITTEN }
        return .NEURON_WS_LEVEL_PEER_PARSED
    }

    /// What `settle` has found.
    public struct Settled: Equatable, Sendable {
        /// The barrier has asked, and wants to be asked at its deadline.
        public var hasAsked = false
        /// What is known of messages from now on, where it is something else than before.
        public var level: neuron_ws_level_t?
    }

    /// Tells the backlog how far the peer has read, and the barrier that its Ping has left.
    /// - Parameters:
    ///   - written: so many bytes of the stream have left.
    ///   - kernelEnd: the same as the kernel counts them.
    ///   - now: monotonic nanoseconds.
    public func settle(
        _ backlog: inout Backlog, _ echoWatch: inout EchoWatch, written: UInt64, kernelEnd: @autoclosure () -> UInt64,
        now: @autoclosure () -> UInt64
    ) -> Settled {
        var settled = Settled()
        guard let before = barrier else { return settled }
        if barrier?.hasLeft(written: written) == true {
            barrier?.left(kernelEnd: kernelEnd(), now: now())
            settled.hasAsked = true
        }
        if before.hasEcho { echoWatch.echoed() }
        backlog.confirmed(before: before.confirmedID, live: before.confirmedLiveID)
        if level != backlog.level { settled.level = level }
        return settled
    }

    /// True, once for each Ping: it has left, as `written` bytes of the stream have.
    public func pingLeft(written: UInt64) -> Bool {
        guard let end = pingEnd, end <= written else { return false }
        pingEnd = nil
        return true
    }

    /// What has gone through compression since the last call.
    public func takeDeflatedBytes() -> Outbox.DeflatedBytes { outbox.takeDeflatedBytes() }

    /// Payload bytes of a frame at most, 0: a message is one frame; a setting that concerns what comes.
    public func setFragmentBytesMax(_ bytes: Int) { outbox.fragmentBytesMax = bytes }

    /// Messages of fewer bytes are sent as they are; a setting that concerns what comes.
    public func setCompressThreshold(bytes: Int) { deflater?.thresholdBytes = bytes }
}
