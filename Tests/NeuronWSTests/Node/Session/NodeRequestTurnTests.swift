// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import NodeCore
import Testing

@testable import NeuronWS

/// A text message of less than 64 KiB.
private func textFrame(_ text: String) -> [UInt8] {
    let length = text.utf8.count
    precondition((126..<65_536).contains(length))
    return [0x81, 126, UInt8(length >> 8), UInt8(length & 0xFF)] + Array(text.utf8)
}

extension NodeSuites {
    /// The lines about ends of requests, of which one may have many, are told by turns.
    @Suite struct NodeRequestTurnTests {
        private static let requestCount = 20
        /// So many lines each.
        private static let lineCount = 10

        private func write(_ uuid: Int, value: Int) -> [UInt8] {
            let tag = #"{"tag":"t","value":\#(value)}"#
            let tags = [String](repeating: tag, count: Self.lineCount * 64).joined(separator: ",")
            return textFrame(#"{"uuid":"\#(uuid)","node":"d","group":"g","tags":[\#(tags)]}"#)
        }

        /// A node whose host takes a millisecond for each line that begins so; what `counter` sees are those.
        private func node(_ url: String, _ more: String = "", _ beginning: String, _ counter: TurnCounter) -> TestNode {
            let node = TestNode.make(url, more, takesRequests: true, logLevel: "notice")
            node.logged = { [unowned node] line in
                guard line.hasPrefix(beginning) else { return }
                usleep(1000)
                counter.count(node.handle)
            }
            return node
        }

        @Test func thoseThatExpireTogetherAreToldInTurns() throws {
            let server = try startSending((0..<Self.requestCount).flatMap { write($0, value: 1) })
            defer { server.stop() }
            let counter = TurnCounter()
            let node = node("ws://127.0.0.1:\(server.port)", #""request-timeout":1"#, "Not answered", counter)
            node.start()
            #expect(eventually { counter.total == Self.requestCount * Self.lineCount })
            #expect(counter.most <= Self.lineCount, "\(counter.most) lines in a turn")
            #expect(eventually { node.metrics.messages_sent == UInt64(Self.requestCount) })
        }

        @Test func thoseThatAreAnsweredInTheirCallbackAreToldInTurns() throws {
            let server = try startSending((0..<Self.requestCount).flatMap { write($0, value: 1) })
            defer { server.stop() }
            let counter = TurnCounter()
            let node = node("ws://127.0.0.1:\(server.port)", "", "Dropped", counter)
            node.answers = { request, _ in
                // Meanwhile all of them come.
                if counter.total == 0 { usleep(200_000) }
                neuron_ws_request_drop(request)
                return false
            }
            node.start()
            #expect(eventually { counter.total == Self.requestCount * Self.lineCount })
            #expect(counter.most <= Self.lineCount, "\(counter.most) lines in a turn")
        }

        /// Many requests and a Close, and on the next connection another one of the same uuid.
        private func startSuperseding() throws -> BlockingServer {
            var all = (0..<Self.requestCount).flatMap { _ in write(7, value: 1) }
            all += [0x88, 2, 0x03, 0xE8]
            let new = write(7, value: 2)
            return try startServing { connection, number in connection.write(number == 0 ? all : new) }
        }

        @Test func thoseThatASecondConnectionSupersedesAreToldInTurns() throws {
            let counter = TurnCounter()
            let server = try startSuperseding()
            defer { server.stop() }
            let node = node("ws://127.0.0.1:\(server.port)", "", "Superseded", counter)
            node.start()
            #expect(eventually { counter.total == Self.requestCount * Self.lineCount })
            #expect(counter.most <= Self.lineCount, "\(counter.most) lines in a turn")
            #expect(eventually { node.requests.count == Self.requestCount + 1 })
        }

        /// What has not been told when the node ends is told by then.
        @Test func aNodeThatEndsTellsThemAll() throws {
            let counter = TurnCounter()
            let server = try startSuperseding()
            defer { server.stop() }
            let node = node("ws://127.0.0.1:\(server.port)", "", "Superseded", counter)
            node.start()
            #expect(eventually { counter.total > 0 })
            node.destroy()
            let told = node.lines.filter { $0.hasPrefix("Superseded") }
            #expect(told.count == Self.requestCount * Self.lineCount)
        }
    }
}
