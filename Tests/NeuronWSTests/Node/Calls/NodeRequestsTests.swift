// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@testable import NeuronWS

extension RequestRegistry.Entry {
    /// A request of a node that is not there.
    static func sample(_ owner: NodeRequests = NodeRequests(generation: 0, timeout: 1)) -> RequestRegistry.Entry {
        let bytes = Array(#"{"uuid":"1","node":"d","group":"g"}"#.utf8)
        let rules = RequestRules(policy: .all, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        return bytes.withUnsafeBytes { raw in
            var message = IncomingMessage.make(raw)!
            guard case .request(let request)? = message.next(rules) else { preconditionFailure("no request") }
            return RequestRegistry.Entry(owner: owner, request: request)
        }
    }
}

@Suite struct NodeRequestsTests {
    private func entry() -> RequestRegistry.Entry { .sample() }

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
        #expect(!requests.isWaiting(handle) && !requests.drop(handle, request))
        #expect(Runtime.shared.requests.find(handle) == nil)
    }

    @Test func aRequestThatExpiredIsTheHostsUntilItLetsGo() throws {
        let requests = NodeRequests(generation: 0, timeout: 10)
        let request = entry().request
        let handle = try #require(requests.admit(request, connection: 1, now: 0))
        #expect(requests.expire(now: 10).count == 1)
        #expect(!requests.isWaiting(handle) && Runtime.shared.requests.find(handle) != nil)
        #expect(requests.drop(handle, request) && Runtime.shared.requests.find(handle) == nil)
    }
}
