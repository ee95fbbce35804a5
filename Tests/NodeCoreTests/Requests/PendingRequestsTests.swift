import Testing

@testable import NodeCore

@Suite struct PendingRequestsTests {
    private func request(_ bytes: Int = 0) -> Request {
        let padding = String(repeating: " ", count: bytes)
        return requests(#"{"uuid":"1","node":"d","group":"g"}"# + padding)[0]
    }

    @Test func requestsExpireAtTheirDeadlinesOnce() {
        var pending = PendingRequests(timeout: 50)
        #expect(pending.nextDeadline == nil)
        pending.add(request(), handle: 1, now: 250)
        pending.add(request(), handle: 2, now: 50)
        pending.add(request(), handle: 3, now: 150)
        #expect(pending.nextDeadline == 100)
        #expect(pending.expire(now: 99).isEmpty)
        #expect(pending.expire(now: 200).count == 2)
        #expect(pending.expire(now: 250).isEmpty)
        #expect(pending.nextDeadline == 300)
        #expect(pending.state(1) == .waiting && pending.state(2) == .expired && pending.state(3) == .expired)
        #expect(pending.state(4) == nil)
        pending.remove(1)
        #expect(pending.nextDeadline == nil && pending.state(1) == nil)
        // Those that expired are the host's until it lets go of them.
        #expect(pending.count == 2)
        pending.remove(2)
        pending.remove(2)
        pending.remove(3)
        #expect(pending.count == 0 && pending.heldBytes == 0)
    }

    @Test func aNewTimeoutIsInForceForThoseThatWait() {
        var pending = PendingRequests(timeout: 1000)
        pending.add(request(), handle: 1, now: 10)
        pending.timeout = 20
        #expect(pending.nextDeadline == 30)
        #expect(pending.expire(now: 30).count == 1)
    }

    @Test func countAndMemoryHaveLimits() {
        var pending = PendingRequests(timeout: 0)
        let small = request()
        let limit = 16 << 20
        for handle in 1...1024 {
            #expect(pending.room(memoryBytesMax: limit) == limit - pending.heldBytes)
            pending.add(small, handle: UInt(handle), now: 1)
        }
        #expect(pending.heldBytes == 1024 * small.memoryBytes)
        #expect(pending.room(memoryBytesMax: limit) == 0)
        _ = pending.expire(now: 1)
        #expect(pending.room(memoryBytesMax: limit) == 0)
        pending.remove(500)
        #expect(pending.room(memoryBytesMax: limit) > 0)
        // The limit was made smaller meanwhile.
        #expect(pending.room(memoryBytesMax: 65_536) == 0)
    }

    private func operation(_ id: String) -> Request {
        let text = #"{"operation":{"request":{"id":"\#(id)","deviceId":"d","name":"X","parameters":{}}}}"#
        var rules = anyRules
        rules.openGate = OpenGateIdentity(deviceID: "gw", isReduced: false)
        return requests(text, rules)[0]
    }

    @Test func anOperationIsKnownByItsIdUntilItHasItsAnswer() {
        var pending = PendingRequests(timeout: 50)
        let ids = ["a", "b", "c"].map { Array("\"\($0)\"".utf8) }
        for (index, id) in ["a", "b", "c"].enumerated() {
            pending.add(operation(id), handle: UInt(index + 1), now: UInt64(index) * 100)
        }
        pending.add(request(), handle: 4, now: 0)
        #expect(ids.allSatisfy { pending.isWaiting(operation: $0) })
        pending.settle(operation: ids[1])
        pending.settle(operation: ids[1])
        #expect(pending.state(2) == .expired && !pending.isWaiting(operation: ids[1]))
        #expect(pending.expire(now: 50).count == 2)
        #expect(!pending.isWaiting(operation: ids[0]) && pending.isWaiting(operation: ids[2]))
        // Asked for again meanwhile: the handle of the first goes, and the second still waits.
        pending.add(operation("a"), handle: 5, now: 60)
        pending.remove(1)
        #expect(pending.isWaiting(operation: ids[0]))
        pending.remove(5)
        pending.remove(3)
        #expect(ids.allSatisfy { !pending.isWaiting(operation: $0) })
    }
}
