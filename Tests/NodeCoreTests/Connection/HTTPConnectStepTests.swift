// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct HTTPConnectStepTests {
    private func step(_ url: String, authorization: SecretBytes? = nil, userAgent: String? = nil) -> HTTPConnectStep {
        HTTPConnectStep(try! WebSocketURL.parse(url), authorization: authorization, userAgent: userAgent)
    }

    private func said(_ step: HTTPConnectStep) -> String {
        var step = step
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { space in
            var position = 0
            step.output.fill(space, at: &position)
            return String(decoding: space[..<position], as: UTF8.self)
        }
    }

    private func receive(_ text: String) -> (progress: StepProgress, taken: Int, status: Int) {
        var step = step("ws://plant/")
        var offset = 0
        let progress = step.bytesReceived(Array(text.utf8).span.bytes, from: &offset, wallSeconds: 0)
        return (progress, offset, step.httpStatus)
    }

    private func error(_ text: String) -> ProxyError? {
        if case .failed(.proxy(let error)) = receive(text).progress { return error }
        return nil
    }

    @Test func asksForHostAndPort() {
        #expect(said(step("ws://plant/path?key=1")) == "CONNECT plant:80 HTTP/1.1\r\nHost: plant:80\r\n\r\n")
        #expect(
            said(step("wss://[2001:db8::1]/", authorization: "Basic eA==", userAgent: "agent"))
                == "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\nUser-Agent: agent\r\n"
                + "Proxy-Authorization: Basic eA==\r\n\r\n")
    }

    /// RFC 9110 §9.3.6: what follows the head is the server's, whatever the head says of a length.
    @Test func anyTwoHundredOpensTheWay() {
        for head in [
            "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 299 Fine\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            let (progress, taken, _) = receive(head + "bytes")
            guard case .done(nil) = progress else {
                Issue.record("\(head)")
                continue
            }
            #expect(taken == head.utf8.count)
        }
    }

    @Test func refusalsCarryTheirStatus() {
        #expect(
            error("HTTP/1.1 403 Forbidden\r\n\r\npage")
                == .refused(status: 403, reason: "Forbidden", retryAfterSeconds: nil))
        #expect(
            error("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n")
                == .refused(status: 503, reason: "Busy", retryAfterSeconds: 7))
        #expect(receive("HTTP/1.1 502 Bad\r\n\r\n").status == 502)
        #expect(
            error("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nProxy-Authenticate: NTLM\r\n\r\n")
                == .authenticationRequired("Basic, NTLM"))
        #expect(error("HTTP/1.1 407 Who?\r\n\r\n") == .authenticationRequired(""))
    }

    @Test func whatIsNoHTTPIsSoon() {
        #expect(error("SSH-2.0") == .malformed(.notHTTP))
        #expect(error("\u{5}") == .malformed(.notHTTP))
        #expect(error("HTTP/1.1 OK\r\n\r\n") == .malformed(.malformedStartLine))
    }

    @Test func anAnswerWithoutEndIsBounded() {
        let field = "X: " + String(repeating: "x", count: 1000) + "\r\n"
        #expect(error("HTTP/1.1 200 OK\r\n" + String(repeating: field, count: 100)) == .malformed(.headerTooBig))
        #expect(error("HTTP/1.1 200 " + String(repeating: "x", count: 2000)) == .malformed(.startLineTooLong))
    }
}
