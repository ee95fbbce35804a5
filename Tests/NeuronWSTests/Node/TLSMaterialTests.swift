// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct TLSMaterialTests {
    private func settings(_ more: String) throws -> NodeSettings {
        try NodeSettings.parse(json: #"{"url":"wss://h/"\#(more)}"#)
    }

    @Test func withoutFilesNothingIsReplaced() throws {
        var material = try TLSMaterial(try settings(""))
        #expect(material.tls.ca == nil)
        #expect(material.tls.certificate == nil)
        #expect(material.tls.verify)
        #expect(material.warnings.isEmpty)
        #expect(material.takeReplaced().isEmpty)
    }

    @Test func whatIsNoneGetsAFaultByItsSettingsName() throws {
        let wrong = try settings(#","ca":"no such thing","cert":"nor this","key":"nor that""#)
        #expect(TLSMaterial.faults(wrong).map { $0.key } == ["ca", "cert", "key"])
    }
}
