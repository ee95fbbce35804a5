// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct OutgoingMessageTests {
    private func numbered(_ text: String, id: UInt64 = 17, keepsLength: Bool = false) -> String? {
        Array(text.utf8).withUnsafeBytes { bytes -> String? in
            let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            guard var message = OutgoingMessage(numbered: bytes, stamp) else { return nil }
            let most = message.byteCount
            message.number(id, stream: 0x6FD1_C0A9_B2E3_D487, keepsLength: keepsLength)
            if keepsLength, message.byteCount != most { return "another length" }
            let chunk = MessageChunk(capacity: 4096, memory: .heap)!
            chunk.append(message)
            return String(decoding: chunk.payload(at: 0), as: UTF8.self)
        }
    }

    @Test func theNumberStandsInFrontOfTheMembers() {
        #expect(numbered(#"{"a":1}"#) == #"{"seq":17,"stream":"6fd1c0a9b2e3d487","a":1}"#)
        #expect(numbered(#"{"a":1}"#, id: .max) == #"{"seq":18446744073709551615,"stream":"6fd1c0a9b2e3d487","a":1}"#)
        #expect(numbered("{}") == #"{"seq":17,"stream":"6fd1c0a9b2e3d487"}"#)
        #expect(numbered("{ \n}") == #"{"seq":17,"stream":"6fd1c0a9b2e3d487" \#n}"#)
        #expect(numbered("\u{FEFF}\n {\"a\":\"}\"} \r\n") == #"{"seq":17,"stream":"6fd1c0a9b2e3d487","a":"}"}"#)
    }

    @Test func blanksKeepTheLengthWhereTheRoomIsLaidOutAlready() {
        let expected = #"{"seq":17,"stream":"6fd1c0a9b2e3d487","#.padding(to: OutgoingMessage.headBytesMax) + #""a":1}"#
        #expect(numbered(#"{"a":1}"#, keepsLength: true) == expected)
        #expect(numbered("{}", id: .max, keepsLength: true)?.count == OutgoingMessage.headBytesMax + 1)
    }

    @Test(arguments: ["", " ", "{", "}", "[1]", "text", "\"{}\"", "{} x", "x{}", "1", "\u{FEFF}"])
    func whatIsNoObjectTakesNone(text: String) { #expect(numbered(text) == nil) }

    @Test func whatItBeginsWithIsReadAgain() {
        func head(_ text: String) -> (number: UInt64, stream: UInt64)? {
            Array(text.utf8).withUnsafeBytes { OutgoingMessage.head(of: $0) }
        }
        for (text, id) in [("{}", 17), (#"{"a":1}"#, .max)] as [(String, UInt64)] {
            let read = head(numbered(text, id: id) ?? "")
            #expect(read?.number == id && read?.stream == 0x6FD1_C0A9_B2E3_D487)
        }
        let whole = #"{"seq":17,"stream":"6fd1c0a9b2e3d487"}"#
        for length in 0..<whole.utf8.count - 1 {
            let isRead = head(String(whole.prefix(length))) != nil
            #expect(!isRead, "\(length)")
        }
        for text in [#"{"seq":,"stream":"6fd1c0a9b2e3d487"}"#, #"{"seq":1,"stream":"6fd1c0a9b2e3d48G"}"#, "{}"] {
            let isRead = head(text) != nil
            #expect(!isRead)
        }
    }

    @Test func onlyTheSettingNumbers() {
        Array("text".utf8).withUnsafeBytes { bytes in
            var message = OutgoingMessage(bytes, MessageStamp(kind: 1, timeMilliseconds: 5))
            message.number(9, stream: 1)
            #expect(message.byteCount == 4 && !message.stamp.isNumbered)
        }
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String { self + String(repeating: " ", count: count - utf8.count) }
}
