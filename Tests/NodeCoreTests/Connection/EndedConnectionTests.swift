// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct EndedConnectionTests {
    private static let silence = Ending(reason: .NEURON_WS_REASON_PING_TIMEOUT, text: "Silence.")

    private func end(_ bench: inout ConnectionBench, _ ending: Ending, written: UInt64) -> EndedConnection {
        var echoWatch = EchoWatch()
        return EndedConnection(
            bench.connection, ending, written: written, acknowledged: written, &bench.backlog, &echoWatch)
    }

    @Test func `an end at every byte: what was begun is framed again`() {
        var whole = ConnectionBench.opened()
        let start = whole.connection.bytesFramed
        whole.push("one")
        whole.push("two")
        whole.fillAll()
        for written in start...whole.connection.bytesFramed {
            var bench = ConnectionBench.opened()
            bench.push("one")
            bench.push("two")
            bench.fillAll()
            bench.backlog.written(written)
            let open = bench.backlog.openID
            let ended = end(&bench, .endOfStream, written: written)
            #expect(ended.wasOpen && ended.begun == [] && !ended.isSilent)
            #expect(!ended.messages.isFirstRefused)
            let next = bench.backlog.nextID
            #expect(next == open)
        }
    }

    @Test func `commands of which some had left are named, at every byte`() {
        var bench = ConnectionBench.opened()
        let start = bench.connection.bytesFramed
        bench.connection.queueCommand(3, ConnectionBench.command("c"))
        bench.fillAll()
        let all = bench.connection.bytesFramed
        for written in start...all {
            let begun = end(&bench, .endOfStream, written: written).begun
            #expect(begun == (start < written && written < all ? [3] : []))
        }
    }

    @Test func `an attempt is no connection`() {
        var bench = ConnectionBench()
        bench.connection.transportOpened()
        bench.push("waits")
        bench.fillAll(room: 10)
        let ended = end(&bench, Self.silence, written: 10)
        #expect(!ended.wasOpen && ended.begun == [] && !ended.isSilent)
    }

    @Test func `three silent connections make a server that does not echo`() {
        var echoWatch = EchoWatch()
        for count in 1...4 {
            var bench = ConnectionBench.opened(barrier: Barrier(epoch: 1, patience: 1))
            let ended = EndedConnection(
                bench.connection, Self.silence, written: 0, acknowledged: nil, &bench.backlog, &echoWatch)
            #expect(ended.isSilent == (count == EchoWatch.silentConnectionsMax))
        }
        #expect(echoWatch.isDegraded)
        var backlog = Backlog()
        backlog.serversChanged(&echoWatch)
        #expect(!echoWatch.isDegraded)
    }

    @Test func `our Close goes out where a frame has ended`() {
        var bench = ConnectionBench.opened()
        #expect(bench.connection.saysGoodbye())
        bench.fillAll()
        #expect(bench.arrived() == ["close 1001"])
        var busy = ConnectionBench.opened()
        busy.push("a long one")
        _ = busy.fill(room: 8)
        #expect(!busy.connection.saysGoodbye())
        #expect(!ConnectionBench().connection.saysGoodbye())
    }
}
