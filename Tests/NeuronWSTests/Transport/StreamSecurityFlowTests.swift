// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import LoopbackServer
import Testing

@testable import NeuronWS

/// What flows over a TLS stream, and how it ends.
extension StreamSecurityTests {
    @Test func finishingSendsCloseNotify() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let listener = try BlockingServer { connection in
            guard connection.secure(server) else { return }
            var count = 0
            while true {
                let bytes = connection.read()
                if bytes.isEmpty { break }
                count += bytes.count
            }
            connection.write("got \(count)")
            connection.shutDownTLS()
        }
        let harness = try StreamHarness()
        harness.owner.onConnected = {
            _ = harness.owner.stream!.write("12345")
            harness.owner.stream!.finishWriting()
        }
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        harness.connect(target, tls: try Plant.client())
        #expect(harness.owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(harness.owner.receivedText == "got 5")
        #expect(harness.owner.error == nil)
    }

    @Test func countsOnlyWhatWasSentToItsLastRecordByte() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let mayRead = Signal()
        let listener = try BlockingServer { connection in
            guard connection.secure(server) else { return }
            _ = mayRead.wait()
            while !connection.read().isEmpty {}
        }
        let harness = try StreamHarness()
        let pump = Pump(total: 64 << 20)
        let isFull = Signal()
        let done = Signal()
        harness.owner.onConnected = {
            pump.push(harness.owner.stream!)
            isFull.raise()
        }
        harness.owner.onWritable = {
            pump.push(harness.owner.stream!)
            if harness.owner.stream!.bytesWritten == 64 << 20 { done.raise() }
        }
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        harness.connect(target, tls: try Plant.client())
        #expect(isFull.wait())
        harness.loop.perform {
            let stream = harness.owner.stream!
            #expect(pump.sent < 64 << 20)
            // A full output buffer, and a record of which a part was sent.
            #expect(stream.bytesPending > 0 && stream.bytesPending <= (272 + 16) * 1024)
            #expect(stream.bytesWritten + stream.bytesPending == UInt64(pump.sent))
        }
        mayRead.raise()
        #expect(done.wait())
        harness.loop.perform { #expect(harness.owner.stream!.bytesPending == 0) }
        harness.stop()
        listener.stop()
    }

    @Test func carriesAHundredMegabytesBothWays() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        try echo(tls: Plant.client(), server: server, total: 100_000_000)
    }

    @Test func canBeClosedWithinEveryCallback() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let listener = try BlockingServer { connection in
            if connection.secure(server) { connection.write("something") }
            _ = connection.read()
        }
        for stage in 0..<3 {
            let harness = try StreamHarness()
            let reached = Signal()
            let close = {
                harness.owner.stream!.close()
                reached.raise()
            }
            switch stage {
            case 0: harness.owner.onPhase = { if $0 == .securing { close() } }
            case 1: harness.owner.onConnected = close
            default: harness.owner.onReceived = { _ in close() }
            }
            var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
            target.serverName = "localhost"
            harness.connect(target, tls: try Plant.client())
            #expect(reached.wait())
            harness.loop.perform {}
            harness.stop()
            #expect(harness.owner.closedCount == 0)
        }
        listener.stop()
    }

    @Test func leavesOpenSSLsErrorQueueEmpty() throws {
        let server = try ServerTLS(Plant.stranger.issue(names: ["localhost"]))
        let listener = try BlockingServer { connection in _ = connection.secure(server) }
        let harness = try StreamHarness()
        var left: UInt = 1
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        harness.owner.onClosed = { left = ERR_peek_error() }
        harness.connect(target, tls: try Plant.client())
        #expect(harness.owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(left == 0)
    }
}
