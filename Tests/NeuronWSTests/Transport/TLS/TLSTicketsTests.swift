// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Testing

@testable import NeuronWS

/// Which sessions are kept; that connections go on with them is in `StreamSecurityFlowTests`.
@Suite struct TLSTicketsTests {
    private func ticket() throws -> TLSTicket { TLSTicket(try #require(SSL_SESSION_new())) }

    private func peer(_ number: Int) -> TLSPeer { TLSPeer(name: "plant\(number)", text: "plant\(number):443") }

    @Test func eachPeerHasItsNewestOnly() throws {
        let tickets = TLSTickets()
        for _ in 0..<3 { tickets.put(try ticket(), for: peer(1)) }
        #expect(tickets.count == 1)
        tickets.put(try ticket(), for: peer(2))
        #expect(tickets.count == 2)
    }

    @Test func theOldestMakesRoom() throws {
        let tickets = TLSTickets()
        for number in 0...TLSTickets.countMax { tickets.put(try ticket(), for: peer(number)) }
        #expect(tickets.count == TLSTickets.countMax)
        #expect(tickets.take(for: peer(0), atSeconds: 0) == nil)
        #expect(tickets.count == TLSTickets.countMax)
    }

    @Test func oneThatNobodyCanGoOnWithIsGivenToNobodyAndGoes() throws {
        let tickets = TLSTickets()
        tickets.put(try ticket(), for: peer(1))
        #expect(tickets.take(for: peer(1), atSeconds: 0) == nil)
        #expect(tickets.count == 0)
    }

    @Test func whoAsksOtherwiseIsAnotherPeer() throws {
        let tickets = TLSTickets()
        tickets.put(try ticket(), for: peer(1))
        var other = peer(1)
        other.verifyName = "other.example"
        #expect(tickets.take(for: other, atSeconds: 0) == nil)
        #expect(tickets.count == 1)
    }
}
