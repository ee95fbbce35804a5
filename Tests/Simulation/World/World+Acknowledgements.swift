// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What servers have said that their applications have.
struct Claims {
    private var through: UInt64 = 0
    private var single: Set<UInt64> = []

    func has(_ id: UInt64) -> Bool { id <= through || single.contains(id) }

    mutating func note(through id: UInt64) { through = max(through, id) }
    mutating func note(_ id: UInt64) { single.insert(id) }
}

/// The application behind the server: it acknowledges what it has read, one by one or all at once, out of order, twice,
/// and sometimes what is none.
extension World {
    func acknowledge(_ link: SimulatedLink) {
        let read = Array(link.observer.arrived.prefix(link.server.messagesRead))
        guard link.server.isOpen else { return }
        if random.chance(max(faults, 15)) { return link.server.send(nonsense()) }
        // One that is not there yet: it has to go out before anybody has it.
        if random.chance(10) {
            claims.note(newestEver + 1)
            return link.server.send("{\"ack\":[\(newestEver + 1)]}")
        }
        guard let newest = read.last else { return }
        switch random.below(4) {
        case 0:
            claims.note(through: newest)
            link.server.send("{\"ack\":\(newest)}")
        case 1:
            let one = random.pick(read)
            claims.note(through: one)
            link.server.send("[{\"other\":1,\"ack\":\(one)},{\"ack\":\(one)}]")
        default:
            var some: [UInt64] = []
            for _ in 0..<random.within(1...20) { some.append(random.pick(read)) }
            for id in some { claims.note(id) }
            link.server.send("{\"stream\":\"fedcba9876543210\",\"ack\":\(some)}")
        }
    }

    private func nonsense() -> String {
        // Far behind all that will ever be pushed here.
        if random.chance(40) { return "{\"ack\":\(sendQueue.ledger.acceptedCount + 1_000_000)}" }
        return random.pick([
            "{\"ack\":0}", "{\"ack\":18446744073709551615}",
            "{\"ack\":[99999999]}", "{\"ack\":-1}", "{\"ack\":1.5}",
            "{\"ack\":\"1\"}", "{\"ack\":[1,2", "{\"ack\":{}}",
            "{\"ack\":1000,\"stream\":\"another\"}", "[{\"ack\":null}]",
        ])
    }

    /// A good server in the end: it answers for what it has got on this connection, whatever it said on another. Some
    /// do it with one word for many, however long they wait for them.
    func acknowledgeAll() {
        guard level == .NEURON_WS_LEVEL_APP_ACKED, let link, link.server.isOpen,
            let newest = link.observer.arrived.prefix(link.server.messagesRead).last, newest > link.acknowledgedID
        else { return }
        let isLast = backlog.begunEnd == backlog.endID && !sendQueue.hasMail()
        guard newest &- link.acknowledgedID >= acknowledgementBatch || isLast else { return }
        claims.note(through: newest)
        link.acknowledgedID = newest
        link.server.send("{\"ack\":\(newest)}")
    }

    /// As `NodeSession.routeAcknowledgement`.
    func acknowledgementReceived(_ bytes: UnsafeRawBufferPointer, _ link: SimulatedLink) {
        let stream = OutgoingMessage.text(ofStream: stream)
        guard var reader = AcknowledgementReader(bytes, member: Array("ack".utf8), stream: stream) else { return }
        backlog.written(link.up.accepted)
        while true {
            let step = reader.step(byteCount: random.pick([1, 7, 1000])) { number in
                switch number {
                case .through(let id):
                    guard backlog.acknowledge(id, isCumulative: true) == .new else { break }
                    acknowledged.note(through: id)
                    checkAcknowledged(id)
                case .single(let id):
                    guard backlog.acknowledge(id, isCumulative: false) == .new else { break }
                    acknowledged.note(id)
                    checkAcknowledged(id)
                case .foreign: break
                }
            }
            guard case .unfinished = step else { break }
        }
    }

    private func checkAcknowledged(_ id: UInt64) {
        if id > newestEver, !refused.contains(id) {
            fail("message \(id) is taken as acknowledged, and \(newestEver) was the last that went out")
        }
    }
}
