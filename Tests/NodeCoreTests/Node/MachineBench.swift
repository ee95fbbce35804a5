// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

func makeMachine(urls: Int = 1) -> NodeMachine {
    NodeMachine(
        NodeMachine.Parameters(
            connectTimeout: 30 * second, closeTimeout: 5 * second, pingInterval: 20 * second,
            pingTimeout: 10 * second, reconnectMinimum: second, reconnectMaximum: 60 * second, urlCount: urls))
}

private let delay = NodeMachine.startDelayNanoseconds

/// A machine that makes its first attempt, since `delay`.
func startedMachine(urls: Int = 1) -> NodeMachine {
    var machine = makeMachine(urls: urls)
    #expect(machine.started(now: 0) == .none)
    #expect(machine.timerFired(now: delay, random: 0) == .connect(urlIndex: 0))
    return machine
}

extension NodeMachine {
    mutating func opens(now: UInt64) {
        #expect(streamConnected() == .negotiate)
        #expect(handshakeCompleted(now: now) == .opened)
    }
}

/// A machine whose connection is open since `delay`.
func openMachine(urls: Int = 1) -> NodeMachine {
    var machine = startedMachine(urls: urls)
    machine.opens(now: delay)
    return machine
}
