import CNeuronWS
import NodeCore

/// The host: pushes, starts, stops and changes settings at any moment.
extension World {
    func hostActs() {
        switch random.below(100) {
        case ..<70: for _ in 0..<random.pick([1, 1, 5, 40]) { push() }
        case ..<78: if !isWanted { start() }
        case ..<84: if isWanted { stop(timeout: UInt64(random.pick([0, 0, 50, 1000])) * 1_000_000) }
        case ..<92: configure(reconnects: random.chance(50))
        default: if !isWanted { start() }
        }
    }

    func push(beyond: DeliveryLedger.Limits = DeliveryLedger.none, byteCount: Int? = nil) {
        let size = byteCount ?? random.pick([0, 10, 100, 100, 1000, 30_000])
        let bytes = Message.make(id: ledger.acceptedCount + 1, byteCount: size)
        bytes.withUnsafeBytes { raw in
            guard ledger.hasRoom(byteCount: raw.count, beyond: beyond) else { return }
            var chunk = mailbox.needsChunk(byteCount: raw.count) ? ChunkPool.make(byteCount: raw.count) : nil
            let id = ledger.accept(byteCount: raw.count)
            mailbox.append(raw, stamp(of: id), id: id, chunk: &chunk)
        }
    }

    /// What the message is, told by its number.
    func stamp(of id: UInt64) -> MessageStamp {
        MessageStamp(kind: 1, timeMilliseconds: Int64(id) << 20, group: UInt16(truncatingIfNeeded: id))
    }

    func start() {
        tell("start")
        isWanted = true
        stopsBy = nil
        perform(machine.started(now: now))
    }

    func stop(timeout: UInt64) {
        tell("stop within \(timeout / 1_000_000) ms")
        isWanted = false
        stopsBy = now &+ max(timeout, NodeMachine.farewellNanoseconds)
        perform(machine.stopped(timeout: timeout, now: now))
    }

    /// Also a reconnect, which is a configure with the same settings.
    func configure(reconnects: Bool) {
        tell("configure, \(reconnects ? "with a new connection" : "live")")
        var new = Self.drawParameters(&random, pings: isConfirmed)
        if !reconnects { new.urlCount = parameters.urlCount }
        parameters = new
        fragmentBytesMax = random.pick([0, 100])
        link?.connection.setFragmentBytesMax(fragmentBytesMax)
        if reconnects {
            backlog.refusals = RefusalWatch()
            silentConnections = 0
        }
        perform(machine.configured(new, reconnects: reconnects, now: now))
    }
}
