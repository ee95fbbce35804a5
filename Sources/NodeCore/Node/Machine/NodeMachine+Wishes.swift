// SPDX-License-Identifier: Apache-2.0
/// The host's wishes: what was asked last counts.
extension NodeMachine {
    public mutating func started(now: UInt64) -> Action {
        owesIdle = false
        switch state {
        case .idle:
            servers.reset()
            attempts = 0
            state = .starting(until: now &+ Self.startDelayNanoseconds)
        case .closing(.stop(let ending), let since, let deadline):
            // A start during the stop: what was asked last counts.
            servers.reset()
            let purpose = Purpose.connect(Ending.stoppedAndStarted.withClose(of: ending))
            state = .closing(purpose, since: since, deadline: deadline)
        case .draining(let since, let keepAlive, let drain):
            guard let ending = drain.reconnects else {
                state = .open(since: since, keepAlive)
                break
            }
            state = .closing(.connect(ending), since: now, deadline: now &+ parameters.closeTimeout)
            return .sendClose(code: 1001)
        case .over, .starting, .waiting, .connecting, .open, .closing:
            break
        }
        return .none
    }

    /// Never longer than `timeout`, but for what an open connection needs to be closed (`farewellNanoseconds`). The
    /// server's Close is waited for no longer than for any other.
    /// - Parameters:
    ///   - isAwaited: the host waits to be told of the end: see `takeOwedIdle`.
    ///   - pushed: how many messages there ever were, and of how many all have their outcome: with the others an open
    ///     connection goes on, see `drained`.
    public mutating func stopped(
        timeout: UInt64, isAwaited: Bool = false, pushed: UInt64 = 0, ended: UInt64 = 0, now: UInt64
    ) -> Action {
        owesIdle = owesIdle || isAwaited
        switch state {
        case .idle, .over:
            return .none
        case .starting, .waiting:
            state = .idle
            return .becomeIdle(.stopped)
        case .connecting:
            state = .idle
            return .disconnect(.stopped, sendsClose: false)
        case .open(let since, let keepAlive) where ended < pushed && timeout > Self.farewellNanoseconds:
            state = .draining(since: since, keepAlive, Drain(through: pushed, now: now, timeout: timeout))
            return .none
        case .draining(let since, let keepAlive, var drain) where timeout > Self.farewellNanoseconds:
            let new = Drain(through: pushed, now: now, timeout: timeout)
            drain.through = max(drain.through, new.through)
            drain.until = min(drain.until, new.until)
            drain.stopsBy = min(drain.stopsBy, new.stopsBy)
            state = .draining(since: since, keepAlive, drain)
            return .none
        case .open, .draining:
            state = .closing(.stop(.stopped), since: now, deadline: now &+ farewell(within: timeout))
            return .sendClose(code: 1001)
        case .closing(let purpose, let since, let deadline):
            let ending = Ending.stopped.withClose(of: purpose.ending)
            state = .closing(.stop(ending), since: since, deadline: min(deadline, now &+ farewell(within: timeout)))
            return .none
        }
    }

    private func farewell(within timeout: UInt64) -> UInt64 {
        max(min(timeout, parameters.closeTimeout), Self.farewellNanoseconds)
    }

    /// To be asked whenever messages may have got their outcome: all that were pushed before the stop may have theirs.
    public mutating func drained(ended: UInt64, now: UInt64) -> Action {
        guard case .draining(_, _, let drain) = state, ended >= drain.through else { return .none }
        return endDraining(drain, now: now)
    }

    mutating func endDraining(_ drain: Drain, now: UInt64) -> Action {
        guard now < drain.stopsBy else {
            // The timer came late: the Close goes out, and no answer is waited for.
            state = .idle
            return .disconnect(.stopped, sendsClose: true)
        }
        let deadline = min(drain.stopsBy, now &+ farewell(within: drain.stopsBy &- now))
        state = .closing(.stop(.stopped), since: now, deadline: deadline)
        return .sendClose(code: 1001)
    }

    /// Whether the host has to be told of the present state, though it may be no change: the idle one, at the end of a
    /// stop that it waits for. Once, and not if it has started the node again meanwhile.
    public mutating func takeOwedIdle() -> Bool {
        guard owesIdle, isIdle else { return false }
        owesIdle = false
        return true
    }

    /// The node is gone, or this life of it: nothing begins any more.
    public mutating func end() { state = .over }

    /// New settings. `reconnects`: one that concerns the connection changed. What is waited for takes at most as long
    /// as they now say.
    public mutating func configured(_ parameters: Parameters, reconnects: Bool, now: UInt64) -> Action {
        configured(parameters, reconnects: reconnects, .reconfigured, now: now)
    }

    /// The same, where the URLs changed and the present connection stays, because its own is still among them.
    /// - Parameters:
    ///   - urlIndex: where that is now.
    ///   - places: of each URL, where its server stood; nil: nowhere.
    public mutating func configured(_ parameters: Parameters, urlIndex: Int, places: [Int?], now: UInt64) {
        servers.rearranged(places, fresh: parameters.servers)
        attemptsAtOnce = min(attemptsAtOnce, servers.count)
        self.urlIndex = urlIndex
        self.parameters.urlCount = parameters.urlCount
        _ = configured(parameters, reconnects: false, .reconfigured, now: now)
    }

    /// The host wants a new connection now: a wait is over, whatever a server asked for, and so is a connection.
    public mutating func reconnectWanted(now: UInt64) -> Action {
        configured(parameters, reconnects: true, .reconnectWanted, now: now)
    }

    private mutating func configured(
        _ parameters: Parameters, reconnects: Bool, _ ending: Ending, now: UInt64
    ) -> Action {
        let keepsServers = !reconnects && parameters.urlCount == self.parameters.urlCount
        self.parameters = parameters
        if keepsServers {
            servers.configured(
                minimumNanoseconds: parameters.reconnectMinimum, maximumNanoseconds: parameters.reconnectMaximum)
        } else {
            servers = parameters.servers
            attemptsAtOnce = 0
        }
        switch state {
        case .idle, .over, .starting:
            break
        case .waiting:
            if reconnects { return connectNow(now: now) }
            // The wait itself ends by the timer, which fires at once if it is over.
            if case .at(let until) = servers.next(now: now) {
                state = .waiting(until: until)
            } else {
                state = .waiting(until: now)
            }
        case .connecting(let phase, let since, _):
            if reconnects { return connectNow(ending, now: now) }
            state = .connecting(phase, since: since, deadline: since &+ parameters.connectTimeout)
        case .open(let since, var keepAlive):
            guard reconnects else {
                keepAlive.configured(parameters, now: now)
                state = .open(since: since, keepAlive)
                break
            }
            state = .closing(.connect(ending), since: now, deadline: now &+ parameters.closeTimeout)
            return .sendClose(code: 1001)
        case .draining(let since, var keepAlive, var drain):
            if reconnects { drain.reconnects = ending } else { keepAlive.configured(parameters, now: now) }
            state = .draining(since: since, keepAlive, drain)
        case .closing(.stop, _, _):
            break
        case .closing(let purpose, let since, let deadline):
            state = .closing(
                reconnects ? .connect(purpose.ending) : purpose, since: since,
                deadline: min(deadline, now &+ parameters.closeTimeout))
        }
        return .none
    }
}

extension KeepAlive {
    fileprivate mutating func configured(_ parameters: NodeMachine.Parameters, now: UInt64) {
        configured(
            intervalNanoseconds: parameters.pingInterval, timeoutNanoseconds: parameters.pingTimeout, now: now)
    }
}
