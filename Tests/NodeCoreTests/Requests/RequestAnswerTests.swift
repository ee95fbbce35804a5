import Testing

@testable import NodeCore

@Suite struct RequestAnswerTests {
    @Test func uuidCodeAndReasonStandInOrder() {
        let answer = RequestAnswer.encode(uuid: Array("\"a\\u0041\"".utf8), error: 1002, reason: "no \"tag\"\n")
        #expect(
            String(decoding: answer, as: UTF8.self)
                == #"{"uuid":"a\u0041","error":1002,"reason":"no \"tag\"\u000a"}"#)
    }
}
