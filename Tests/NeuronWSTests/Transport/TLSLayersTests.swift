// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import LoopbackServer
import Testing

@testable import NeuronWS

/// TLS within TLS: one layer to a proxy, one through it to the server.
@Suite struct TLSLayersTests {
    private static let content = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ $0 >> 9) }

    /// What the proxy says when the way is free.
    private static let ready = "tunnel ready"

    /// A harness that has asked the proxy and begins the inner TLS when it is ready.
    private func harness(serverName: String = "server.plant") throws -> StreamHarness {
        let harness = try StreamHarness()
        let owner = harness.owner
        let client = try Plant.client()
        owner.onConnected = { if owner.connectedCount == 1 { _ = owner.stream!.write("CONNECT") } }
        owner.onReceived = { _ in
            guard owner.connectedCount == 1, owner.receivedText == Self.ready else { return }
            owner.received = []
            owner.receivedCount = 0
            owner.stream!.startTLS(client, TLSPeer(name: serverName, text: "server.plant:443"))
        }
        return harness
    }

    private func connect(_ harness: StreamHarness, _ listener: BlockingServer) throws {
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "proxy.plant"
        harness.connect(target, tls: try Plant.client())
    }

    /// A proxy and, in the same place, a server behind it: each with a certificate of its own.
    private func listener(_ serve: @escaping (ServerConnection) -> Void) throws -> BlockingServer {
        let proxy = try ServerTLS(Plant.authority.issue(names: ["proxy.plant"]))
        let server = try ServerTLS(Plant.authority.issue(names: ["server.plant"]))
        return try BlockingServer { connection in
            guard connection.secure(proxy), connection.read() == Array("CONNECT".utf8) else { return }
            connection.write(Self.ready)
            if connection.secure(server) { serve(connection) }
        }
    }

    @Test func eachLayerHasItsOwnCertificate() throws {
        let listener = try listener { connection in
            connection.write("hello " + String(decoding: connection.read(), as: UTF8.self))
            connection.shutDownTLS()
            connection.discard()
        }
        let harness = try harness()
        let owner = harness.owner
        let begin = owner.onConnected
        var subjects: [String] = []
        owner.onConnected = {
            subjects.append(owner.facts?.tls?.peerSubject.shown() ?? "")
            begin()
            if owner.connectedCount == 2 {
                // What came before in the outer layer is the owner's too.
                #expect(owner.stream!.bytesWritten == 7)
                _ = owner.stream!.write("plant")
                #expect(owner.stream!.bytesWritten == 12)
                owner.stream!.finishWriting()
            }
        }
        try connect(harness, listener)
        #expect(owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(owner.receivedText == "hello plant")
        #expect(owner.phases == [.connecting, .securing, .securing])
        #expect(owner.error == nil)
        #expect(subjects == ["CN=proxy.plant", "CN=server.plant"])
    }

    @Test func carriesTwentyMegabytesBothWays() throws {
        let total = 20_000_000
        let listener = try listener { connection in
            while true {
                let bytes = connection.read()
                if bytes.isEmpty || !connection.write(bytes) { return }
            }
        }
        let harness = try harness()
        let owner = harness.owner
        let (begin, tunnel) = (owner.onConnected, owner.onReceived)
        let pump = Pump(total: total)
        let back = Digest()
        let done = Signal()
        owner.onConnected = {
            begin()
            if owner.connectedCount == 2 {
                owner.onlyCounts = true
                owner.receivedCount = 0
                pump.push(owner.stream!)
            }
        }
        owner.onWritable = { if owner.connectedCount == 2 { pump.push(owner.stream!) } }
        owner.onReceived = { bytes in
            guard owner.connectedCount == 2 else { return tunnel(bytes) }
            back.add(bytes)
            if owner.receivedCount == total { done.raise() }
        }
        owner.onClosed = { done.raise() }
        try connect(harness, listener)
        #expect(done.wait())
        #expect(owner.error == nil)
        harness.loop.perform {
            #expect(owner.stream!.bytesWritten == UInt64(total + 7))
            #expect(owner.stream!.bytesPending == 0)
            #expect(owner.stream!.kernelBytes > UInt64(total))
        }
        harness.stop()
        listener.stop()
        #expect(owner.receivedCount == total)
        #expect(back.finish() == pump.digest.finish())
    }

    @Test func countsOnlyWhatWasSentToTheLastByteOfBothRecords() throws {
        let total = 64 << 20
        let mayRead = Signal()
        let listener = try listener { connection in
            _ = mayRead.wait()
            while !connection.read().isEmpty {}
        }
        let harness = try harness()
        let owner = harness.owner
        let begin = owner.onConnected
        let pump = Pump(total: total)
        let isFull = Signal()
        let done = Signal()
        owner.onConnected = {
            begin()
            if owner.connectedCount == 2 {
                pump.push(owner.stream!)
                isFull.raise()
            }
        }
        owner.onWritable = {
            guard owner.connectedCount == 2 else { return }
            pump.push(owner.stream!)
            if owner.stream!.bytesWritten == total + 7 { done.raise() }
        }
        try connect(harness, listener)
        #expect(isFull.wait())
        harness.loop.perform {
            let stream = owner.stream!
            #expect(pump.sent < total)
            // Two full output buffers, and a record of which a part was sent.
            #expect(stream.bytesPending > 0 && stream.bytesPending <= 2 * (272 + 16) * 1024)
            #expect(stream.bytesWritten + stream.bytesPending == UInt64(pump.sent + 7))
            #expect(stream.bytesWritten < stream.kernelBytes)
        }
        mayRead.raise()
        #expect(done.wait())
        harness.stop()
        listener.stop()
    }

    @Test(arguments: [1, 1000, 65_536])
    func whatTheOwnerDoesNotTakeIsKeptInBothLayers(takesAtMost: Int) throws {
        let content = Array(Self.content.prefix(takesAtMost == 1 ? 3_000 : Self.content.count))
        let listener = try listener { connection in
            connection.write(content)
            connection.shutDownTLS()
            connection.discard()
        }
        let harness = try harness()
        let owner = harness.owner
        let tunnel = owner.onReceived
        let arrived = Signal()
        owner.onReceived = { bytes in
            guard owner.connectedCount == 2 else { return tunnel(bytes) }
            owner.takesAtMost = takesAtMost
            arrived.raise()
        }
        owner.onClosed = { arrived.raise() }
        try connect(harness, listener)
        var turns = 0
        var isClosed = false
        while !isClosed, arrived.wait(for: turns + 1) {
            harness.loop.perform {
                if owner.closedCount > 0 { isClosed = true } else { owner.stream?.resume() }
            }
            turns += 1
        }
        harness.stop()
        listener.stop()
        let isWhole = owner.received == content
        #expect(isWhole && owner.error == nil && owner.closedCount == 1)
    }

    /// The proxy's answer and what follows it come in one piece; a server never speaks first in TLS, so it is nonsense.
    @Test func bytesBehindTheAnswerAreTLSs() throws {
        let proxy = try ServerTLS(Plant.authority.issue(names: ["proxy.plant"]))
        let listener = try BlockingServer { connection in
            guard connection.secure(proxy), !connection.read().isEmpty else { return }
            connection.write(Self.ready + "HTTP/1.1 400 Bad Request\r\n\r\n")
            while !connection.read().isEmpty {}
        }
        let harness = try harness()
        harness.owner.takesAtMost = Self.ready.utf8.count
        try connect(harness, listener)
        #expect(harness.owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(harness.owner.error?.kind == .tlsNotTLS)
        #expect(harness.owner.error?.detail.contains("server.plant:443") == true)
    }

    @Test func theInnerNameIsCheckedAndToldApart() throws {
        let listener = try listener { _ in }
        let harness = try harness(serverName: "other.plant")
        try connect(harness, listener)
        #expect(harness.owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(harness.owner.error?.kind == .tlsWrongName)
        #expect(harness.owner.error?.detail.contains("server.plant") == true)
    }

    /// close_notify of the proxy in the middle: that it says so is no sign that the server has sent all.
    @Test(arguments: [true, false])
    func anEndOfTheOuterLayerIsNoEndOfTheInnerOne(isHandshaking: Bool) throws {
        let proxy = try ServerTLS(Plant.authority.issue(names: ["proxy.plant"]))
        let server = try ServerTLS(Plant.authority.issue(names: ["server.plant"]))
        let listener = try BlockingServer { connection in
            guard connection.secure(proxy), !connection.read().isEmpty else { return }
            connection.write(Self.ready)
            if isHandshaking {
                _ = connection.read()
            } else {
                guard connection.secure(server) else { return }
                connection.write("half a mess")
            }
            connection.shutDownOuterTLS()
        }
        let harness = try harness()
        try connect(harness, listener)
        #expect(harness.owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(harness.owner.receivedText == (isHandshaking ? "" : "half a mess"))
        #expect(harness.owner.error?.kind == (isHandshaking ? .endOfStream : .tlsTruncated))
        #expect(harness.owner.error?.detail.contains("server.plant:443") == true)
    }
}
