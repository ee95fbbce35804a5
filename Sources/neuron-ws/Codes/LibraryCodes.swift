// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The numbers of neuron_ws.h, in words.
enum LibraryCodes {
    struct Code {
        let number: Int
        /// "NEURON_WS_REASON_DNS"
        let name: String
        let meaning: String
        let advice: String

        init(_ number: Int, _ name: String, _ meaning: String, _ advice: String) {
            self.number = number
            self.name = name
            self.meaning = meaning
            self.advice = advice
        }
    }

    /// Each enumeration with what its members are called.
    static var all: [(kind: String, codes: [Code])] {
        [
            ("a status", statuses), ("a phase", phases), ("a reason", reasons), ("a TLS failure", tlsFailures),
            ("an outcome", outcomes), ("a delivery level", levels),
        ]
    }

    /// The library itself says what they mean.
    static var statuses: [Code] {
        statusAdvice.compactMap { number, advice in
            guard let status = neuron_ws_status_t(rawValue: number) else { return nil }
            return Code(
                Int(number), String(cString: neuron_ws_status_name(status)),
                String(cString: neuron_ws_status_text(status)), advice)
        }
    }

    private static let statusAdvice: [(Int32, String)] = [
        (0, "Nothing is to be done."),
        (1, "Correct the call: last_error names the argument."),
        (2, "Correct the settings: last_error names the key, what it holds and what it takes."),
        (3, "Correct the text: last_error gives line and column."),
        (4, "Correct the group: last_error names the tag."),
        (5, "Set the struct's size to its sizeof; build the host with this library's header."),
        (6, "Subscribe the driver and the group; names are case-sensitive."),
        (7, "Try again later; connect the server, or raise queue-max-bytes and queue-max-messages."),
        (8, "Send less at a time: last_error names the limit."),
        (9, "Wait longer, or look at the state's message for what holds it up."),
        (10, "Start the node; a finished one stays so."),
        (11, "Call again with as many bytes as *length says."),
        (12, "Free memory, or lower the queue's limits; nothing was changed."),
        (13, "Look at last_error: it names the system's call; often the limit of descriptors (ulimit -n)."),
        (14, "Make nodes in the process that uses them, after its fork."),
        (15, "Use a later version of the library, or do without."),
        (16, "Nothing is to be done; or set upload_err to true, if errors are to be sent."),
        (17, "Check the names; a request may have been answered already."),
        (18, "Wait until the event descriptor is readable."),
        (19, "Make this call on a thread of your own, not in a callback."),
        (20, "Nothing is to be done: your before_send said no."),
        (21, "Ask again; a command that may be carried out twice can be given retries."),
        (22, "Nothing is to be done: you took the command back."),
    ]

    static let phases: [Code] = [
        Code(0, "NEURON_WS_PHASE_IDLE", "The node is not started, or is stopped.", "Start it."),
        Code(
            1, "NEURON_WS_PHASE_WAITING", "The node waits between two attempts to connect.",
            "The state's message says what failed and when the next one comes."),
        Code(
            2, "NEURON_WS_PHASE_RESOLVING", "The host's address is being looked up.",
            "If it stays so, check the name and the DNS servers."),
        Code(
            3, "NEURON_WS_PHASE_CONNECTING", "TCP is being connected.",
            "If it stays so, a firewall drops the packets (DROP), or the address is wrong."),
        Code(
            4, "NEURON_WS_PHASE_SECURING", "The TLS handshake is under way.",
            "If it stays so, what answers there may not speak TLS."),
        Code(
            5, "NEURON_WS_PHASE_HANDSHAKING", "The WebSocket opening handshake is under way.",
            "If it stays so, the server takes connections but does not answer: see its log."),
        Code(6, "NEURON_WS_PHASE_OPEN", "The node is connected: messages can be sent.", "Nothing is to be done."),
        Code(
            7, "NEURON_WS_PHASE_CLOSING", "The closing handshake is under way.",
            "Wait: it ends after close-timeout at the latest."),
        Code(
            8, "NEURON_WS_PHASE_PROXY", "The proxy was asked for a way to the server.",
            "If it stays so, it does not reach the server, or is none: see its log and the setting proxy."),
    ]

    static let reasons: [Code] = [
        Code(0, "NEURON_WS_REASON_NONE", "Nothing has ended yet.", "Nothing is to be done."),
        Code(
            1, "NEURON_WS_REASON_NORMAL", "The server closed the connection: all was said (1000).",
            "A node connects again by itself."),
        Code(
            2, "NEURON_WS_REASON_ENDPOINT_SHUTDOWN", "The server went away (1001).",
            "A node connects again by itself."),
        Code(
            3, "NEURON_WS_REASON_PROTOCOL_ERROR", "One side did not keep to RFC 6455 (1002, 1003, 1007, 1010).",
            "The state's message says which; look for a proxy that is none for WebSocket."),
        Code(
            4, "NEURON_WS_REASON_POLICY_VIOLATION", "The server does not let this client do what it did (1008).",
            "Check token, username, headers; the server's log says which rule it was."),
        Code(
            5, "NEURON_WS_REASON_MESSAGE_TOO_BIG", "A message was too big (1009).",
            "Subscribe smaller groups, or raise max-message-size, or the server's limit."),
        Code(
            6, "NEURON_WS_REASON_SERVER_ERROR", "The server failed (1011).",
            "Look into the server's log; a node tries again by itself."),
        Code(
            7, "NEURON_WS_REASON_TRY_LATER", "The server is restarted or overloaded (1012, 1013).",
            "A node tries again by itself."),
        Code(
            8, "NEURON_WS_REASON_ABNORMAL", "The connection ended without a Close frame (1006).",
            "Look for a server that crashed, or a firewall or proxy that cuts idle connections."),
        Code(
            9, "NEURON_WS_REASON_PING_TIMEOUT", "Nothing came from the server for ping-timeout after a Ping.",
            "The network or the server hangs; on slow links raise ping-timeout."),
        Code(
            10, "NEURON_WS_REASON_NETWORK_ERROR", "The network failed: refused, reset, unreachable.",
            "The state's message names the system's error and what to check."),
        Code(
            11, "NEURON_WS_REASON_DNS", "The host's name could not be looked up.",
            "Check the name in the URL and the DNS servers."),
        Code(
            12, "NEURON_WS_REASON_CONNECT_TIMEOUT", "There was no connection within connect-timeout.",
            "A firewall may drop the packets; check address and port."),
        Code(13, "NEURON_WS_REASON_PROXY", "The proxy failed.", "Check the proxy."),
        Code(
            14, "NEURON_WS_REASON_TLS", "TLS failed; tls_failure says how.",
            "See what neuron-ws explain says of that."),
        Code(
            15, "NEURON_WS_REASON_HANDSHAKE_REJECTED", "The server answered the opening handshake with no.",
            "http_status says with what: neuron-ws explain 404, for example."),
        Code(16, "NEURON_WS_REASON_STOPPED", "The node was stopped by its host.", "Nothing is to be done."),
        Code(
            17, "NEURON_WS_REASON_RECONFIGURED", "The node got new settings and connects anew.",
            "Nothing is to be done."),
        Code(
            18, "NEURON_WS_REASON_APPLICATION",
            "The server's application closed the connection with a code of its own (3000 to 4999).",
            "Its manual says what close_code means."),
        Code(
            19, "NEURON_WS_REASON_REFUSED_BY_HOST", "before_connect did not let the attempt go on.",
            "Look into the host."),
        Code(
            20, "NEURON_WS_REASON_HEARTBEAT_TIMEOUT", "A heartbeat of the setting heartbeat was not answered in time.",
            "The server's application hangs, or answers otherwise than match-member and match-value say."),
    ]

    static let tlsFailures: [Code] = [
        Code(0, "NEURON_WS_TLS_NONE", "TLS did not fail.", "Nothing is to be done."),
        Code(
            1, "NEURON_WS_TLS_UNKNOWN_CA", "Nobody we trust has signed the server's certificate.",
            "Set ca to the certificate of who has."),
        Code(
            2, "NEURON_WS_TLS_SELF_SIGNED", "The server's certificate is signed by itself.",
            "Set ca to that very certificate, if it is the right one."),
        Code(
            3, "NEURON_WS_TLS_EXPIRED", "A certificate has expired.",
            "Renew it at the server; check this machine's clock."),
        Code(4, "NEURON_WS_TLS_NOT_YET_VALID", "A certificate is not valid yet.", "Check the clocks of both machines."),
        Code(
            5, "NEURON_WS_TLS_WRONG_NAME", "The server's certificate does not bear the name in the URL.",
            "Use the name that it bears, or set tls-server-name, or tls-verify-name where that is set."),
        Code(6, "NEURON_WS_TLS_REVOKED", "The server's certificate is revoked.", "The server needs a new one."),
        Code(
            7, "NEURON_WS_TLS_VERIFICATION", "The server's certificate cannot be trusted for another reason.",
            "The state's message says which."),
        Code(
            8, "NEURON_WS_TLS_CLIENT_CERTIFICATE", "The server wants a client certificate, or does not take ours.",
            "Set cert and key to ones that it takes."),
        Code(9, "NEURON_WS_TLS_NOT_TLS", "What answered does not speak TLS.", "Use ws:// there, or another port."),
        Code(
            10, "NEURON_WS_TLS_PROTOCOL", "The two sides have no version or cipher in common, or one sent an alert.",
            "Look at tls-min-version and tls-ciphers."),
    ]

    static let outcomes: [Code] = [
        Code(0, "NEURON_WS_DELIVERED", "The message is as far as its level says.", "Nothing is to be done."),
        Code(
            1, "NEURON_WS_DROPPED_STOPPED", "The node was destroyed before the message could be sent.",
            "Flush before the end."),
        Code(2, "NEURON_WS_DROPPED_REFUSED", "before_send refused the message.", "Look into the host."),
        Code(
            3, "NEURON_WS_DROPPED_OVERFLOW", "A cache policy made room for newer messages.",
            "A larger cache-disk-size; cache-policy."),
        Code(4, "NEURON_WS_EXPIRED", "The message was older than cache-ttl.", "A longer cache-ttl."),
        Code(
            5, "NEURON_WS_DROPPED_REFUSED_BY_PEER",
            "The server ended the connection in the middle of this message again and again.",
            "See the log for the close code; it is often too big for the server."),
        Code(
            6, "NEURON_WS_STORED", "The node ended; the message lies in its cache on disk.",
            "The next node of this name with the same data-dir sends it."),
        Code(
            7, "NEURON_WS_DROPPED_LOST", "The message lay on disk and could not be read again.",
            "Look at the disk; what was set aside lies in data-dir."),
        Code(
            8, "NEURON_WS_DROPPED_OTHER_SERVER",
            "The message answers a request of a server that is not the one connected now.",
            "Nothing is to be done; the log has a line of what could not be told."),
    ]

    static let levels: [Code] = [
        Code(0, "NEURON_WS_LEVEL_ACCEPTED", "The message is in the queue.", "Nothing is to be done."),
        Code(1, "NEURON_WS_LEVEL_STORED", "The message is on disk.", "Nothing is to be done."),
        Code(
            2, "NEURON_WS_LEVEL_WRITTEN", "The kernel took all the message's bytes.",
            "Nothing is to be done; the server may still not have it."),
        Code(
            3, "NEURON_WS_LEVEL_PEER_PARSED", "The server's WebSocket layer has read the message.",
            "Not in this version."),
        Code(
            4, "NEURON_WS_LEVEL_APP_ACKED", "The server's application has confirmed the message.",
            "Not in this version."),
    ]
}
