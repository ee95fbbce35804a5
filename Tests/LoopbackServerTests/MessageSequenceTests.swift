// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LoopbackServer

@Suite struct MessageSequenceTests {
    @Test(
        arguments: [
            (#"{"seq":17,"stream":"a"}"#, 17), (#"{"resent":true,"seq":9,"#, 9), (#"{"seq":0}"#, nil), ("{}", nil),
            ("", nil),
            (#"{"seq":"1"}"#, nil), (#"{"seq":99999999999999999999999"#, 9_999_999_999_999_999_999),
            (#" {"seq":1}"#, nil),
        ] as [(String, UInt64?)])
    func theNumberStandsInFront(text: String, expected: UInt64?) {
        #expect(Array(text.utf8).withUnsafeBytes { MessageSequence.number(in: $0) } == expected)
    }
}
