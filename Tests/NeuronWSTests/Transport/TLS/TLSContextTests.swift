// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct TLSContextTests {
    private let identity = try! Plant.authority.issue(names: ["gateway-7"], isClient: true)

    private func error(_ change: (inout TLSSettings) -> Void) -> TLSConfigurationError? {
        var settings = TLSSettings()
        change(&settings)
        do throws(TLSConfigurationError) {
            _ = try TLSContext.make(settings)
            #expect(ERR_peek_error() == 0)
            return nil
        } catch {
            #expect(ERR_peek_error() == 0)
            return error
        }
    }

    private func bytes(_ text: String) -> SecretBytes { SecretBytes(text) }

    @Test func takesGoodSettings() {
        #expect(error { _ in } == nil)
        #expect(error { $0.ca = bytes(Plant.authority.certificatePEM + Plant.stranger.certificatePEM) } == nil)
        let plain = error {
            $0.certificate = bytes(identity.certificatePEM + Plant.authority.certificatePEM)
            $0.key = SecretBytes(identity.keyPEM)
        }
        #expect(plain == nil)
        #expect(error { $0.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256" } == nil)
        #expect(error { $0.alpn = ["http/1.1"] } == nil)
    }

    @Test func takesAnExpiredCertificateOfOurOwn() throws {
        let old = try Plant.authority.issue(
            names: ["gateway-7"], notBeforeSeconds: -7200, notAfterSeconds: -3600, isClient: true)
        let refused = error {
            $0.certificate = bytes(old.certificatePEM)
            $0.key = SecretBytes(old.keyPEM)
        }
        #expect(refused == nil)
    }

    @Test func tellsWhatIsWrongWithTheAuthorities() {
        #expect(error { $0.ca = "" } == TLSConfigurationError(key: "ca", detail: "is empty"))
        #expect(
            error { $0.ca = bytes("nonsense") }
                == TLSConfigurationError(key: "ca", detail: "is not PEM: there is no line -----BEGIN (8 bytes)"))
        #expect(
            error { $0.ca = bytes(identity.keyPEM) }
                == TLSConfigurationError(key: "ca", detail: "holds a private key, not a certificate"))
        let cut = String(Plant.authority.certificatePEM.prefix(200))
        #expect(error { $0.ca = bytes(cut) }?.detail.hasPrefix("is damaged: certificate number 1 ") == true)
        let second = Plant.authority.certificatePEM + cut
        #expect(error { $0.ca = bytes(second) }?.detail.hasPrefix("is damaged: certificate number 2 ") == true)
    }

    @Test func wantsCertificateAndKeyTogether() {
        #expect(
            error { $0.certificate = bytes(identity.certificatePEM) }
                == TLSConfigurationError(key: "key", detail: "is missing: cert is set, and each needs the other"))
        #expect(
            error { $0.key = SecretBytes(identity.keyPEM) }
                == TLSConfigurationError(key: "cert", detail: "is missing: key is set, and each needs the other"))
    }

    @Test func tellsACertificateOrKeyThatIsNone() {
        let exchanged = error {
            $0.certificate = bytes(identity.keyPEM)
            $0.key = SecretBytes(identity.certificatePEM)
        }
        #expect(exchanged == TLSConfigurationError(key: "cert", detail: "holds a private key, not a certificate"))
        let noKey = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes(identity.certificatePEM)
        }
        #expect(noKey == TLSConfigurationError(key: "key", detail: "holds a certificate, not a private key"))
        let nonsense = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes("nonsense")
        }
        #expect(
            nonsense
                == TLSConfigurationError(key: "key", detail: "is not PEM: there is no line -----BEGIN (8 bytes)"))
        let damaged = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes(
                "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----\n")
        }
        #expect(damaged?.key == "key")
        #expect(damaged?.detail.hasPrefix("is damaged: ") == true)
    }

    @Test func tellsAKeyOfAnotherCertificate() throws {
        let other = try Plant.authority.issue(names: ["gateway-8"], isClient: true)
        let refused = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes(other.keyPEM)
        }
        #expect(
            refused
                == TLSConfigurationError(
                    key: "key", detail: "does not belong to cert, whose subject is CN=gateway-7"))
    }

    @Test(arguments: [nil, "wrong", ""] as [String?])
    func tellsAPasswordThatIsMissingOrWrong(password: String?) throws {
        let encrypted = try CertificateAuthority.encrypt(keyPEM: identity.keyPEM, password: "secret")
        let refused = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes(encrypted)
            $0.keyPassword = password.map { SecretBytes($0) }
        }
        #expect(refused?.key == "keypass")
        #expect(
            refused?.detail
                == (password == nil
                    ? "is missing: key is encrypted" : "is wrong: key cannot be decrypted with it"))
    }

    /// A key of these tests, encrypted with "secret". Its length leaves one wrong password in 256 a padding that holds.
    private static let encryptedKeyPEM = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi0ZqeF+IPvYgICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEApEFO9+vRPNTjacEpkVFQIEgZCz
        uT8YqE+a6O05suiIVsmzWJeat9+x32GmkPBiH7EuceVH4IAVxOcAD+mKQc1flpYo
        wS6wRzDwAaKYBDka36iX2FbrfLl4YvN8QuZMB8Gpd0hqzBWQFycHYe0rGshZpLC5
        OascZ0+VJlFrQ/LshZYFKrgv3KGohh4/p08t4gfoao+jTSh8aMHDT8rzzHwCMNA=
        -----END ENCRYPTED PRIVATE KEY-----

        """

    @Test(arguments: ["wrong316", "wrong382", "wrong473"])
    func aWrongPasswordWhoseRubbishEndsLikeAKeyIsWrong(password: String) {
        let refused = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes(Self.encryptedKeyPEM)
            $0.keyPassword = SecretBytes(password)
        }
        #expect(
            refused == TLSConfigurationError(key: "keypass", detail: "is wrong: key cannot be decrypted with it"))
    }

    @Test func aPasswordForAPlainKeyIsHarmless() {
        let refused = error {
            $0.certificate = bytes(identity.certificatePEM)
            $0.key = SecretBytes(identity.keyPEM)
            $0.keyPassword = "unused"
        }
        #expect(refused == nil)
    }

    @Test func tellsUnknownCiphersAndProtocols() {
        #expect(error { $0.ciphers = "NO-SUCH-CIPHER" }?.key == "tls-ciphers")
        #expect(error { $0.ciphers = "TLS_NO_SUCH_SUITE" }?.key == "tls-ciphers")
        #expect(error { $0.ciphers = " : " } == TLSConfigurationError(key: "tls-ciphers", detail: "is empty"))
        #expect(error { $0.alpn = [""] }?.key == "tls-alpn")
    }
}
