// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Operations that two servers ask for, again and again by the same few ids, and a host that answers them, answers by
/// their id alone, lets go of them, or is too late.
///
/// Held: what waits is known by its id, and nothing else is; none is too late before its time, nor stays behind it; an
/// answer is told again only where there was one, in its time; what is let go of takes no memory.
final class RequestWorld {
    private struct Held {
        let handle: UInt
        let id: String
        let name: String
        let memoryBytes: Int
        var server: UInt16
        var arrived: UInt64
        var isWaiting = true
    }

    private static let ids = ["a", "b", "c"]
    private static let names = ["DISCOVER", "REFRESH_INFO"]
    private static let servers: [UInt16] = [1, 2]
    /// Nanoseconds.
    private let timeout: UInt64

    private var random: Seeded
    private var pending: PendingRequests
    private var held: [Held] = []
    /// When each was answered last, by its id and name.
    private var answered: [String: UInt64] = [:]
    private var lastHandle: UInt = 0
    private var connection: UInt64 = 1
    private var connected: UInt16 = 1
    private(set) var now: UInt64 = 1_000_000_000
    private(set) var asked = 0
    var story: Story
    private(set) var steps = 0
    private var failure: String?

    init(seed: UInt64, isTold: Bool) {
        story = Story(isTold: isTold)
        var random = Seeded(seed ^ 0x4E9)
        timeout = UInt64(random.pick([20, 200, 5000])) * 1_000_000
        pending = PendingRequests(timeout: timeout)
        self.random = random
    }

    func run() -> String? {
        for _ in 0..<random.within(50...300) where failure == nil {
            step()
            check()
        }
        return failure
    }

    private func fail(_ text: String) { failure = failure ?? "\(text), at \(now / 1_000_000) ms" }

    private func step() {
        steps += 1
        switch random.below(10) {
        case ..<4: ask()
        case 4: answer()
        case 5: if let one = drawHeld() { letGo(of: one) }
        case 6: settle()
        case 7:
            guard let one = drawHeld() else { return }
            tell("operation \(held[one].id) is touched")
            pending.touch(held[one].handle, now: now)
            held[one].arrived = now
        case 8:
            connection += 1
            connected = random.pick(Self.servers)
            tell("connection \(connection), to server \(connected)")
            pending.connectionOpened(now: now) { _ in false }
        default: now &+= UInt64(random.within(1...100)) * 1_000_000
        }
        expire()
    }

    private func drawHeld() -> Int? { held.isEmpty ? nil : random.below(held.count) }

    private static func operation(_ id: String, _ name: String) -> Request? {
        var rules = RequestRules(policy: .all, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        rules.openGate = OpenGateIdentity(deviceID: "gateway", isReduced: false)
        let text = Array("{\"operation\":{\"request\":{\"id\":\"\(id)\",\"name\":\"\(name)\"}}}".utf8)
        return text.withUnsafeBytes { bytes in
            var incoming = IncomingMessage.make(bytes)
            guard case .request(let request)? = incoming?.next(rules) else { return nil }
            return request
        }
    }

    // MARK: The servers

    private func ask() {
        let (id, name) = (random.pick(Self.ids), random.pick(Self.names))
        guard let request = Self.operation(id, name) else { return fail("an operation is none") }
        let own = held.first { $0.isWaiting && $0.id == id && $0.server == connected }
        // What the other one asks is the same, byte for byte.
        let other = held.firstIndex { $0.isWaiting && $0.id == id && $0.name == name && $0.server != connected }
        let verdict = pending.repetition(of: request, connection: connection, server: connected, now: now) { _ in
            false
        }
        tell("server \(connected) asks \(id) \(name): \(verdict)")
        switch verdict {
        case .underWay:
            guard let own else {
                guard let other else { return fail("operation \(id) is under way, and none waits") }
                return held[other].server = connected
            }
            if own.name != name { fail("operation \(id) is under way, by another name") }
        case .idTaken: if own == nil || own?.name == name { fail("the id \(id) is taken, and by none that waits") }
        case .answered:
            guard let moment = answered[id + name], now - moment < timeout else {
                return fail("operation \(id) is told an answer that it had not, or long ago")
            }
            if own != nil || other != nil { fail("operation \(id) is answered, and waits") }
        case .none:
            if own != nil || other != nil { return fail("operation \(id) is a new one, and waits") }
            lastHandle += 1
            asked += 1
            pending.add(request, handle: lastHandle, connection: connection, server: connected, now: now)
            held.append(
                Held(
                    handle: lastHandle, id: id, name: name, memoryBytes: request.memoryBytes, server: connected,
                    arrived: now))
        }
    }

    // MARK: The host

    private func answer() {
        guard let one = drawHeld(), held[one].isWaiting else { return }
        guard let document = EventBytes(UnsafeRawBufferPointer(start: nil, count: 0)) else { return fail("no memory") }
        tell("operation \(held[one].id) is answered")
        pending.noteAnswered(held[one].handle, document, message: 1, now: now)
        answered[held[one].id + held[one].name] = now
        letGo(of: one)
    }

    private func letGo(of one: Int) {
        let gone = held.remove(at: one)
        tell("operation \(gone.id) is let go of")
        pending.remove(gone.handle)
    }

    /// By its id, without the handle.
    private func settle() {
        let (id, server) = (random.pick(Self.ids), random.pick(Self.servers))
        let one = held.firstIndex { $0.isWaiting && $0.id == id && $0.server == server }
        tell("operation \(id) of server \(server) is answered by its id")
        let found = pending.settle(operation: Array(id.utf8), name: [], nil, message: 1, server: server, now: now)
        if (found == nil) != (one == nil) { return fail("operation \(id) waits for one, and for another it does not") }
        guard let one else { return }
        if pending.state(held[one].handle) != .settled { fail("operation \(id) was answered by its id, and waits") }
        held[one].isWaiting = false
    }

    private func expire() {
        let countMax = random.pick([1, 2, .max])
        while true {
            let late = pending.expire(now: now, countMax: countMax, connected: connected)
            if late.isEmpty { break }
            if late.count > countMax { fail("\(late.count) are told at once") }
            for one in late {
                let id = String(decoding: one.request.echo.id, as: UTF8.self)
                tell("operation \(id) is too late")
                if one.isTold != (one.server == connected) { fail("the wrong server is told of \(id)") }
                guard
                    let place = held.firstIndex(where: {
                        $0.isWaiting && $0.server == one.server && $0.arrived &+ timeout <= now
                            && pending.state($0.handle) == .expired(isTold: one.isTold)
                    })
                else { return fail("one is too late that is not") }
                held[place].isWaiting = false
            }
        }
    }

    private func check() {
        let waiting = held.filter { $0.isWaiting }
        if waiting.contains(where: { $0.arrived &+ timeout <= now }) { fail("one is too late, and stays") }
        if pending.nextDeadline != waiting.map({ $0.arrived &+ timeout }).min() { fail("a deadline is another") }
        if pending.waiting.map(\.handle) != waiting.map(\.handle) { fail("others wait") }
        if pending.heldBytes != held.reduce(0, { $0 + $1.memoryBytes }) { fail("memory is counted wrongly") }
        for id in Self.ids {
            for server in Self.servers {
                let isWaiting = waiting.contains { $0.id == id && $0.server == server }
                if pending.isWaiting(operation: Array(id.utf8), server: server) != isWaiting {
                    fail("operation \(id) of server \(server) \(isWaiting ? "waits, and is forgotten" : "is over")")
                }
            }
        }
    }
}
