// SPDX-License-Identifier: Apache-2.0
/// Close codes (RFC 6455 §7.4.1; 1012 to 1014: IANA's registry) and answers to the opening handshake, in words.
enum ProtocolCodes {
    struct Code {
        let number: Int
        let meaning: String
        let advice: String

        init(_ number: Int, _ meaning: String, _ advice: String) {
            self.number = number
            self.meaning = meaning
            self.advice = advice
        }
    }

    /// Codes that libraries and frameworks have registered (RFC 6455 §7.4.2).
    static let registered = 3000...3999
    /// Codes of the server's own application (RFC 6455 §7.4.2).
    static let applications = 4000...4999

    static let closing: [Code] = [
        Code(1000, "Normal closure: all was said.", "Nothing is to be done."),
        Code(
            1001, "Going away: the server ends or is restarted, or the client leaves.",
            "A node connects again by itself."),
        Code(
            1002, "Protocol error: the other side did not keep to RFC 6455.",
            "Look for something in between that is no WebSocket proxy; else report it with a trace."),
        Code(1003, "The server does not take this kind of data.", "Try the other message-type, text or binary."),
        Code(1005, "A Close frame without a code; never sent as one.", "The server gave no reason: its log may."),
        Code(
            1006, "The connection ended without a Close frame; never sent as one.",
            "Look for a server that crashed, or a firewall or proxy that cuts idle connections."),
        Code(
            1007, "A text that is not UTF-8, or data that do not fit the message's kind.",
            "Try message-type binary; check what the devices send."),
        Code(
            1008, "Policy violation: the server does not let this client do what it did.",
            "Check token, username, headers and subprotocols; the server's log says which rule it was."),
        Code(
            1009, "A message was too big for the other side.",
            "Subscribe smaller groups, or let the server take larger messages."),
        Code(1010, "The client wanted an extension that the server lacks.", "Set compression to off."),
        Code(1011, "The server failed.", "Look into the server's log; a node tries again by itself."),
        Code(1012, "The server is being restarted.", "A node connects again by itself."),
        Code(1013, "The server is overloaded: try again later.", "A node tries again by itself, later and later."),
        Code(
            1014, "A gateway in between got no good answer from the server behind it.",
            "Check the server behind the proxy."),
        Code(1015, "The TLS handshake failed; never sent in a frame.", "Check certificates and ca."),
    ]

    /// HTTP status codes.
    static let handshake: [Code] = [
        Code(101, "Switching protocols: the server speaks WebSocket.", "Nothing is to be done."),
        Code(301, "Moved permanently.", "Use the URL that the answer names."),
        Code(302, "Found elsewhere.", "Use the URL that the answer names; a login page often answers so."),
        Code(307, "Moved temporarily.", "Use the URL that the answer names."),
        Code(308, "Moved permanently.", "Use the URL that the answer names."),
        Code(
            400, "Bad request: the server does not like the handshake.",
            "Check path, headers and subprotocols; a proxy in between may drop Upgrade."),
        Code(401, "Unauthorized: the server wants to know who you are.", "Set token, or username and password."),
        Code(
            403, "Forbidden: the server knows who you are, or does not want to, and says no.",
            "Check token, origin, headers and the client's address."),
        Code(404, "Not found.", "Check the URL's path."),
        Code(405, "Method not allowed: there is something else than WebSocket at this path.", "Check the URL's path."),
        Code(407, "A proxy in between wants to know who you are.", "Give the proxy what it asks for."),
        Code(
            426, "Upgrade required: the server wants another version or protocol.",
            "Check that nothing in between drops the header Upgrade."),
        Code(429, "Too many requests.", "A node waits as long as Retry-After says; connect less often."),
        Code(500, "The server failed.", "Look into the server's log."),
        Code(502, "Bad gateway: the proxy cannot reach the server behind it.", "Check the server behind the proxy."),
        Code(503, "Service unavailable.", "A node waits as long as Retry-After says, then tries again by itself."),
        Code(
            504, "Gateway timeout: the server behind the proxy does not answer.", "Check the server behind the proxy."),
    ]
}
