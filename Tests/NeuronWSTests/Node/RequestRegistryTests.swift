import NodeCore
import Testing

@testable import NeuronWS

@Suite struct RequestRegistryTests {
    private func entry() -> RequestRegistry.Entry {
        let bytes = Array(#"{"uuid":"1","node":"d","group":"g"}"#.utf8)
        let rules = RequestRules(policy: .all, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        return bytes.withUnsafeBytes { raw in
            var message = IncomingMessage.make(raw)!
            guard case .request(let request)? = message.next(rules) else { preconditionFailure("no request") }
            return RequestRegistry.Entry(owner: NodeRequests(generation: 0, timeout: 1), request: request)
        }
    }

    @Test func aHandleThatWasFreedFindsNothingThoughItsPlaceIsTakenAgain() {
        let registry = RequestRegistry()
        let first = registry.insert(entry())
        #expect(registry.find(first) != nil)
        registry.remove(first)
        registry.remove(first)
        let second = registry.insert(entry())
        #expect(first != second && registry.find(first) == nil && registry.find(second) != nil)
    }

    @Test func whatNeverWasAHandleFindsNothing() {
        let registry = RequestRegistry()
        let handle = registry.insert(entry())
        for wrong: UInt in [0, 1, handle + 1, handle &+ 1 << 32, .max, UInt(1) << 32] {
            #expect(registry.find(wrong) == nil)
            registry.remove(wrong)
        }
        #expect(registry.find(handle) != nil && handle != 0)
    }

    /// Nobody hears the answer of a node that is gone; the handle is freed all the same.
    @Test func anAnswerAfterTheNodeFreesTheHandle() throws {
        let requests = NodeRequests(generation: 0, timeout: 1000)
        let request = entry().request
        let handle = try #require(requests.admit(request, connection: 1, now: 0))
        #expect(requests.isWaiting(handle) && requests.nextDeadline == 1000)
        let status = try Array("{}".utf8).withUnsafeBytes {
            try requests.reply(handle, request, try JSONText.parse($0), $0)
        }
        #expect(status == .NEURON_WS_NOT_RUNNING)
        #expect(!requests.isWaiting(handle) && !requests.drop(handle))
        #expect(Runtime.shared.requests.find(handle) == nil)
    }

    @Test func aRequestThatExpiredIsTheHostsUntilItLetsGo() throws {
        let requests = NodeRequests(generation: 0, timeout: 10)
        let handle = try #require(requests.admit(entry().request, connection: 1, now: 0))
        #expect(requests.expire(now: 10).count == 1)
        #expect(!requests.isWaiting(handle) && Runtime.shared.requests.find(handle) != nil)
        #expect(requests.drop(handle) && Runtime.shared.requests.find(handle) == nil)
    }
}
