// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct OperationOutlineTests {
    private let gateway = OpenGateIdentity(deviceID: "gate", isReduced: false)

    private func outline<R>(_ text: String, step: Int = 1000, _ body: (OperationOutline?) -> R) -> R {
        Array(text.utf8).withUnsafeBytes { bytes in
            var outline = OperationOutline(begun: RequestOutline(bytes, from: 0))
            while outline?.isWhole == false { outline?.scan(byteCount: step) }
            return body(outline)
        }
    }

    private func echo(_ text: String, step: Int = 1000) -> [String]? {
        outline(text, step: step) { outline in
            outline?.echo(gateway).map { echo in
                [echo.id, echo.operation?.name ?? [], echo.operation?.deviceID ?? [], echo.operation?.path ?? []]
                    .map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    @Test(arguments: [1, 3, 1000]) func partsAreFoundHoweverLittleIsLookedAtAtATime(step: Int) {
        let text = #"{"operation":{"request":{"id":7,"name":"X","deviceId":"d","path":["a","b"]}}}"#
        #expect(echo(text, step: step) == ["7", #""X""#, #""d""#, #"["a","b"]"#])
    }

    @Test func whatIsMissingOrNoJSONIsLeftOut() {
        #expect(echo(#"{"operation":{"request":{"id":"1"}}}"#) == [#""1""#, "null", #""gate""#, "[]"])
        #expect(
            echo(#"{"operation":{"request":{"id":"1","deviceId":"","path":[1],"name":5}}}"#)
                == [#""1""#, "null", #""gate""#, "[]"])
        for none in [
            #"{"operation":{"request":{"name":"X"}}}"#, #"{"operation":{"request":{"id":null}}}"#,
            #"{"operation":{"request":{"id":{}}}}"#, #"{"operation":{"request":7}}"#, #"{"operation":[]}"#, #"{"a":1}"#,
        ] { #expect(echo(none) == nil) }
    }

    @Test func anAnswerThatComesBackIsNoRequest() {
        #expect(outline(#"{"operation":{"response":{}}}"#) { $0?.isResponse } == true)
        #expect(outline(#"{"operation":{"response":{},"request":{}}}"#) { $0?.isResponse } == false)
        #expect(outline(#"{"operation":{}}"#) { $0?.isResponse } == false)
        #expect(outline(#"{"request":{}}"#) { $0 == nil })
    }

    @Test func anIDIsFoundInWhatIsCutOff() {
        #expect(echo(#"{"operation":{"request":{"id":"1","name":"X"#)?.first == #""1""#)
    }
}
