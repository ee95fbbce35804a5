// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct HTTPHeadTests {
    private func read(_ text: String, prefix: StaticString = "HTTP/") throws(HandshakeError) -> HTTPHead? {
        var head = HTTPHead(prefix: prefix)
        let bytes = Array(text.utf8)
        var offset = 0
        return try head.bytesReceived(bytes.span.bytes, from: &offset) ? head : nil
    }

    private func fault(_ text: String) -> HandshakeError? {
        do throws(HandshakeError) {
            _ = try read(text)
            return nil
        } catch { return error }
    }

    @Test func fieldsAreRead() throws {
        let head = try #require(try read("HTTP/1.1 200 OK\r\nA: 1\r\nb:\t2 \n c\r\nA:3\r\n\r\nrest"))
        #expect(head.startLine == Array("HTTP/1.1 200 OK".utf8))
        #expect(head.fields.map(\.name) == ["A", "b", "A"] && head.fields.map(\.value) == ["1", "2 c", "3"])
        #expect(HTTPHead.value(of: "a", in: head.fields) == "1, 3" && HTTPHead.value(of: "c", in: head.fields) == nil)
        #expect(HTTPHead.list("Keep-Alive, Upgrade", contains: "upgrade") && !HTTPHead.list(nil, contains: "upgrade"))
    }

    @Test func itMayBeSplitAnywhere() throws {
        let bytes = Array("HTTP/1.1 101 S\r\nA: 1\r\n 2\r\n\r\n".utf8)
        for cut in 0..<bytes.count {
            var head = HTTPHead(prefix: "HTTP/")
            for (part, isLast) in [(Array(bytes[..<cut]), false), (Array(bytes[cut...]), true)] {
                var offset = 0
                #expect(try head.bytesReceived(part.span.bytes, from: &offset) == isLast)
                #expect(offset == part.count)
            }
            #expect(head.fields.map(\.value) == ["1 2"])
        }
    }

    @Test(
        arguments: [
            ("SSH-", .notHTTP), ("H\n", .notHTTP), ("HTTP/1.1\u{1}\n", .malformedStartLine),
            ("HTTP/1.1 200 OK\n continues\n", .malformedField), ("HTTP/1.1 200 OK\nA b: 1\n", .malformedField),
            ("HTTP/1.1 200 OK\n: 1\n", .malformedField), ("HTTP/1.1 200 OK\nA\n", .malformedField),
        ] as [(String, HandshakeError)])
    func whatIsNoneIsNamed(text: String, expected: HandshakeError) { #expect(fault(text) == expected) }

    @Test func limitsHoldToTheByte() {
        let start = "HTTP/1.1 200 "
        func line(_ count: Int) -> String { start + String(repeating: "x", count: count - start.utf8.count) }
        #expect(fault(line(HTTPHead.startLineBytesMax) + "\r\n") == nil)
        #expect(fault(line(HTTPHead.startLineBytesMax + 1)) == .startLineTooLong)
        func field(_ count: Int) -> String { "A:" + String(repeating: "x", count: count - 2) }
        #expect(fault(start + "\n" + field(HTTPHead.fieldLineBytesMax) + "\r\n") == nil)
        #expect(fault(start + "\n" + field(HTTPHead.fieldLineBytesMax + 1)) == .fieldTooLong)
        #expect(fault(start + "\n" + field(HTTPHead.fieldLineBytesMax) + "\n x\n") == .fieldTooLong)
        let many = String(repeating: "A:\n", count: HTTPHead.fieldsMax)
        #expect(fault(start + "\n" + many) == nil)
        #expect(fault(start + "\n" + many + "A:\n") == .tooManyFields)
        let large = String(repeating: field(8000) + "\n", count: 9)
        #expect(fault(start + "\n" + large) == .headerTooBig)
    }
}
