// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore

/// One address that could not be connected to.
struct ConnectFailure {
    let address: SocketAddress
    let error: SystemError
}

/// Who wants a connection. Loop-bound; hears nothing after `cancel`.
protocol DialerOwner: AnyObject {
    func dialerEntered(_ phase: StreamPhase)
    /// The dialer is done; the socket is the owner's, without a handler.
    func dialerConnected(_ socket: Socket)
    func dialerFailed(_ error: TransportError)
}

/// From a target to a connected socket: its addresses looked up, and tried as `AddressRace` says. Loop-bound, used
/// once.
final class Dialer: LoopHandler, ResolverClient {
    /// One connection attempt under way.
    private final class Attempt: LoopHandler {
        let number: Int
        let address: SocketAddress
        let descriptor: Int32
        var registration: EventLoop.Registration?
        private let dialer: Dialer

        init(_ number: Int, _ address: SocketAddress, _ descriptor: Int32, _ dialer: Dialer) {
            self.number = number
            self.address = address
            self.descriptor = descriptor
            self.dialer = dialer
        }

        func descriptorReady(_ events: UInt32) { dialer.attemptEnded(self) }

        func timerFired(_ token: UInt64) {}
    }

    private let target: ConnectTarget
    private let loop: EventLoop
    /// Nil: done. The owner holds the dialer, so this reference ends with the race.
    private var owner: (any DialerOwner)?
    private var query: ResolverQuery?
    private var addresses: [SocketAddress] = []
    private var race: AddressRace?
    private var attempts: [Attempt] = []
    private var failures: [ConnectFailure] = []
    private var timer: TimerID?

    init(_ target: ConnectTarget, loop: EventLoop, owner: any DialerOwner) {
        self.target = target
        self.loop = loop
        self.owner = owner
    }

    /// Begins. May end at once, with a call to the owner from within.
    func start() {
        if let path = target.unixPath {
            // The URL has seen to its length.
            guard let address = SocketAddress(unixPath: path) else { return fail(.connecting(target, [])) }
            return startRace([address])
        }
        if let address = SocketAddress(literal: target.host, port: target.port) {
            if target.ipVersion != .any, address.isIPv6 != (target.ipVersion == .v6) {
                let wanted = target.ipVersion == .v6 ? "6" : "4"
                let text = "\(target.host) is not an address of IP version \(wanted) (ip-version)"
                return fail(TransportError(.dns, text))
            }
            return startRace([address])
        }
        owner?.dialerEntered(.resolving)
        if owner == nil { return }
        query = loop.resolver.resolve(
            host: target.host, port: target.port, version: target.ipVersion, loop: loop, client: self)
    }

    /// Ends it without a word.
    func cancel() {
        owner = nil
        race = nil
        query?.cancel()
        query = nil
        stopTimer()
        for attempt in attempts { abandon(attempt) }
        attempts.removeAll()
    }

    func nameResolved(_ result: ResolverResult) {
        query = nil
        switch result {
        case .addresses(let addresses): startRace(addresses)
        case .failed(let failure): fail(.resolving(target, failure))
        }
    }

    private func startRace(_ found: [SocketAddress]) {
        owner?.dialerEntered(.connecting)
        if owner == nil { return }
        addresses = found
        if target.unixPath == nil, let source = target.sourceAddress.flatMap({ SocketAddress(literal: $0, port: 0) }) {
            addresses.removeAll { $0.family != source.family }
            if addresses.isEmpty { return fail(.sourceOfOtherVersion(target, found)) }
        }
        race = AddressRace(
            addresses.map { AddressRace.Address(text: $0.text, isIPv6: $0.isIPv6) }, memory: target.memory,
            repeatNanoseconds: target.repeatNanoseconds)
        goOn()
    }

    // MARK: The race's actions

    private func goOn() {
        while let action = race?.next(now: Clock.monotonicNanoseconds) {
            switch action {
            case .begin(let number, let index):
                begin(number, addresses[index])
            case .abandon(let number):
                for attempt in attempts where attempt.number == number { abandon(attempt) }
                attempts.removeAll { $0.number == number }
            case .wait(let deadline):
                stopTimer()
                timer = loop.schedule(at: deadline, self, token: 0)
                return
            case .lost:
                return fail(.connecting(target, failures))
            }
        }
    }

    func descriptorReady(_ events: UInt32) {}

    func timerFired(_ token: UInt64) {
        timer = nil
        goOn()
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    private func begin(_ number: Int, _ address: SocketAddress) {
        do throws(SystemError) {
            let attempt = Attempt(number, address, try Syscalls.streamSocket(family: address.family), self)
            attempts.append(attempt)
            try prepare(attempt.descriptor)
            if try Syscalls.connect(attempt.descriptor, address) { return attemptEnded(attempt) }
            attempt.registration = try loop.add(attempt.descriptor, interest: EPOLLOUT.rawValue, attempt)
        } catch {
            for attempt in attempts where attempt.number == number { abandon(attempt) }
            attempts.removeAll { $0.number == number }
            guard race?.attemptNotBegun(number) == true else { return }
            failures.append(ConnectFailure(address: address, error: error))
        }
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
        if target.unixPath != nil { return }
        if let interface = target.bindInterface { try Syscalls.bindToDevice(descriptor, interface) }
        if let text = target.sourceAddress, let source = SocketAddress(literal: text, port: 0) {
            // The port is chosen at connect: so many connections of one source do not use up the range.
            try Syscalls.setOption(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
            try Syscalls.bind(descriptor, source)
        }
    }

    private func attemptEnded(_ attempt: Attempt) {
        var number = Syscalls.pendingError(attempt.descriptor)
        if number == 0, isConnectedToItself(attempt.descriptor) { number = ECONNREFUSED }
        attempts.removeAll { $0 === attempt }
        if let registration = attempt.registration { loop.remove(registration) }
        attempt.registration = nil
        if number == 0 {
            let owner = owner
            cancel()
            owner?.dialerConnected(Socket(attempt.descriptor, peer: attempt.address, loop: loop))
            return
        }
        Syscalls.close(attempt.descriptor)
        failures.append(
            ConnectFailure(address: attempt.address, error: SystemError(number: number, call: "connect")))
        race?.attemptFailed(attempt.number, now: Clock.monotonicNanoseconds)
        goOn()
    }

    /// On loopback a connection to a port of the ephemeral range where nobody listens can meet itself: TCP allows
    /// simultaneous open, and the kernel may choose that very port as the source.
    private func isConnectedToItself(_ descriptor: Int32) -> Bool {
        guard target.unixPath == nil, let local = Syscalls.localAddress(descriptor),
            let peer = Syscalls.peerAddress(descriptor)
        else { return false }
        return local.port == peer.port && local.host == peer.host
    }

    private func abandon(_ attempt: Attempt) {
        if let registration = attempt.registration { loop.remove(registration) }
        Syscalls.close(attempt.descriptor)
    }

    private func fail(_ error: TransportError) {
        let owner = owner
        cancel()
        owner?.dialerFailed(error)
    }
}

@available(*, unavailable)
extension Dialer: Sendable {}
