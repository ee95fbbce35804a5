// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import LoopbackServer
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

/// What a server can make us say in TLS behind the handshake.
@Suite struct TLSAnswersTests {
    /// How a client fares with a server that goes on by itself after the handshake. `hold`: the server reads nothing
    /// of what the client answers.
    private func run(
        _ server: ServerTLS, client: TLSContext, whenSecure: @escaping (ServerConnection) -> Void,
        onConnected: @escaping (RecordingOwner) -> Void = { _ in }
    ) throws -> RecordingOwner {
        let listener = try BlockingServer { connection in
            if connection.secure(server) { whenSecure(connection) }
        }
        defer { listener.stop(abortsConnections: true) }
        let harness = try StreamHarness()
        let owner = harness.owner
        owner.onConnected = { onConnected(owner) }
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        target.sendBufferBytes = 4096
        harness.connect(target, tls: client)
        #expect(owner.closed.wait())
        harness.stop()
        return owner
    }

    @Test func aFloodOfHelloRequestsThatNobodyReadsEndsTheConnection() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]), maximumVersion: TLS1_2_VERSION)
        let owner = try run(server, client: Plant.client()) { connection in
            connection.shrinkReceiveBuffer()
            while connection.requestRenegotiation() {}
        }
        #expect(owner.error?.kind == .tlsProtocol)
        #expect(owner.error?.detail.contains("more than 64 KiB of them wait") == true)
    }

    @Test func aFloodOfKeyUpdatesThatNobodyReadsEndsTheConnection() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let sent = Signal()
        let owner = try run(
            server, client: Plant.client(),
            whenSecure: { connection in
                connection.shrinkReceiveBuffer()
                // 108 KB of answers, and the kernels hold a few of them: more come only when all these have.
                for _ in 0..<4_000 { guard connection.requestKeyUpdate() else { break } }
                sent.raise()
                while connection.requestKeyUpdate() {}
            },
            onConnected: { _ in #expect(sent.wait()) })
        #expect(owner.error?.kind == .tlsProtocol)
        #expect(owner.error?.detail.contains("more than 64 KiB of them wait") == true)
    }

    @Test func aFloodThatIsReadEndsNothing() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let owner = try run(
            server, client: Plant.client(),
            whenSecure: { connection in
                // 4,800 answers, some 130 KB, never many of them at once.
                for _ in 0..<16 {
                    for _ in 0..<300 { guard connection.requestKeyUpdate() else { return } }
                    connection.write("x")
                    guard connection.read(1) == [UInt8(ascii: "y")] else { return }
                }
                connection.shutDownTLS()
            },
            onConnected: { owner in owner.onReceived = { _ in _ = owner.stream?.write("y") } })
        #expect(owner.error == nil)
        #expect(owner.receivedCount == 16)
    }

    /// Each costs the loop some 20 microseconds, and half a megabyte of them used to be one turn's.
    @Test(arguments: [true, false])
    func aFloodOfKeyUpdatesIsDividedIntoTurns(asksForAnswers: Bool) throws {
        let count = asksForAnswers ? 1_000 : 4_000
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let sent = Signal()
        let listener = try BlockingServer { connection in
            guard connection.secure(server) else { return }
            for _ in 0..<count { guard connection.updateKey(asksForAnswer: asksForAnswers) else { break } }
            connection.write("x")
            sent.raise()
            _ = connection.read(1)
            connection.shutDownTLS()
        }
        defer { listener.stop() }
        let harness = try StreamHarness()
        let (owner, loop) = (harness.owner, harness.loop)
        var begin: UInt64 = 0
        var turns: UInt64 = 0
        // All of it is there before the client reads.
        owner.onConnected = {
            #expect(sent.wait())
            begin = loop.turnNumber
        }
        owner.onReceived = { _ in
            turns = loop.turnNumber - begin
            _ = owner.stream?.write("y")
        }
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        harness.connect(target, tls: try Plant.client())
        #expect(owner.closed.wait())
        harness.stop()
        #expect(owner.error == nil)
        #expect(owner.receivedText == "x")
        #expect(turns + 2 >= UInt64(count / TLSSession.messagesPerTurn))
    }

    @Test func showsItsCertificateAfterTheHandshake() throws {
        let identity = try Plant.authority.issue(names: ["gateway-7"], isClient: true)
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        server.trustClients(of: Plant.authority.certificatePEM)
        let client = try Plant.client {
            $0.certificate = SecretBytes(identity.certificatePEM)
            $0.key = SecretBytes(identity.keyPEM)
        }
        let owner = try run(server, client: client) { connection in
            #expect(connection.requestClientCertificate())
            // The certificate comes before the next data of the client's.
            connection.write("who are you?")
            _ = connection.read(1)
            connection.write(connection.clientSubject ?? "nobody")
            connection.shutDownTLS()
        } onConnected: { owner in
            owner.onReceived = { _ in if owner.receivedText == "who are you?" { _ = owner.stream?.write("!") } }
        }
        #expect(owner.receivedText == "who are you?CN=gateway-7")
        #expect(owner.stream == nil)
    }

    @Test(arguments: [true, false])
    func remembersThatTheServerAskedForACertificateAfterTheHandshake(isTLS13: Bool) throws {
        let server = try ServerTLS(
            Plant.authority.issue(names: ["localhost"]), maximumVersion: isTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION)
        var wish: UnmetWish?
        let owner = try run(server, client: Plant.client()) { connection in
            #expect(isTLS13 ? connection.requestClientCertificate() : connection.requestRenegotiation())
            connection.write("x")
            _ = connection.read(1)
            connection.shutDownTLS()
        } onConnected: { owner in
            owner.onReceived = { _ in _ = owner.stream?.write("y") }
            owner.onClosed = { wish = owner.stream?.unmetWish }
        }
        #expect(owner.closedCount == 1)
        #expect(wish == (isTLS13 ? .clientCertificate : .renegotiation))
    }
}
