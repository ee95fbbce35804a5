// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct HandshakeTextTests {
    @Test func headersAreHTTPs() {
        #expect(HandshakeText.problem(headerName: "X-Plant", value: "north 7") == nil)
        #expect(HandshakeText.problem(headerName: "X Plant", value: "a")?.hasPrefix("holds the header") == true)
        let broken = HandshakeText.problem(headerName: "X", value: SecretBytes("hunter2\r\nB: c"))
        #expect(broken != nil && broken?.contains("hunter2") == false)
        #expect(HandshakeText.problem(subprotocols: ["mqtt", "a.b"]) == nil)
        #expect(HandshakeText.problem(subprotocols: ["a b"])?.hasPrefix("cannot be offered") == true)
    }

    @Test(arguments: [("https://plant", true), ("ü", true), ("", true), ("a\tb", false), ("a\u{7F}", false)])
    func fieldsHoldNoControlCharacter(text: String, isFine: Bool) {
        #expect((HandshakeText.problem(fieldValue: text.utf8) == nil) == isFine)
    }

    @Test func credentialsAreWhatTheirSchemesTake() {
        #expect(HandshakeText.problem(username: "press 7") == nil)
        #expect(HandshakeText.problem(username: "a:b") == "holds a colon, which Basic authentication forbids")
        #expect(HandshakeText.problem(username: "a\n") != nil)
        #expect(HandshakeText.problem(token: "abc.def~+/=".utf8) == nil)
        for token in ["a b", "\t", "ü", "a\u{7F}"] { #expect(HandshakeText.problem(token: token.utf8) != nil) }
    }

    @Test func namesOfTheNetwork() {
        #expect(HandshakeText.problem(ciphers: "ECDHE+AESGCM:!aNULL:@SECLEVEL=2") == nil)
        #expect(HandshakeText.problem(ciphers: "A;B") != nil && HandshakeText.problem(ciphers: "A B") != nil)
        for name in ["plant.example", "10.0.0.1", "fe80::1", "a_b-c"] {
            #expect(HandshakeText.problem(serverName: name) == nil)
        }
        for name in ["a b", "a/b", "*.plant"] { #expect(HandshakeText.problem(serverName: name) != nil) }
        #expect(HandshakeText.problem(interfaceName: "eth0.7") == nil)
        for name in [".", "..", "a/b", "a b", "\u{7F}"] { #expect(HandshakeText.problem(interfaceName: name) != nil) }
    }

    @Test func aSentenceBecomesAClause() {
        #expect(HandshakeText.clause("The name is empty.") == "the name is empty")
        #expect(HandshakeText.clause("x") == "x" && HandshakeText.clause("") == "" && HandshakeText.clause(".") == "")
    }
}
