// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

extension Connection {
    /// The numbers of those that have left, 0 for a heartbeat.
    fileprivate func left(written: UInt64) -> [UInt64] {
        var ids: [UInt64] = []
        while let left = takeLeft(written: written) {
            if case .command(let id, _) = left { ids.append(id) } else { ids.append(0) }
        }
        return ids
    }
}

@Suite struct CommandLaneTests {
    @Test func `a command goes before the messages that wait`() {
        var bench = ConnectionBench.opened()
        bench.push("one")
        bench.push("two")
        var takes = bench.takesCommand
        #expect(takes)
        bench.connection.queueCommand(1, ConnectionBench.command("command"))
        takes = bench.takesCommand
        #expect(!takes)
        bench.fillAll()
        #expect(bench.arrived() == ["command", "one", "two"])
    }

    @Test func `one of which some has left, and not all, has begun`() {
        var bench = ConnectionBench.opened()
        let before = bench.connection.bytesFramed
        bench.connection.queueCommand(1, ConnectionBench.command(String(repeating: "c", count: 150)))
        #expect(bench.connection.commandsBegun(written: before) == [])
        _ = bench.fill(room: 50)
        let part = bench.connection.bytesFramed
        // What is framed is not written.
        #expect(bench.connection.commandsBegun(written: before) == [])
        #expect(bench.connection.commandsBegun(written: part) == [1])
        bench.fillAll()
        let end = bench.connection.bytesFramed
        bench.connection.queueCommand(2, ConnectionBench.command("next"))
        bench.fillAll()
        #expect(bench.connection.commandsBegun(written: before) == [])
        #expect(bench.connection.commandsBegun(written: part) == [1])
        #expect(bench.connection.commandsBegun(written: end) == [])
        #expect(bench.connection.commandsBegun(written: end + 1) == [2])
        #expect(bench.connection.left(written: end) == [1])
    }

    @Test func `in the middle of a message none begins, whatever the sizes of buffers and frames`() {
        for room in 14...420 {
            for fragment in [0, 7] {
                var bench = ConnectionBench.opened(fragmentBytesMax: fragment)
                let long = String(repeating: "m", count: 200)
                let commanded = String(repeating: "c", count: 150)
                bench.push(long)
                bench.push("next")
                _ = bench.fill(room: room)
                // Whether the message is begun or done: the command follows it, and the next message the command.
                let isMidMessage = bench.backlog.isNextBegun
                let takes = bench.takesCommand
                #expect(takes == (!isMidMessage && !bench.connection.isMidFrame))
                if isMidMessage {
                    while bench.backlog.isNextBegun {
                        _ = bench.withYield(room: room)
                    }
                }
                bench.connection.queueCommand(1, ConnectionBench.command(commanded))
                bench.fillAll(room: room)
                let arrived = bench.arrived()
                #expect(Set(arrived) == [long, commanded, "next"] && arrived.count == 3, "\(room) \(fragment)")
            }
        }
    }

    @Test func `control frames go between its frames, and nothing behind a Close`() {
        var bench = ConnectionBench.opened(fragmentBytesMax: 10)
        bench.connection.queueCommand(1, ConnectionBench.command(String(repeating: "c", count: 25)))
        _ = bench.fill(room: 16)
        bench.connection.queuePing(1)
        bench.push("message")
        bench.fillAll(room: 40)
        let arrived = bench.arrived()
        #expect(arrived.first == "ping" && arrived.last == "message" && arrived.count == 3)
        var closing = ConnectionBench.opened(fragmentBytesMax: 10)
        closing.connection.queueCommand(1, ConnectionBench.command(String(repeating: "c", count: 25)))
        _ = closing.fill(room: 18)
        closing.connection.queueClose(.goingAway)
        closing.fillAll(room: 40)
        #expect(closing.arrived() == ["close 1001"])
        let takes = closing.takesCommand
        #expect(!takes)
        #expect(closing.connection.left(written: closing.connection.bytesFramed) == [])
    }

    @Test func `it has left when the stream has taken its last byte, and not before`() {
        var bench = ConnectionBench.opened()
        let before = bench.connection.bytesFramed
        bench.connection.queueCommand(1, ConnectionBench.command("abc"))
        bench.fillAll()
        let first = bench.connection.bytesFramed
        bench.connection.queueHeartbeat(ConnectionBench.command("beat").bytes, .NEURON_WS_TEXT)
        bench.fillAll()
        let second = bench.connection.bytesFramed
        #expect(bench.connection.left(written: before) == [])
        #expect(bench.connection.left(written: first - 1) == [])
        #expect(bench.connection.left(written: first) == [1])
        #expect(bench.connection.left(written: second) == [0])
    }

    @Test func `binary, empty and large ones arrive as they are, beside compressed messages`() {
        var bench = ConnectionBench.opened(compresses: true)
        let long = String(repeating: "long ", count: 5000)
        bench.connection.queueCommand(1, ConnectionBench.command("", kind: .NEURON_WS_BINARY))
        bench.fillAll()
        bench.push(long)
        bench.fillAll()
        bench.connection.queueCommand(2, ConnectionBench.command(long))
        bench.push(long)
        bench.fillAll(room: 100)
        let arrived = bench.arrived(compresses: true)
        #expect(arrived.map(\.utf8.count) == [0, long.utf8.count, long.utf8.count, long.utf8.count])
        #expect(arrived[1...].allSatisfy { $0 == long })
    }
}

extension ConnectionBench {
    fileprivate var takesCommand: Bool { connection.takesCommand(backlog) }

    /// As where commands wait.
    fileprivate mutating func withYield(room: Int) -> Outbox.Stop {
        keys.refill([UInt8](repeating: 0x5A, count: 4096).span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { output.deallocate() }
        var position = 0
        let stop = connection.fill(
            output, at: &position, backlog: &backlog, keys: &keys, yieldsToCommands: true)
        sent.append(contentsOf: output[..<position])
        return stop
    }
}
