// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct OperationTextTests {
    private func written(_ words: OperationText.Words) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        var writer = try ByteWriter.open(buffer)
        try OperationText.write(words, to: &writer)
        try writer.finish()
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func with<R>(_ text: String, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        Array(text.utf8).withUnsafeBytes { body($0) }
    }

    private func isOwn(_ words: OperationText.Words, _ text: String) -> Bool {
        if case .own(let own) = words { own == text } else { false }
    }

    @Test func codesAreThePlatforms() {
        #expect(with("SUCCESSFUL") { OperationText.resultCode($0) } == "SUCCESSFUL")
        #expect(with("CANCELLED") { OperationText.resultCode($0) } == "CANCELLED")
        for text in ["", "successful", "SUCCESSFUL ", "CANCEL", "OK"] {
            #expect(with(text) { OperationText.resultCode($0) } == nil)
        }
        #expect(OperationText.resultCode(nil) == nil)
        #expect(OperationText.resultCodesShown.hasPrefix("SUCCESSFUL, ERROR_IN_PARAM"))
    }

    @Test func resultsOfStepsAreFour() {
        for text in ["SUCCESSFUL", "ERROR", "SKIPPED", "NOT_EXECUTED"] {
            #expect(with(text) { OperationText.isStepResult($0) })
        }
        for text in ["", "FAILED", "ERROR_IN_PARAM"] { #expect(!with(text) { OperationText.isStepResult($0) }) }
        #expect(!OperationText.isStepResult(nil))
    }

    @Test func aFailureIsToldByTheHostOrByTheGatewaysNumber() {
        with("pump is off") { given in
            if case .given(let text) = OperationText.reason(given, 3000) {
                #expect(text.elementsEqual(given))
            } else {
                Issue.record("the host's words are lost")
            }
        }
        with("") { #expect(isOwn(OperationText.reason($0, 3000), "error 3000 of the gateway")) }
        let noDevice = OperationText.reason(nil, RequestErrorCode.noDevice)
        #expect(isOwn(noDevice, "Unable to send operation to lower levels"))
        #expect(isOwn(OperationText.description(of: "SUCCESSFUL"), "No Error."))
        #expect(isOwn(OperationText.description(of: "ERROR_TIMEOUT"), "ERROR_TIMEOUT"))
    }

    @Test func textsAreEscaped() throws {
        #expect(try written(.own("a \"b\"\n")) == #""a \"b\"\u000a""#)
        let bytes = Array("c\\ \u{1}".utf8)
        let given: Result<String, any Error> = bytes.withUnsafeBytes { raw in Result { try written(.given(raw)) } }
        #expect(try given.get() == #""c\\ \u0001""#)
    }
}
