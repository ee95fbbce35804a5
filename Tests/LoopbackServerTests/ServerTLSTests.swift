// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import LoopbackServer
import Testing

/// A TLS client that blocks.
private final class TLSClient {
    private let raw: RawClient
    private let context: OpaquePointer
    private let ssl: OpaquePointer

    /// - Parameter identity: the client's certificate and key, if it has one.
    init(_ server: LoopbackWebSocketServer, identity: (certificatePEM: String, keyPEM: String)? = nil) {
        raw = RawClient.connect(server.port)!
        context = SSL_CTX_new(TLS_client_method())
        if let identity {
            let certificate = Self.memory(identity.certificatePEM)
            let key = Self.memory(identity.keyPEM)
            let leaf = PEM_read_bio_X509(certificate, nil, nil, nil)
            let leafKey = PEM_read_bio_PrivateKey(key, nil, nil, nil)
            SSL_CTX_use_certificate(context, leaf)
            SSL_CTX_use_PrivateKey(context, leafKey)
            X509_free(leaf)
            EVP_PKEY_free(leafKey)
            BIO_free(certificate)
            BIO_free(key)
        }
        ssl = SSL_new(context)
        SSL_set_fd(ssl, raw.descriptor)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    func shakeHands() -> Bool { SSL_connect(ssl) == 1 }

    func send(_ bytes: [UInt8]) { SSL_write(ssl, bytes, Int32(bytes.count)) }

    func bytes(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count {
            var space = [UInt8](repeating: 0, count: count - result.count)
            let received = SSL_read(ssl, &space, Int32(space.count))
            guard received > 0 else { return result }
            result += space[..<Int(received)]
        }
        return result
    }

    private static func memory(_ text: String) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        BIO_write(bio, text, Int32(text.utf8.count))
        return bio
    }
}

@Suite struct ServerTLSTests {
    private let authority: CertificateAuthority
    private let issued: (certificatePEM: String, keyPEM: String)

    init() throws {
        authority = try CertificateAuthority.make(commonName: "test CA")
        issued = try authority.issue(names: ["localhost", "127.0.0.1"])
    }

    private func server(_ change: (inout ServerConfiguration) -> Void = { _ in }) throws -> LoopbackWebSocketServer {
        var configuration = ServerConfiguration()
        configuration.certificatePEM = issued.certificatePEM
        configuration.keyPEM = issued.keyPEM
        configuration.behaviour.answer = .echo
        change(&configuration)
        return try LoopbackWebSocketServer.start(configuration)
    }

    @Test func echoesOverTLS() throws {
        let server = try server()
        defer { server.stop() }
        #expect(server.url == "wss://127.0.0.1:\(server.port)")
        let client = TLSClient(server)
        #expect(client.shakeHands())
        client.send(Array(RawClient.handshake.utf8))
        #expect(client.bytes(RawClient.accepted.utf8.count) == Array(RawClient.accepted.utf8))
        client.send(RawClient.hello)
        #expect(client.bytes(7) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
    }

    @Test func manyRecordsAreReadAtOnce() throws {
        let server = try server { $0.behaviour.answer = .nothing }
        defer { server.stop() }
        let client = TLSClient(server)
        #expect(client.shakeHands())
        client.send(Array(RawClient.handshake.utf8))
        _ = client.bytes(RawClient.accepted.utf8.count)
        for _ in 0..<1000 { client.send(RawClient.hello) }
        #expect(server.waitForMessages(1000, timeoutMilliseconds: 5000))
    }

    @Test func letsInOnlyClientsOfTheAuthority() throws {
        let server = try server { $0.clientAuthorityPEM = authority.certificatePEM }
        defer { server.stop() }
        let known = TLSClient(server, identity: try authority.issue(names: ["press"], isClient: true))
        #expect(known.shakeHands())
        known.send(Array(RawClient.handshake.utf8))
        #expect(known.bytes(12) == Array("HTTP/1.1 101".utf8))
        let unknown = TLSClient(server)
        // With TLS 1.3 a client learns of its refusal when it reads.
        _ = unknown.shakeHands()
        unknown.send(Array(RawClient.handshake.utf8))
        #expect(unknown.bytes(1).isEmpty)
    }

    @Test func aKeyOfAnotherCertificateIsRefused() throws {
        let other = try authority.issue(names: ["other"])
        #expect(throws: ServerError.self) {
            _ = try server { $0.keyPEM = other.keyPEM }
        }
    }

    @Test func aClientWithoutTLSIsNotOpened() throws {
        let server = try server()
        defer { server.stop() }
        let client = RawClient.connect(server.port)!
        client.send(RawClient.handshake)
        #expect(server.waitForEnded(1, timeoutMilliseconds: 5000))
        #expect(server.openedCount == 0)
        #expect(!server.endedConnections[0].ending.isEmpty)
    }
}
