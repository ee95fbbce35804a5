// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What a request to a server with a page is: a gateway's, a page's, or to be refused. Pages come from this machine's
/// browsers alone: under a loopback name, so that no foreign name leads here (DNS rebinding), and to the live socket
/// from this server's own page, which carries the token.
struct WebGate {
    enum Entry: Equatable {
        /// A WebSocket's opening handshake, right or wrong.
        case gateway
        /// - host: what follows "http://", checked.
        case page(host: String)
        case live
        case refused(WebAnswer)
    }

    let token: String
    let isTLS: Bool

    private static let ownFolder = "/.neuron-ws/"

    func entry(for request: ClientRequest) -> Entry {
        let parts = request.resource.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts[0])
        guard Self.isHandshake(request) else { return answer(request, path) }
        guard path == ServerPages.livePath else { return .gateway }
        return live(request, query: parts.count > 1 ? String(parts[1]) : "")
    }

    /// A handshake that lacks something is told so, rather than answered with a page.
    private static func isHandshake(_ request: ClientRequest) -> Bool {
        let names = ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]
        if names.contains(where: { request.value(of: $0) != nil }) { return true }
        let upgrades = request.value(of: "Upgrade")?.split(separator: ",") ?? []
        return upgrades.contains { $0.lowercased().filter { $0 != " " && $0 != "\t" } == "websocket" }
    }

    // MARK: Plain requests

    private func answer(_ request: ClientRequest, _ path: String) -> Entry {
        guard request.fields.filter({ $0.name.lowercased() == "host" }).count == 1,
            let host = request.value(of: "Host")
        else { return refuse(400, "Bad Request", "The request needs one Host field.") }
        guard Self.isLoopback(host) else {
            // RFC 9110 §15.5.20.
            return refuse(
                421, "Misdirected Request",
                "This server has no page for that host; ask for localhost, 127.0.0.1 or [::1].")
        }
        guard ["GET", "HEAD"].contains(request.method) else {
            return refuse(405, "Method Not Allowed", "The page is got with GET.", ["Allow: GET, HEAD"])
        }
        guard path.hasPrefix("/") else {
            return refuse(400, "Bad Request", "The request needs a path that begins with /.")
        }
        if path == ServerPages.livePath {
            // RFC 9110 §15.5.22.
            return refuse(
                426, "Upgrade Required", "This is the page's live socket, a WebSocket; the page is at /.",
                ["Upgrade: websocket"])
        }
        if path.hasPrefix(Self.ownFolder) {
            return refuse(404, "Not Found", "There is nothing here; the page is at /.")
        }
        return path == "/favicon.ico" ? .refused(.nothing) : .page(host: host)
    }

    private func refuse(_ status: Int, _ reason: String, _ sentence: String, _ headers: [String] = []) -> Entry {
        .refused(.refusal(status, reason, sentence, headers))
    }

    // MARK: The live socket

    private func live(_ request: ClientRequest, query: String) -> Entry {
        func forbidden(_ sentence: String) -> Entry { refuse(403, "Forbidden", sentence) }
        guard let host = request.value(of: "Host"), Self.isLoopback(host) else {
            return forbidden("The live socket is there under localhost, 127.0.0.1 and [::1] alone.")
        }
        // RFC 6455 §10.2. Several fields come joined, and are equal to nothing.
        let own = (isTLS ? "https://" : "http://") + host
        guard let origin = request.value(of: "Origin"), origin.lowercased() == own.lowercased() else {
            return forbidden("The live socket is for this server's own page, whose origin is \(own).")
        }
        guard isToken(query) else {
            return forbidden("The token is wrong: the page is of an earlier run; load it again.")
        }
        return .live
    }

    /// In a time that does not tell how much of it is right.
    private func isToken(_ query: String) -> Bool {
        let given = Array(query.utf8)
        let right = Array("token=\(token)".utf8)
        guard given.count == right.count else { return false }
        return zip(given, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// "localhost", "127.0.0.1" or "[::1]", with or without a port.
    static func isLoopback(_ host: String) -> Bool {
        for name in ["localhost", "127.0.0.1", "[::1]"] where host.lowercased().hasPrefix(name) {
            let rest = host.utf8.dropFirst(name.utf8.count)
            if rest.isEmpty { return true }
            let digits = rest.dropFirst()
            return rest.first == UInt8(ascii: ":") && (1...5).contains(digits.count)
                && digits.allSatisfy(ASCII.isDigit)
        }
        return false
    }
}
