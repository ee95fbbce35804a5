// SPDX-License-Identifier: Apache-2.0
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
        #expect(pending.state(1) == .waiting)
        #expect([2, 3].allSatisfy { pending.state($0) == .expired(isTold: true) })
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

    @Test func theTimeOfWhatIsWorkedOnBeginsAnew() {
        var pending = PendingRequests(timeout: 50)
        pending.add(request(), handle: 1, now: 0)
        pending.touch(1, now: 40)
        pending.touch(2, now: 40)
        #expect(pending.nextDeadline == 90 && pending.expire(now: 89).isEmpty && pending.expire(now: 90).count == 1)
    }

    @Test func aNewTimeoutIsInForceForThoseThatWait() {
        var pending = PendingRequests(timeout: 1000)
        pending.add(request(), handle: 1, now: 10)
        pending.timeout = 20
        #expect(pending.nextDeadline == 30)
        #expect(pending.expire(now: 30).count == 1)
    }

    /// Another server is connected, or none.
    @Test func whoeverIsConnectedIsNotToldOfWhatAnotherAsked() {
        var pending = PendingRequests(timeout: 50)
        for (handle, server) in [7, 8, 0].enumerated() {
            pending.add(request(), handle: UInt(handle + 1), server: UInt16(server), now: 0)
        }
        #expect(pending.server(1) == 7 && pending.server(3) == 0 && pending.server(4) == nil)
        let late = pending.expire(now: 50, connected: 8)
        #expect(late.map(\.isTold) == [false, true, true] && late.map(\.server) == [7, 8, 0])
        #expect(pending.state(1) == .expired(isTold: false) && pending.state(2) == .expired(isTold: true))
        pending.add(request(), handle: 4, server: 7, now: 0)
        #expect(pending.expire(now: 50).map(\.isTold) == [true])
    }

    private func write(_ uuid: String, _ value: Int) -> Request {
        requests(#"{"uuid":"\#(uuid)","node":"d","group":"g","tag":"t","value":\#(value)}"#)[0]
    }

    /// A server that was started again begins at 1 again.
    @Test func aUUIDThatIsGivenToSomethingElseEndsWhatHadIt() {
        var pending = PendingRequests(timeout: 50)
        let first = write("1", 1)
        pending.add(first, handle: 1, connection: 1, server: 7, now: 0)
        pending.add(write("2", 1), handle: 2, connection: 1, server: 7, now: 0)
        func superseded(_ new: Request, connection: UInt64 = 2, server: UInt16 = 7) -> Int {
            pending.supersede(by: new, connection: connection, server: server).count
        }
        // Asked again; another number; by the same connection; another server's.
        #expect(superseded(write("1", 1)) == 0 && superseded(write("3", 2)) == 0)
        #expect(superseded(write("1", 2), connection: 1) == 0 && superseded(write("1", 2), server: 8) == 0)
        #expect(pending.state(1) == .waiting)
        #expect(superseded(write("1", 2)) == 1 && superseded(write("1", 3)) == 0)
        #expect(pending.state(1) == .expired(isTold: false) && pending.state(2) == .waiting)
        #expect(pending.waiting.map(\.handle) == [2] && pending.expire(now: 50).count == 1)
    }

    /// One id of two servers is two operations, unless they ask for the same to the byte.
    @Test func operationsOfTwoServersAreTwo() throws {
        var pending = PendingRequests(timeout: 50)
        func repetition(_ request: Request, _ server: UInt16, now: UInt64 = 0, _ queued: UInt64...)
            -> OperationRepetition
        {
            pending.repetition(of: request, connection: UInt64(server), server: server, now: now) {
                queued.contains($0)
            }
        }
        let (id, name) = (Array("1".utf8), Array(#""DISCOVER""#.utf8))
        pending.add(try operation("1"), handle: 1, connection: 7, server: 7, now: 0)
        let other = try operation("1", more: #","parameters":[]"#)
        #expect(repetition(other, 8) == .none)
        pending.add(other, handle: 2, connection: 8, server: 8, now: 0)
        #expect(pending.isWaiting(operation: id, server: 7) && pending.isWaiting(operation: id, server: 8))
        #expect([8, 9].map { pending.server(ofOperation: id, preferred: $0) } == [8, 7])
        pending.noteAnswered(1, [1], message: 5, now: 0)
        pending.remove(1)
        #expect(repetition(other, 9, 5) == .underWay)
        #expect(pending.server(2) == 9)
        // What waits for one server is told another that asks the same, and no other.
        #expect(repetition(try operation("1"), 8, 5) == .answered([1]))
        #expect(repetition(try operation("1", more: #","x":1"#), 8, 5) == .none)
        pending.settle(operation: id, name: name, [2], message: 6, server: 9, now: 0)
        #expect(pending.state(2) == .settled && repetition(other, 9, 6) == .underWay)
    }

    private func operation(_ id: String, _ name: String = "DISCOVER", more: String = "") throws -> Request {
        var rules = anyRules
        rules.openGate = OpenGateIdentity(deviceID: "gw", isReduced: false)
        let text = Array(#"{"operation":{"request":{"id":"\#(id)","name":"\#(name)"\#(more)}}}"#.utf8)
        let found: Request? = text.withUnsafeBytes { bytes in
            var incoming = IncomingMessage.make(bytes)
            guard case .request(let request)? = incoming?.next(rules) else { return nil }
            return request
        }
        return try #require(found)
    }

    /// However the id is written: it may be escaped in one document and not in the other.
    @Test func anOperationIsUnderWayUntilItsAnswerHasGone() throws {
        var pending = PendingRequests(timeout: 50)
        let first = try operation(#"a\/b"#)
        let again = try operation(#"a\u002fb"#)
        func repetition(_ request: Request, connection: UInt64 = 1, now: UInt64 = 0, _ queued: UInt64...)
            -> OperationRepetition
        { pending.repetition(of: request, connection: connection, now: now) { queued.contains($0) } }
        #expect(repetition(again) == .none)
        pending.add(first, handle: 1, now: 0)
        #expect(repetition(again) == .underWay)
        #expect(repetition(try operation("a/b", "UPDATE")) == .idTaken)
        #expect(repetition(try operation("b")) == .none && repetition(request()) == .none)
        pending.noteAnswered(1, [1], message: 7, now: 10)
        pending.remove(1)
        #expect(repetition(again, now: 10, 7) == .underWay)
        // By the same connection it is a new one; by another it is told what it was told.
        #expect(repetition(again, now: 10) == .none)
        #expect(repetition(again, connection: 2, now: 59) == .answered([1]))
        #expect(repetition(again, connection: 2, now: 60) == .none)
        // By its id, without the handle, and of an earlier life.
        pending.add(again, handle: 2, now: 0)
        pending.settle(operation: Array("a/b".utf8), name: Array("\"DISCOVER\"".utf8), [2], message: 8, now: 20)
        #expect(pending.state(2) == .settled && repetition(first, now: 20) == .answered([2]))
        #expect(repetition(first, now: 20, 8) == .underWay)
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

    @Test func anOperationIsKnownByItsIdUntilItHasItsAnswer() throws {
        var pending = PendingRequests(timeout: 50)
        let ids = ["a", "b", "c"].map { Array($0.utf8) }
        for (index, id) in ["a", "b", "c"].enumerated() {
            pending.add(try operation(id), handle: UInt(index + 1), now: UInt64(index) * 100)
        }
        pending.add(request(), handle: 4, now: 0)
        #expect(ids.allSatisfy { pending.isWaiting(operation: $0) })
        for _ in 0..<2 { pending.settle(operation: ids[1], name: [], [1], message: 1, now: 30) }
        #expect(pending.state(2) == .settled && !pending.isWaiting(operation: ids[1]))
        #expect(pending.expire(now: 50).count == 2)
        #expect(!pending.isWaiting(operation: ids[0]) && pending.isWaiting(operation: ids[2]))
        // Asked for again meanwhile: the handle of the first goes, and the second still waits.
        pending.add(try operation("a"), handle: 5, now: 60)
        pending.remove(1)
        #expect(pending.isWaiting(operation: ids[0]))
        pending.remove(5)
        pending.remove(3)
        #expect(ids.allSatisfy { !pending.isWaiting(operation: $0) })
    }
}
