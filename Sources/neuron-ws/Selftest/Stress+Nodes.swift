// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer

extension Stress {
    private static let nodes = 4
    private static let flushMilliseconds: UInt32 = 600_000

    /// Threads push to nodes that others look at, while further nodes come and go: each message arrives once, and those
    /// of a thread in their order.
    func pushing() -> String? {
        let server: LoopbackWebSocketServer
        do throws(ServerError) { server = try LoopbackWebSocketServer.start(ServerConfiguration()) } catch {
            return error.message
        }
        defer { server.stop() }
        do throws(LibraryError) { return try push(to: server) } catch { return error.text }
    }

    private func push(to server: LoopbackWebSocketServer) throws(LibraryError) -> String? {
        let settings = "{\"url\":\"\(server.url)/\",\"log-level\":\"off\"}"
        var nodes: [SharedNode] = []
        for index in 0..<Self.nodes {
            let node = try Node.create(name: "node\(index)", settings: settings)
            try node.start()
            nodes.append(SharedNode(node: node))
        }
        // They lie in memory until the end.
        let turns = max(1, min(rounds, 100_000) / threads)
        let all = nodes
        let ran = Self.together(threads) { number in
            let node = all[number % Self.nodes].node
            for turn in 0..<turns {
                var text = "\(number) \(turn)"
                while text.withUTF8({ node.send($0) }) == .NEURON_WS_QUEUE_FULL { sched_yield() }
                if turn % 64 == 0 { _ = node.metrics.messages_sent + UInt64(node.state.phase.rawValue) }
                if turn % 512 == 0 { _ = try? Node.create(name: "other", settings: settings).start() }
            }
        }
        guard ran else { return "the system gives no more threads" }
        for shared in nodes {
            let status = shared.node.flush(timeoutMilliseconds: Self.flushMilliseconds)
            guard status == .NEURON_WS_OK else { throw LibraryError(status) }
            shared.node.stop(timeoutMilliseconds: Self.flushMilliseconds)
        }
        _ = server.waitForMessages(threads * turns, timeoutMilliseconds: Int(Self.flushMilliseconds))
        return Self.fault(of: server.messages, threads: threads, turns: turns)
    }

    /// What is wrong with what arrived; nil: nothing.
    static func fault(of messages: [ReceivedMessage], threads: Int, turns: Int) -> String? {
        var next = [Int](repeating: 0, count: threads)
        for message in messages {
            let words = message.text.split(separator: " ")
            guard words.count == 2, let number = Int(words[0]), next.indices.contains(number) else {
                return "the server got \"\(message.text)\""
            }
            guard Int(words[1]) == next[number] else {
                return "behind message \(next[number]) of thread \(number) came \(words[1])"
            }
            next[number] += 1
        }
        return next.allSatisfy { $0 == turns } ? nil : "\(messages.count) of \(threads * turns) messages arrived"
    }
}

/// A node may be used by any thread (neuron_ws.h).
private struct SharedNode: @unchecked Sendable {
    let node: Node
}
