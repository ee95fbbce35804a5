// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// An HTTP answer with a body, behind which the connection ends (RFC 9112).
struct WebAnswer: Equatable {
    var status: Int
    var reason: String
    var headers: [String] = []
    var contentType = "text/plain; charset=utf-8"
    var body: [UInt8] = []

    /// A sentence for people.
    static func refusal(_ status: Int, _ reason: String, _ sentence: String, _ headers: [String] = []) -> WebAnswer {
        WebAnswer(status: status, reason: reason, headers: headers, body: Array((sentence + "\n").utf8))
    }

    /// No icon, and no complaint about it.
    static let nothing = WebAnswer(status: 204, reason: "No Content")

    /// What cannot be read as a request.
    static func refusal(_ error: HandshakeError) -> WebAnswer {
        switch error {
        // RFC 9110 §15.5.15, RFC 6585 §5.
        case .startLineTooLong: refusal(414, "URI Too Long", error.text)
        case .fieldTooLong, .headerTooBig, .tooManyFields:
            refusal(431, "Request Header Fields Too Large", error.text)
        default: refusal(400, "Bad Request", error.text)
        }
    }

    static let tooManyRequests = refusal(
        503, "Service Unavailable", "Too many requests are open at once; close some, and try again.")

    static func tooManyPages(_ pagesMax: Int) -> WebAnswer {
        refusal(503, "Service Unavailable", "\(pagesMax) pages are open already; close one, and try again.")
    }

    /// The page, which may load nothing, connect to nowhere but this server, and be shown in no other page (CSP3).
    static func page(_ html: [UInt8], nonce: String, host: String, isTLS: Bool) -> WebAnswer {
        // Not every browser takes 'self' for a WebSocket's scheme too. The host has been checked.
        let policy =
            "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; "
            + "connect-src 'self' \(isTLS ? "wss" : "ws")://\(host); img-src data:; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'"
        return WebAnswer(
            status: 200, reason: "OK",
            headers: [
                "Content-Security-Policy: \(policy)", "Cross-Origin-Opener-Policy: same-origin",
                "Cross-Origin-Resource-Policy: same-origin",
            ], contentType: "text/html; charset=utf-8", body: html)
    }

    /// - Parameter isHead: the answer to a HEAD, the same without its body (RFC 9110 §9.3.2).
    func bytes(isHead: Bool = false) -> [UInt8] {
        var lines = ["HTTP/1.1 \(status) \(reason)", "Connection: close", "Cache-Control: no-store"]
        // RFC 9110 §8.6: none with a 204.
        if status != 204 { lines += ["Content-Length: \(body.count)", "Content-Type: \(contentType)"] }
        lines += ["X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer"] + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (isHead ? [] : body)
    }
}
