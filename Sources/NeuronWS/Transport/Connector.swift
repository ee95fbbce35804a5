import CLinux
import NodeCore

/// One address that could not be connected to.
struct ConnectFailure {
    let address: SocketAddress
    let error: SystemError
}

/// One connection attempt under way.
private final class ConnectAttempt: LoopHandler {
    /// Its place in the connector's `addresses`.
    let place: Int
    let address: SocketAddress
    let descriptor: Int32
    var registration: EventLoop.Registration?
    private let connector: Connector

    init(_ place: Int, _ address: SocketAddress, _ descriptor: Int32, _ connector: Connector) {
        self.place = place
        self.address = address
        self.descriptor = descriptor
        self.connector = connector
    }

    func descriptorReady(_ events: UInt32) {
        connector.attemptEnded(self)
    }

    func timerFired(_ token: UInt64) {}
}

/// Tries the addresses of a target as RFC 8305 (Happy Eyeballs) describes: the families in turn, the next address a
/// quarter of a second after the one before or as soon as that has failed; the first connection wins. Addresses that
/// failed after they had won an earlier race come last, and later. Loop-bound.
///
/// An address that stays silent is begun anew every few seconds, beside what was begun before. TCP repeats its SYN
/// after 1, 3, 7, 15 and 31 seconds (RFC 6298 section 5): where packets were lost for a while, as on a radio link, it
/// would wait for many seconds after the network is back. The first attempt goes on too: the link may be that slow.
final class Connector: LoopHandler {
    /// RFC 8305 section 5: the recommended Connection Attempt Delay.
    static let attemptDelayNanoseconds: UInt64 = 250_000_000
    /// Before an address that failed (`AddressMemory`), 2 s: it must not win against one that is only further away.
    static let failedDelayNanoseconds: UInt64 = 2_000_000_000
    /// Under way to one address at a time: the first one and the newest.
    static let attemptsPerAddressMax = 3

    private let target: ConnectTarget
    private let loop: EventLoop
    private let addresses: [SocketAddress]
    /// So many at the beginning of `addresses` have not failed.
    private let unfailed: Int
    /// Nil: done. The stream holds the connector, so this reference ends with the race.
    private var stream: Stream?
    private var nextAddress = 0
    private var attempts: [ConnectAttempt] = []
    private var failures: [ConnectFailure] = []
    private var delayTimer: TimerID?

    init(_ target: ConnectTarget, _ addresses: [SocketAddress], loop: EventLoop, stream: Stream) {
        self.target = target
        let wanted = Self.interleaved(addresses)
        let order = target.memory.order(wanted.map { $0.text })
        self.addresses = order.indexes.map { wanted[$0] }
        unfailed = order.unfailed
        self.loop = loop
        self.stream = stream
    }

    /// Begins. May end at once, with a call to the stream from within.
    func start() {
        startNext()
    }

    /// Ends the race without a word.
    func cancel() {
        stream = nil
        stopDelay()
        for attempt in attempts { abandon(attempt) }
        attempts.removeAll()
    }

    func descriptorReady(_ events: UInt32) {}

    func timerFired(_ token: UInt64) {
        delayTimer = nil
        if nextAddress < addresses.count { startNext() } else { repeatSilent() }
    }

    /// RFC 8305 section 4: the system's order, but the families in turn.
    static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let firstFamily = addresses.first?.family else { return [] }
        var same: [SocketAddress] = []
        var other: [SocketAddress] = []
        for address in addresses {
            if address.family == firstFamily { same.append(address) } else { other.append(address) }
        }
        var result: [SocketAddress] = []
        for index in 0..<max(same.count, other.count) {
            if index < same.count { result.append(same[index]) }
            if index < other.count { result.append(other[index]) }
        }
        return result
    }

    private func startNext() {
        stopDelay()
        while nextAddress < addresses.count {
            let place = nextAddress
            nextAddress += 1
            do throws(SystemError) {
                if try begin(place) { return }
            } catch {
                failures.append(ConnectFailure(address: addresses[place], error: error))
            }
            if !attempts.isEmpty { break }
        }
        if attempts.isEmpty {
            finish(.failure(.connecting(target, failures)))
        } else {
            schedule()
        }
    }

    private func schedule() {
        let delay =
            nextAddress >= addresses.count
            ? target.repeatNanoseconds
            : nextAddress < unfailed ? Self.attemptDelayNanoseconds : Self.failedDelayNanoseconds
        delayTimer = loop.schedule(at: Clock.monotonicNanoseconds &+ delay, self, token: 0)
    }

    /// Begins anew with each address that has not answered. What cannot be begun now is no failure of the address: its
    /// attempts go on.
    private func repeatSilent() {
        for place in addresses.indices {
            let under = attempts.indices.filter { attempts[$0].place == place }
            if under.isEmpty { continue }
            if under.count >= Self.attemptsPerAddressMax { abandon(attempts.remove(at: under[1])) }
            do throws(SystemError) {
                if try begin(place) { return }
            } catch {}
        }
        schedule()
    }

    /// True: the race is won already.
    private func begin(_ place: Int) throws(SystemError) -> Bool {
        let address = addresses[place]
        let descriptor = try Syscalls.streamSocket(family: address.family)
        let attempt = ConnectAttempt(place, address, descriptor, self)
        do throws(SystemError) {
            try prepare(descriptor)
            if try Syscalls.connect(descriptor, address) {
                attempts.append(attempt)
                attemptEnded(attempt)
                return true
            }
            attempt.registration = try loop.add(descriptor, interest: EPOLLOUT.rawValue, attempt)
        } catch {
            Syscalls.close(descriptor)
            throw error
        }
        attempts.append(attempt)
        return false
    }

    private func prepare(_ descriptor: Int32) throws(SystemError) {
        try Syscalls.setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        try target.applyOptions(descriptor)
        if target.receiveBufferBytes > 0 {
            try Syscalls.setOption(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: target.receiveBufferBytes))
        }
        if target.sendBufferBytes > 0 {
            try Syscalls.setOption(descriptor, SOL_SOCKET, SO_SNDBUF, Int32(clamping: target.sendBufferBytes))
        }
        if let interface = target.bindInterface { try Syscalls.bindToDevice(descriptor, interface) }
        if let text = target.sourceAddress, let source = SocketAddress(literal: text, port: 0) {
            // The port is chosen at connect: so many connections of one source do not use up the range.
            try Syscalls.setOption(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
            try Syscalls.bind(descriptor, source)
        }
    }

    fileprivate func attemptEnded(_ attempt: ConnectAttempt) {
        var number = Syscalls.pendingError(attempt.descriptor)
        if number == 0, isConnectedToItself(attempt.descriptor) { number = ECONNREFUSED }
        attempts.removeAll { $0 === attempt }
        if let registration = attempt.registration { loop.remove(registration) }
        attempt.registration = nil
        if number == 0 {
            finish(.success((attempt.descriptor, attempt.address)))
            return
        }
        Syscalls.close(attempt.descriptor)
        // The address has answered: what else is under way to it would be told the same, later.
        for other in attempts where other.place == attempt.place { abandon(other) }
        attempts.removeAll { $0.place == attempt.place }
        failures.append(
            ConnectFailure(address: attempt.address, error: SystemError(number: number, call: "connect")))
        startNext()
    }

    /// On loopback a connection to a port of the ephemeral range where nobody listens can meet itself: TCP allows
    /// simultaneous open, and the kernel may choose that very port as the source.
    private func isConnectedToItself(_ descriptor: Int32) -> Bool {
        guard let local = Syscalls.localAddress(descriptor), let peer = Syscalls.peerAddress(descriptor) else {
            return false
        }
        return local.port == peer.port && local.host == peer.host
    }

    private func abandon(_ attempt: ConnectAttempt) {
        if let registration = attempt.registration { loop.remove(registration) }
        Syscalls.close(attempt.descriptor)
    }

    private func stopDelay() {
        if let delayTimer { loop.cancel(delayTimer) }
        delayTimer = nil
    }

    private func finish(_ result: Result<(Int32, SocketAddress), TransportError>) {
        let stream = stream
        cancel()
        switch result {
        case .success(let (descriptor, address)): stream?.connectorSucceeded(descriptor, address)
        case .failure(let error): stream?.connectorFailed(error)
        }
    }
}
