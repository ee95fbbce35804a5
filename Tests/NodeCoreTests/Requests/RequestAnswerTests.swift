// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct RequestAnswerTests {
    @Test func uuidCodeAndReasonStandInOrder() {
        let answer = RequestAnswer.encode(uuid: Array("\"a\\u0041\"".utf8), error: 1002, reason: "no \"tag\"\n")
        #expect(
            String(decoding: answer, as: UTF8.self)
                == #"{"uuid":"a\u0041","error":1002,"reason":"no \"tag\"\u000a"}"#)
    }

    @Test func theErrorOfAnAnswerIsFound() {
        func error(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { RequestAnswer.error(in: $0) } }
        #expect(error(#"{"uuid":"1","error":0}"#) == 0)
        #expect(error(#" {"error": -3001 , "uuid":"1"}"#) == -3001)
        #expect(error(#"{"uuid":"1","tags":[{"error":5}]}"#) == nil)
        #expect(error(#"{"error":"x"}"#) == nil && error(#"{"error":1.5}"#) == nil && error("[]") == nil)
        #expect(error("") == nil && error("{") == nil && error(#"{"error":99999999999999999999}"#) == nil)
    }
}
