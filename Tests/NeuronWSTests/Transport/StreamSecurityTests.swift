// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import LoopbackServer
import Testing
import WebSocketCore

@testable import NeuronWS

/// One authority for all tests of the process, and one that nobody trusts.
enum Plant {
    static let authority = try! CertificateAuthority.make(commonName: "Plant CA")
    static let stranger = try! CertificateAuthority.make(commonName: "Stranger CA")

    static func trusting(_ pem: String, _ change: (inout TLSSettings) -> Void = { _ in }) throws -> TLSContext {
        var settings = TLSSettings()
        settings.ca = SecretBytes(pem)
        change(&settings)
        return try TLSContext.make(settings)
    }

    static func client(_ change: (inout TLSSettings) -> Void = { _ in }) throws -> TLSContext {
        try trusting(authority.certificatePEM, change)
    }
}

@Suite struct StreamSecurityTests {
    /// How a connection to a server with such a certificate ends.
    func end(
        _ server: ServerTLS, client: TLSContext, host: String = "127.0.0.1", serverName: String? = "localhost"
    ) throws -> RecordingOwner {
        let listener = try BlockingServer { connection in
            if connection.secure(server) {
                connection.write("hello")
                connection.shutDownTLS()
            }
            connection.shutDownWriting()
            while !connection.read().isEmpty {}
        }
        defer { listener.stop() }
        var target = ConnectTarget(host: host, port: listener.port, isSecure: true)
        target.serverName = serverName
        return try StreamHarness.end(target, tls: client)
    }

    @Test func agreesOnTLSAndTellsTheFacts() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]), alpn: true)
        let owner = try end(server, client: Plant.client { $0.alpn = ["http/1.1"] })
        #expect(owner.error == nil)
        #expect(owner.receivedText == "hello")
        #expect(owner.phases == [.connecting, .securing])
        let facts = try #require(owner.facts?.tls)
        #expect(facts.version == "TLSv1.3")
        #expect(facts.cipher.hasPrefix("TLS_"))
        #expect(facts.alpn == "http/1.1")
        #expect(facts.peerSubject == "CN=localhost")
        #expect(facts.peerKeySHA256.count == 32)
        #expect(facts.isVerified)
        // The authority's certificates are good for some days.
        #expect(facts.peerNotAfterSeconds > 1_600_000_000)
        #expect(facts.peerIssuer.shown().hasPrefix("CN="))
        #expect(facts.peerIssuer != facts.peerSubject)
        #expect(facts.chainLength >= 1)
    }

    @Test func speaksTLS12() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]), maximumVersion: TLS1_2_VERSION)
        let owner = try end(server, client: Plant.client())
        #expect(owner.receivedText == "hello")
        #expect(owner.facts?.tls?.version == "TLSv1.2")
    }

    @Test func refusesAVersionBelowTheMinimum() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]), maximumVersion: TLS1_2_VERSION)
        let owner = try end(server, client: Plant.client { $0.minimumVersion = .tls13 })
        #expect(owner.error?.kind == .tlsProtocol)
        #expect(owner.error?.detail.contains("tls-min-version") == true)
    }

    @Test func checksAnIPAddress() throws {
        let right = try ServerTLS(Plant.authority.issue(names: ["127.0.0.1"]))
        #expect(try end(right, client: Plant.client(), serverName: nil).receivedText == "hello")
        let wrong = try ServerTLS(Plant.authority.issue(names: ["192.0.2.7", "localhost"]))
        let error = try end(wrong, client: Plant.client(), serverName: nil).error
        #expect(error?.kind == .tlsWrongName)
        #expect(error?.detail.contains("is not for 127.0.0.1 but for 192.0.2.7, localhost: use such a name") == true)
    }

    @Test func tellsAWrongName() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["other.example", "*.plant.example"]))
        let error = try end(server, client: Plant.client()).error
        #expect(error?.kind == .tlsWrongName)
        #expect(
            error?.detail.contains(
                "(CN=other.example) is not for localhost but for other.example, *.plant.example: use such a name")
                == true)
    }

    @Test func tellsAnUnknownAuthority() throws {
        let server = try ServerTLS(Plant.stranger.issue(names: ["localhost"]))
        let error = try end(server, client: Plant.client()).error
        #expect(error?.kind == .tlsUnknownAuthority)
        #expect(error?.detail.contains("(CN=localhost), issued by CN=Stranger CA, comes from no authority") == true)
        // The system's store does not know the plant's authority either.
        let known = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        #expect(try end(known, client: TLSContext.make(TLSSettings())).error?.kind == .tlsUnknownAuthority)
    }

    @Test func tellsASelfSignedCertificateAndTakesItAsCA() throws {
        let identity = try CertificateAuthority.selfSigned(names: ["localhost"])
        let server = try ServerTLS(identity)
        let error = try end(server, client: Plant.client()).error
        #expect(error?.kind == .tlsSelfSigned)
        #expect(error?.detail.contains("set it as ca") == true)
        #expect(try end(server, client: Plant.trusting(identity.certificatePEM)).receivedText == "hello")
    }

    @Test func takesAnIntermediateAuthorityAsCA() throws {
        let middle = try Plant.stranger.makeIntermediate(commonName: "Hall 3 CA")
        let server = try ServerTLS(middle.issue(names: ["localhost"]))
        #expect(try end(server, client: Plant.trusting(middle.certificatePEM)).receivedText == "hello")
        #expect(
            try end(server, client: Plant.trusting(Plant.stranger.certificatePEM)).error?.kind == .tlsUnknownAuthority)
        let withChain = try ServerTLS(middle.issue(names: ["localhost"]), chainPEM: middle.certificatePEM)
        #expect(try end(withChain, client: Plant.trusting(Plant.stranger.certificatePEM)).receivedText == "hello")
    }

    @Test func tellsAnExpiredCertificateWithItsDate() throws {
        let server = try ServerTLS(
            Plant.authority.issue(names: ["localhost"], notBeforeSeconds: -7200, notAfterSeconds: -3600))
        let error = try end(server, client: Plant.client()).error
        #expect(error?.kind == .tlsExpired)
        #expect(error?.detail.contains(" expired at 20") == true)
        #expect(error?.detail.contains(" UTC: renew it, or check this host's clock") == true)
    }

    @Test func tellsACertificateOfTheFutureWithItsDate() throws {
        let server = try ServerTLS(
            Plant.authority.issue(names: ["localhost"], notBeforeSeconds: 3600, notAfterSeconds: 7200))
        let error = try end(server, client: Plant.client()).error
        #expect(error?.kind == .tlsNotYetValid)
        #expect(error?.detail.contains(" is valid only from 20") == true)
    }

    @Test func tellsACertificateThatIsNotAServers() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"], isClient: true))
        #expect(try end(server, client: Plant.client()).error?.kind == .tlsPurpose)
    }

    @Test func takesAnythingWithoutVerification() throws {
        let server = try ServerTLS(
            Plant.stranger.issue(names: ["other.example"], notBeforeSeconds: -7200, notAfterSeconds: -3600))
        let owner = try end(server, client: Plant.client { $0.verify = false })
        #expect(owner.receivedText == "hello")
        #expect(owner.facts?.tls?.isVerified == false)
    }

    @Test func holdsAServerToItsPins() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let key = try #require(end(server, client: Plant.client()).facts?.tls?.peerKeySHA256)
        let other = [UInt8](repeating: 7, count: 32)
        #expect(try end(server, client: Plant.client { $0.pins = [other, key] }).receivedText == "hello")
        let refused = try end(server, client: Plant.client { $0.pins = [other] })
        #expect(refused.error?.kind == .tlsVerification)
        #expect(refused.connectedCount == 0)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func tellsThatAClientCertificateIsRequired(version: Int32) throws {
        let server = try ServerTLS(
            Plant.authority.issue(names: ["localhost"]), clientCA: Plant.authority.certificatePEM,
            maximumVersion: version)
        let error = try end(server, client: Plant.client()).error
        #expect(error?.kind == .tlsClientCertificateRequired)
        #expect(error?.detail.contains("set cert and key") == true)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func presentsAClientCertificate(version: Int32) throws {
        let server = try ServerTLS(
            Plant.authority.issue(names: ["localhost"]), clientCA: Plant.authority.certificatePEM,
            maximumVersion: version)
        let known = try Plant.authority.issue(names: ["gateway-7"], isClient: true)
        let encrypted = try CertificateAuthority.encrypt(keyPEM: known.keyPEM, password: "secret")
        let client = try Plant.client {
            $0.certificate = SecretBytes(known.certificatePEM)
            $0.key = SecretBytes(encrypted)
            $0.keyPassword = "secret"
        }
        #expect(try end(server, client: client).receivedText == "hello")
        let unknown = try Plant.stranger.issue(names: ["gateway-7"], isClient: true)
        let stranger = try Plant.client {
            $0.certificate = SecretBytes(unknown.certificatePEM)
            $0.key = SecretBytes(unknown.keyPEM)
        }
        let error = try end(server, client: stranger).error
        #expect(error?.kind == .tlsClientCertificateRejected)
        #expect(error?.detail.contains("does not accept the client certificate in cert") == true)
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "220 mail\r\n"])
    func tellsAServerThatDoesNotSpeakTLS(greeting: String) throws {
        let listener = try BlockingServer { connection in
            _ = connection.read()
            connection.write(greeting)
            connection.shutDownWriting()
            while !connection.read().isEmpty {}
        }
        let owner = try StreamHarness.end(
            ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true), tls: Plant.client())
        listener.stop()
        #expect(owner.error?.kind == .tlsNotTLS)
        #expect(
            owner.error?.detail == "what answers on 127.0.0.1:\(listener.port) does not speak TLS: "
                + "use ws:// in place of wss://, or another port")
    }

    /// Cuts the server's first flight after so many bytes.
    @Test(arguments: [0, 1, 4, 5, 6, 50, 127, 133, 400, 700])
    func endsWhenTheServerClosesInTheHandshake(bytes: Int) throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let listener = try BlockingServer { connection in
            connection.write(Array(server.answer(to: connection.read()).prefix(bytes)))
            connection.shutDownWriting()
            while !connection.read().isEmpty {}
        }
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        let owner = try StreamHarness.end(target, tls: Plant.client())
        listener.stop()
        #expect(owner.connectedCount == 0)
        #expect(owner.error?.kind == .endOfStream)
        let part = bytes == 0 ? "at the start of" : "in the middle of"
        #expect(owner.error?.detail.contains("closed the connection \(part) the TLS handshake") == true)
    }

    @Test func takesTheHandshakeByteByByte() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let inner = try BlockingServer { connection in
            if connection.secure(server) { connection.write("hello") }
            connection.shutDownTLS()
        }
        // A relay that passes on what the server says in single bytes.
        let relay = try BlockingServer { connection in
            guard let address = SocketAddress(literal: "127.0.0.1", port: inner.port) else { return }
            let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            _ = try? Syscalls.connect(upstream, address)
            let forward = try? spawn {
                while true {
                    let bytes = connection.read()
                    if bytes.isEmpty { break }
                    _ = bytes.withUnsafeBytes { Syscalls.send(upstream, $0) }
                }
            }
            var byte = [UInt8](repeating: 0, count: 1)
            while recv(upstream, &byte, 1, 0) == 1, connection.write(byte) {}
            connection.shutDownWriting()
            forward?.join()
            close(upstream)
        }
        var target = ConnectTarget(host: "127.0.0.1", port: relay.port, isSecure: true)
        target.serverName = "localhost"
        let owner = try StreamHarness.end(target, tls: Plant.client())
        relay.stop()
        inner.stop()
        #expect(owner.error == nil)
        #expect(owner.receivedText == "hello")
    }

    @Test func tellsATruncatedStream() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let listener = try BlockingServer { connection in
            if connection.secure(server) { connection.write("half") }
            connection.shutDownWriting()
            while !connection.read().isEmpty {}
        }
        var target = ConnectTarget(host: "127.0.0.1", port: listener.port, isSecure: true)
        target.serverName = "localhost"
        let owner = try StreamHarness.end(target, tls: Plant.client())
        listener.stop()
        #expect(owner.receivedText == "half")
        #expect(owner.error?.kind == .tlsTruncated)
    }

    @Test func startsTLSOnAPlainStream() throws {
        let server = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
        let listener = try BlockingServer { connection in
            connection.write("tunnel ready")
            if connection.secure(server) {
                connection.write("hello " + String(decoding: connection.read(), as: UTF8.self))
            }
            connection.shutDownTLS()
            while !connection.read().isEmpty {}
        }
        let client = try Plant.client()
        let harness = try StreamHarness()
        let owner = harness.owner
        owner.onReceived = { _ in
            if owner.receivedText == "tunnel ready" {
                owner.stream!.startTLS(client, TLSPeer(name: "localhost", text: "localhost"))
            }
        }
        owner.onConnected = { if owner.connectedCount == 2 { _ = owner.stream!.write("plant") } }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: listener.port))
        #expect(owner.closed.wait())
        harness.stop()
        listener.stop()
        #expect(owner.receivedText == "tunnel readyhello plant")
        #expect(owner.phases == [.connecting, .securing])
        #expect(owner.error == nil)
        #expect(owner.facts?.tls != nil)
    }
}
