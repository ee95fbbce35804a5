// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct StreamTests {
    @Test func connectsSendsAndReceives() throws {
        let server = try BlockingServer { connection in
            connection.write("hello " + String(decoding: connection.read(), as: UTF8.self))
        }
        let harness = try StreamHarness()
        harness.owner.onConnected = { _ = harness.owner.stream!.write("plant") }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(harness.owner.closed.wait())
        harness.stop()
        server.stop()
        #expect(harness.owner.receivedText == "hello plant")
        #expect(harness.owner.error == nil)
        #expect(harness.owner.closedCount == 1)
        #expect(harness.owner.phases == [.connecting])
        #expect(harness.owner.facts?.peerAddress == "127.0.0.1:\(server.port)")
        #expect(harness.owner.facts?.localAddress.hasPrefix("127.0.0.1:") == true)
        #expect(harness.owner.facts?.tls == nil)
    }

    @Test func resolvesANameAndTriesBothFamilies() throws {
        // The server listens on IPv4 only: where localhost is ::1 first, that is refused first.
        let server = try BlockingServer { connection in connection.write("x") }
        let owner = try StreamHarness.end(ConnectTarget(host: "localhost", port: server.port))
        server.stop()
        #expect(owner.receivedText == "x")
        #expect(owner.phases == [.resolving, .connecting])
    }

    @Test func connectsOverIPv6() throws {
        guard let server = try? BlockingServer(address: "::1", { $0.write("six") }) else { return }
        let owner = try StreamHarness.end(ConnectTarget(host: "::1", port: server.port))
        server.stop()
        #expect(owner.receivedText == "six")
        #expect(owner.facts?.peerAddress == "[::1]:\(server.port)")
    }

    @Test func tellsARefusedPort() throws {
        let server = try BlockingServer { _ in }
        server.stop()
        let owner = try StreamHarness.end(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(owner.error?.kind == .connectionRefused)
        #expect(owner.error?.systemErrno == ECONNREFUSED)
        let address = "127.0.0.1:\(server.port)"
        #expect(
            owner.error?.detail
                == "cannot connect to \(address): connection refused. Either nothing listens on port \(server.port) "
                + "there, or a firewall rejects it (REJECT): check the port, whether the server runs, and the "
                + "firewalls of both sides; tried \(address)")
        #expect(owner.connectedCount == 0)
    }

    @Test func tellsAnUnknownName() throws {
        let owner = try StreamHarness.end(ConnectTarget(host: "no-such-host.invalid", port: 80))
        #expect(owner.error?.kind == .dns)
        #expect(owner.error?.detail.hasPrefix("the name no-such-host.invalid has no address (") == true)
    }

    @Test func refusesAnAddressOfTheOtherVersion() throws {
        var target = ConnectTarget(host: "127.0.0.1", port: 80)
        target.ipVersion = .v6
        #expect(try StreamHarness.end(target).error?.kind == .dns)
    }

    @Test func bindsToASourceAddress() throws {
        let server = try BlockingServer { $0.write("x") }
        var target = ConnectTarget(host: "127.0.0.1", port: server.port)
        target.sourceAddress = "127.0.0.9"
        let owner = try StreamHarness.end(target)
        #expect(owner.facts?.localAddress.hasPrefix("127.0.0.9:") == true)
        target.sourceAddress = "192.0.2.1"
        #expect(try StreamHarness.end(target).error?.systemErrno == EADDRNOTAVAIL)
        target.sourceAddress = "::1"
        #expect(try StreamHarness.end(target).error?.systemErrno == EADDRNOTAVAIL)
        server.stop()
    }

    @Test func tellsAMissingInterface() throws {
        var target = ConnectTarget(host: "127.0.0.1", port: 80)
        target.bindInterface = "no-such-if"
        let error = try StreamHarness.end(target).error
        #expect(error?.kind == .network)
        #expect(error?.systemErrno == ENODEV || error?.systemErrno == EPERM)
    }

    @Test func canBeClosedWhileNobodyAnswers() throws {
        let listener = try FullListener()
        let harness = try StreamHarness()
        let entered = Signal()
        harness.owner.onPhase = { _ in entered.raise() }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: listener.port))
        #expect(entered.wait())
        harness.loop.perform { harness.owner.stream?.close() }
        harness.loop.perform {}
        harness.stop()
        #expect(harness.owner.phases == [.connecting])
        #expect(harness.owner.connectedCount == 0 && harness.owner.closedCount == 0)
        listener.stop()
    }

    @Test func canBeClosedWithinEveryCallback() throws {
        let server = try BlockingServer { connection in
            connection.write("something")
            _ = connection.read()
        }
        for stage in 0..<4 {
            let harness = try StreamHarness()
            let reached = Signal()
            let close = {
                harness.owner.stream!.close()
                reached.raise()
            }
            switch stage {
            case 0: harness.owner.onPhase = { if $0 == .resolving { close() } }
            case 1: harness.owner.onPhase = { if $0 == .connecting { close() } }
            case 2: harness.owner.onConnected = close
            default: harness.owner.onReceived = { _ in close() }
            }
            harness.connect(ConnectTarget(host: "localhost", port: server.port))
            #expect(reached.wait())
            harness.loop.perform {}
            harness.stop()
            #expect(harness.owner.closedCount == 0)
        }
        server.stop()
    }

    @Test func closingBeforeTheFirstTurnIsSilent() throws {
        let harness = try StreamHarness()
        harness.loop.perform {
            harness.owner.stream = Stream.connect(
                to: ConnectTarget(host: "localhost", port: 1), tls: nil, loop: harness.loop, owner: harness.owner)
            harness.owner.stream!.close()
        }
        harness.loop.perform {}
        harness.stop()
        #expect(harness.owner.phases.isEmpty && harness.owner.closedCount == 0)
    }

    @Test func tellsAReset() throws {
        let server = try BlockingServer { connection in
            _ = connection.read()
            connection.resetOnClose()
        }
        let harness = try StreamHarness()
        harness.owner.onConnected = { _ = harness.owner.stream!.write("x") }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(harness.owner.closed.wait())
        harness.stop()
        server.stop()
        #expect(harness.owner.error?.kind == .reset)
        #expect(harness.owner.error?.systemErrno == ECONNRESET)
    }

    @Test func readsWhatThePeerSaidBeforeAWriteFailed() throws {
        let server = try BlockingServer { connection in
            connection.write("goodbye")
            connection.shutDownWriting()
            _ = connection.read(1)
            connection.resetOnClose()
        }
        let harness = try StreamHarness()
        let isReset = Signal()
        harness.owner.onConnected = {
            // Holds the loop until the server is gone, so that the write fails with its words unread.
            let stream = harness.owner.stream!
            _ = stream.write("x")
            while stream.write("y") == 1 {}
            isReset.raise()
        }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(isReset.wait())
        #expect(harness.owner.closed.wait())
        harness.stop()
        server.stop()
        #expect(harness.owner.closedCount == 1)
        #expect(harness.owner.receivedText == "goodbye")
        #expect(harness.owner.error?.kind == .reset || harness.owner.error?.kind == .brokenPipe)
    }

    @Test func finishingSendsFINAndStillReads() throws {
        let server = try BlockingServer { connection in
            var count = 0
            while true {
                let bytes = connection.read()
                if bytes.isEmpty { break }
                count += bytes.count
            }
            connection.write("got \(count)")
        }
        let harness = try StreamHarness()
        harness.owner.onConnected = {
            _ = harness.owner.stream!.write("12345")
            harness.owner.stream!.finishWriting()
            #expect(harness.owner.stream!.write("6") == 0)
        }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(harness.owner.closed.wait())
        harness.stop()
        server.stop()
        #expect(harness.owner.receivedText == "got 5")
        #expect(harness.owner.error == nil)
    }

    @Test func countsWhatTheKernelTook() throws {
        let mayRead = Signal()
        let server = try BlockingServer { connection in
            _ = mayRead.wait()
            while !connection.read().isEmpty {}
        }
        let harness = try StreamHarness()
        let pump = Pump(total: 64 << 20)
        let isFull = Signal()
        let done = Signal()
        pump.finished = { done.raise() }
        harness.owner.onConnected = {
            pump.push(harness.owner.stream!)
            isFull.raise()
        }
        harness.owner.onWritable = { pump.push(harness.owner.stream!) }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(isFull.wait())
        harness.loop.perform {
            #expect(pump.sent < 64 << 20)
            #expect(harness.owner.stream!.bytesWritten == UInt64(pump.sent))
            #expect(harness.owner.stream!.bytesPending == 0)
        }
        mayRead.raise()
        #expect(done.wait())
        harness.loop.perform { #expect(harness.owner.stream!.bytesWritten == 64 << 20) }
        harness.stop()
        server.stop()
    }

    @Test func carriesAHundredMegabytesBothWays() throws {
        try echo(tls: nil, server: nil, total: 100_000_000)
    }

    @Test func leaksNoDescriptors() throws {
        let server = try BlockingServer { connection in _ = connection.read() }
        for _ in 0..<200 {
            let harness = try StreamHarness()
            harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
            #expect(harness.owner.connected.wait())
            harness.stop()
        }
        server.stop()
        // Other tests of the process have descriptors of their own; a leak of ours would be at least 200.
        #expect(openDescriptorCount() < 150)
    }
}

/// Sends `total` bytes to an echo server and compares what comes back.
func echo(tls: TLSContext?, server context: ServerTLS?, total: Int) throws {
    let server = try BlockingServer { connection in
        if let context, !connection.secure(context) { return }
        while true {
            let bytes = connection.read()
            if bytes.isEmpty || !connection.write(bytes) { return }
        }
    }
    let harness = try StreamHarness()
    let pump = Pump(total: total)
    let back = Digest()
    let done = Signal()
    harness.owner.onlyCounts = true
    harness.owner.onConnected = { pump.push(harness.owner.stream!) }
    harness.owner.onWritable = { pump.push(harness.owner.stream!) }
    harness.owner.onReceived = { bytes in
        back.add(bytes)
        if harness.owner.receivedCount == total { done.raise() }
    }
    harness.owner.onClosed = { done.raise() }
    var target = ConnectTarget(host: "127.0.0.1", port: server.port, isSecure: tls != nil)
    target.serverName = "localhost"
    harness.connect(target, tls: tls)
    #expect(done.wait())
    #expect(harness.owner.error == nil)
    harness.loop.perform {
        #expect(harness.owner.stream!.bytesWritten == UInt64(total))
        #expect(harness.owner.stream!.bytesPending == 0)
    }
    harness.stop()
    server.stop()
    #expect(harness.owner.receivedCount == total)
    #expect(back.finish() == pump.digest.finish())
}
