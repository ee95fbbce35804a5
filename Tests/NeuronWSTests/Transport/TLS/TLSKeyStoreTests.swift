// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Testing
import WebSocketCore

@testable import NeuronWS

/// Keys in tokens, where there is none; with SoftHSM they are used in Tests/Tool.
@Suite struct TLSKeyStoreTests {
    @Test func aURIIsKnownByItsScheme() {
        #expect(TLSKeyStore.isURI("pkcs11:object=gateway") && TLSKeyStore.isURI("handle:0x81000001"))
        for text in ["", "pkcs11", "PKCS11:a", "-----BEGIN PRIVATE KEY-----", "file:/key"] as [SecretBytes] {
            #expect(!TLSKeyStore.isURI(text))
        }
    }

    @Test(arguments: [nil, "1234"] as [SecretBytes?])
    func aKeyThatIsNotFoundIsToldWithWhatItTakes(pin: SecretBytes?) {
        do throws(TLSConfigurationError) {
            EVP_PKEY_free(try TLSKeyStore.privateKey("pkcs11:object=neuron-ws-no-such-key", pin: pin))
            Issue.record("it was found")
        } catch {
            #expect(error.key == "key" && error.detail.hasPrefix("names a key that OpenSSL does not find ("))
            #expect(!error.isOutOfMemory)
        }
        #expect(ERR_peek_error() == 0)
    }
}
