// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct PEMBlockTests {
    private let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    private let key = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n"

    private func withoutKeys(_ text: String) throws -> String {
        let rest = try Array(text.utf8).withUnsafeBytes { try PEMBlock.withoutKeys($0) }
        return rest.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func aBlockHasItsLabelAndItsBody() throws {
        let text = Array(("x" + certificate).utf8)
        let block = try #require(PEMBlock.next(in: text, from: 0))
        #expect(String(decoding: text[block.label], as: UTF8.self) == "CERTIFICATE")
        #expect(block.isLabelled("CERTIFICATE", in: text) && !block.isLabelled("FICATE", in: text))
        #expect(block.isLabelled("FICATE", orEndsSo: true, in: text))
        #expect(String(decoding: text[block.body], as: UTF8.self) == "\nAAAA\n")
        #expect(block.whole == 1..<text.count - 1)
        #expect(PEMBlock.next(in: text, from: block.whole.upperBound) == nil)
    }

    @Test func oneThatDoesNotEndIsNone() {
        let text = Array(certificate.utf8)
        for end in 0..<text.count - 1 { #expect(PEMBlock.next(in: Array(text[..<end]), from: 0) == nil) }
    }

    @Test func keysAreTakenOutAndCertificatesStay() throws {
        let text = try withoutKeys(key + certificate)
        #expect(!text.contains("SECRET"))
        #expect(text.contains(certificate.dropLast()))
    }

    @Test func aKeyCutAnywhereBehindItsLabelIsTakenOut() throws {
        let label = "-----BEGIN PRIVATE KEY-----".utf8.count
        for end in label..<key.utf8.count {
            let text = try withoutKeys(certificate + String(key.prefix(end)))
            #expect(!text.contains("\nS"), "cut at \(end): \(text)")
        }
    }
}
