// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ProtocolErrorTests {
    @Test func closesWithTheCodeThatTheRFCGivesForEachFault() {
        for error in ProtocolError.allCases {
            switch error {
            case .invalidUTF8, .invalidCloseReason, .invalidCompressedData: #expect(error.closeCode.rawValue == 1007)
            case .frameTooBig, .messageTooBig, .outOfMemory: #expect(error.closeCode.rawValue == 1009)
            default: #expect(error.closeCode.rawValue == 1002)
            }
        }
    }

    @Test func hasASentenceOfItsOwnForEachFaultThatFitsIntoACloseFrame() {
        let texts = ProtocolError.allCases.map(\.text)
        #expect(Set(texts).count == texts.count)
        for text in texts {
            #expect(text.utf8.count <= 123)
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            #expect(text.hasSuffix("."))
        }
    }
}
