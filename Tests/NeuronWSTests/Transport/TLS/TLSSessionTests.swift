// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

/// One end of TLS without a socket; both ends are in `StreamSecurityTests` and `TLSLayersTests`.
@Suite struct TLSSessionTests {
    private func session(_ name: String = "localhost") throws -> TLSSession {
        let pool = BufferPool(bufferBytes: 64 * 1024, keptMax: 1)
        return try TLSSession.make(try Plant.client(), TLSPeer(name: name, text: "\(name):1"), pool: pool).get()
    }

    /// Lends bytes for one step of the handshake.
    private func feed(_ session: TLSSession, _ bytes: [UInt8]) -> TLSHandshakeProgress {
        bytes.withUnsafeBytes { lent in
            session.feed(lent)
            defer { session.feed(UnsafeRawBufferPointer(start: nil, count: 0)) }
            return session.handshake()
        }
    }

    @Test func itBeginsWithAClientHelloAndWaits() throws {
        let session = try session()
        #expect(!session.hasOutput)
        guard case .needsMore = session.handshake() else {
            Issue.record("there is nobody at the other end")
            return
        }
        // RFC 8446 section 5.1: a handshake record.
        #expect(session.hasOutput && session.output.first == 22)
        let before = session.output.count
        session.outputSent(before - 1)
        #expect(session.output.count == 1 && session.hasOutput)
        session.outputSent(1)
        #expect(!session.hasOutput && session.plaintextBytesSent == 0)
    }

    @Test func whatAnswersInPlainTextSpeaksNoTLS() throws {
        let session = try session()
        _ = session.handshake()
        guard case .failed(let error) = feed(session, Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.kind == .tlsNotTLS)
        session.releaseOutput()
    }

    @Test func aRecordMayComeByteByByte() throws {
        let session = try session()
        _ = session.handshake()
        // A fatal alert: handshake_failure (40).
        let alert: [UInt8] = [21, 3, 3, 0, 2, 2, 40]
        for byte in alert.dropLast() {
            guard case .needsMore = feed(session, [byte]) else {
                Issue.record("it did not wait for the rest")
                return
            }
        }
        guard case .failed(let error) = feed(session, [alert.last ?? 0]) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.kind == .tlsProtocol && error.detail.contains("(40)"))
        session.releaseOutput()
    }

    @Test func anEndIsToldByHowFarItCame() throws {
        let fresh = try session()
        #expect(fresh.endOfStream(isHandshaking: true).detail.contains("at the start of the TLS handshake"))
        _ = fresh.handshake()
        _ = feed(fresh, [22])
        #expect(fresh.endOfStream(isHandshaking: true).detail.contains("in the middle of the TLS handshake"))
        #expect(fresh.endOfStream(isHandshaking: false).kind == .tlsTruncated)
        fresh.certificateWasRequested()
        #expect(fresh.endOfStream(isHandshaking: true).kind == .tlsClientCertificateRequired)
        fresh.releaseOutput()
    }

    @Test func aNameIsAskedForAsItStandsInCertificates() throws {
        let name = try session("plant.example.")
        #expect(name.nameAskedFor == "plant.example" && !name.isAddressAskedFor)
        let address = try session("fe80::1%eth0")
        #expect(address.nameAskedFor == "fe80::1" && address.isAddressAskedFor)
    }

    @Test func whatWasNotToldIsAnUnmetWish() throws {
        let session = try session()
        #expect(session.unmetWish == nil)
        session.renegotiationWasRefused()
        #expect(session.unmetWish == .renegotiation)
        session.certificateWasRequested()
        #expect(session.unmetWish == .clientCertificate)
    }
}
