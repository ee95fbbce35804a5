// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

/// What a failed verification and the first bytes of a peer are told as; alerts are in `StreamSecurityTests`.
@Suite struct TLSErrorsTests {
    private func told(
        verification code: Int32? = nil, depth: Int32 = 0, isHandshaking: Bool = true, firstByte: UInt8? = 22,
        groupBits: Int32? = nil
    ) throws -> TransportError {
        var failure: TLSVerificationFailure?
        let pem = SecretBytes(try Plant.authority.issue(names: ["plant.example"]).certificatePEM)
        try TLSPEM.forEachCertificate(pem, key: "cert") { certificate in
            guard let code else { return }
            failure = TLSVerificationFailure(
                code: code, depth: depth, subject: "CN=plant", issuer: "CN=authority", notBefore: "2026-01-01",
                notAfter: "2027-01-01", names: TLSCertificate.names(certificate))
        }
        ERR_clear_error()
        return TLSErrors.take(
            TLSFailureFacts(
                peer: "plant:443", isProxy: false, timeFloor: nil, serverName: "other.example", isVerifyName: false,
                isHandshaking: isHandshaking, hasCertificate: false, unmetWish: nil, firstByte: firstByte,
                verification: failure,
                refusedGroupBits: groupBits))
    }

    @Test(
        arguments: [
            (X509_V_ERR_CERT_HAS_EXPIRED, .tlsExpired, "expired at 2027-01-01"),
            (X509_V_ERR_CERT_NOT_YET_VALID, .tlsNotYetValid, "valid only from 2026-01-01"),
            (X509_V_ERR_HOSTNAME_MISMATCH, .tlsWrongName, "other.example"),
            (X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, .tlsSelfSigned, "signed by itself"),
            (X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .tlsUnknownAuthority, "issued by CN=authority"),
            (X509_V_ERR_CERT_REVOKED, .tlsRevoked, "was revoked"),
            (X509_V_ERR_UNABLE_TO_GET_CRL, .tlsVerification, "none of CN=authority"),
            (X509_V_ERR_CRL_HAS_EXPIRED, .tlsVerification, "out of date"),
            (X509_V_ERR_INVALID_PURPOSE, .tlsPurpose, "may not be used for a server"),
            (X509_V_ERR_CERT_CHAIN_TOO_LONG, .tlsVerification, "was not accepted"),
        ] as [(Int32, TransportError.Kind, String)])
    func eachFaultOfACertificateIsToldAsWhatItIs(code: Int32, kind: TransportError.Kind, text: String) throws {
        let error = try told(verification: code)
        #expect(error.kind == kind)
        #expect(error.detail.hasPrefix("the certificate of plant:443 (CN=plant)") && error.detail.contains(text))
        let above = try told(verification: code, depth: 1)
        #expect(above.detail.hasPrefix("an authority's certificate in the chain of plant:443"))
    }

    @Test func alertsThatOpenSSLDoesNotNameHaveTheirNames() {
        let names = [109, 116, 120, 48, 40, 250].map { TLSErrors.alertName($0) }
        #expect(
            names == [
                "missing extension", "certificate required", "no application protocol", "unknown CA",
                "handshake failure", "unknown",
            ])
    }

    @Test func whatIsNoRecordIsNoTLS() throws {
        #expect(try told(firstByte: UInt8(ascii: "H")).kind == .tlsNotTLS)
        let later = try told(isHandshaking: false, firstByte: UInt8(ascii: "H"))
        #expect(later.kind == .tlsProtocol && later.detail == "plant:443 broke TLS: unknown error")
        #expect(try told().detail == "the TLS handshake with plant:443 failed: unknown error")
    }

    @Test func aGroupThatIsTooLargeIsToldByItsSize() throws {
        let error = try told(groupBits: 32_768)
        #expect(error.kind == .tlsProtocol && error.detail.contains("of 32768 bits, at most"))
    }

    @Test func theQueueIsReadAndLeft() {
        ERR_clear_error()
        #expect(TLSErrors.lastText() == "unknown error" && !TLSErrors.areOfMemory)
        #expect(BIO_new_file("/nonexistent/neuron_ws", "r") == nil)
        #expect(TLSErrors.lastText() == TLSErrors.lastText() && TLSErrors.lastText() != "unknown error")
        ERR_clear_error()
    }
}
