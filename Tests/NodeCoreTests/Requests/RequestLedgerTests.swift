import Testing

@testable import NodeCore

@Suite struct RequestLedgerTests {
    private func request(_ bytes: Int = 0) -> Request {
        let padding = String(repeating: " ", count: bytes)
        return requests(#"{"uuid":"1","node":"d","group":"g"}"# + padding)[0]
    }

    @Test func requestsExpireAtTheirDeadlinesOnce() {
        var ledger = RequestLedger(timeout: 50)
        #expect(ledger.nextDeadline == nil)
        ledger.add(request(), handle: 1, now: 250)
        ledger.add(request(), handle: 2, now: 50)
        ledger.add(request(), handle: 3, now: 150)
        #expect(ledger.nextDeadline == 100)
        #expect(ledger.expire(now: 99).isEmpty)
        #expect(ledger.expire(now: 200).count == 2)
        #expect(ledger.expire(now: 250).isEmpty)
        #expect(ledger.nextDeadline == 300)
        #expect(ledger.standing(1) == .waiting && ledger.standing(2) == .expired && ledger.standing(3) == .expired)
        #expect(ledger.standing(4) == nil)
        ledger.remove(1)
        #expect(ledger.nextDeadline == nil && ledger.standing(1) == nil)
        // Those that expired are the host's until it lets go of them.
        #expect(ledger.count == 2)
        ledger.remove(2)
        ledger.remove(2)
        ledger.remove(3)
        #expect(ledger.count == 0 && ledger.heldBytes == 0)
    }

    @Test func aNewTimeoutIsInForceForThoseThatWait() {
        var ledger = RequestLedger(timeout: 1000)
        ledger.add(request(), handle: 1, now: 10)
        ledger.timeout = 20
        #expect(ledger.nextDeadline == 30)
        #expect(ledger.expire(now: 30).count == 1)
    }

    @Test func countAndMemoryHaveLimits() {
        var ledger = RequestLedger(timeout: 0)
        let small = request()
        let limit = 16 << 20
        for handle in 1...1024 {
            #expect(ledger.room(memoryBytesMax: limit) == limit - ledger.heldBytes)
            ledger.add(small, handle: UInt(handle), now: 1)
        }
        #expect(ledger.heldBytes == 1024 * small.memoryBytes)
        #expect(ledger.room(memoryBytesMax: limit) == 0)
        _ = ledger.expire(now: 1)
        #expect(ledger.room(memoryBytesMax: limit) == 0)
        ledger.remove(500)
        #expect(ledger.room(memoryBytesMax: limit) > 0)
        // The limit was made smaller meanwhile.
        #expect(ledger.room(memoryBytesMax: 65_536) == 0)
    }
}
