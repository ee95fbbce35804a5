// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct PEMTextTests {
    private let plain = "-----BEGIN X-----\nAAAA\nBBBB\n-----END X-----\n"

    private func normalized(_ text: String) -> String {
        let normalized = try? SecretBytes(text).withBytes { try PEMText.normalized($0) }
        return String(decoding: normalized?.bytes ?? [], as: UTF8.self)
    }

    @Test func leavesGoodPEMAlone() {
        #expect(normalized(plain) == plain)
        let encrypted =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
            + "-----END RSA PRIVATE KEY-----\n"
        #expect(normalized(encrypted) == encrypted)
        #expect(normalized("a comment of two  words\n" + plain + plain) == "a comment of two  words\n" + plain + plain)
    }

    @Test func takesWhatEditorsMakeOfIt() {
        #expect(normalized("\u{FEFF}" + plain) == plain)
        #expect(normalized("-----BEGIN X-----\r\nAAAA\r\nBBBB\r\n-----END X-----\r\n") == plain)
        #expect(normalized("-----BEGIN X-----\rAAAA\rBBBB\r-----END X-----\r") == plain)
        #expect(normalized("  -----BEGIN X-----\n\tAAAA \n  BBBB\n  -----END X-----  \n") == plain)
        #expect(normalized("-----BEGIN X-----\nAAAA\nBBBB\n-----END X-----") == plain)
    }

    @Test func takesWhatFormsAndShellsMakeOfIt() {
        #expect(normalized("-----BEGIN X----- AAAA BBBB -----END X-----") == plain)
        #expect(normalized("-----BEGIN X-----\\nAAAA\\nBBBB\\n-----END X-----\\n").hasPrefix(plain))
        #expect(normalized("-----BEGIN X-----AAAA\nBBBB-----END X-----") == plain)
        let two = "-----BEGIN X----- AAAA BBBB -----END X----------BEGIN X-----\nAAAA\nBBBB\n-----END X-----"
        #expect(normalized(two) == plain + plain)
    }

    @Test func survivesWhatIsNone() {
        for text in [
            "", "-----BEGIN ", "-----BEGIN X", "-----BEGIN X----", "-----END -----", "\\", "-----BEGIN X-----\\",
        ] {
            _ = normalized(text)
        }
    }
}
