// SPDX-License-Identifier: Apache-2.0
/// One metric: its names and what it counts.
public struct MetricDescriptor: Sendable {
    public enum Kind: Equatable, Sendable {
        case counter, gauge
        /// The parts of one histogram, which follow each other: those within so many seconds, all, and their sum.
        case bucket(String)
        case histogramCount, histogramSum
    }
    /// What a value counts, and how OpenMetrics wants it: in base units, named at the end.
    public enum Unit: Sendable {
        case none
        case bytes
        /// Microseconds here, seconds in OpenMetrics.
        case microseconds
    }

    /// The member of neuron_ws_metrics_t and of the JSON object.
    public let name: StaticString
    /// The OpenMetrics family, without `neuron_ws_` before it.
    public let family: StaticString
    public let kind: Kind
    public let unit: Unit
    public let help: StaticString

    @inline(never)
    init(
        _ name: StaticString, kind: Kind = .counter, unit: Unit = .none,
        family: StaticString? = nil, _ help: StaticString
    ) {
        self.name = name
        self.family = family ?? name
        self.kind = kind
        self.unit = unit
        self.help = help
    }

    /// All metrics, in the order of neuron_ws_metrics_t: a value is found by its place.
    public static let all: [MetricDescriptor] = [
        MetricDescriptor("messages_accepted", "Messages taken by push and send."),
        MetricDescriptor("messages_sent", "Messages delivered, at the level asked for."),
        MetricDescriptor("messages_dropped", "Accepted messages that ended as dropped."),
        MetricDescriptor(
            "messages_rejected", "Messages refused by push and send: queue full, too big, invalid."),
        MetricDescriptor(
            "messages_skipped", "Groups with nothing to send, or without a subscription."),
        MetricDescriptor("messages_received", "Whole messages from the server."),
        MetricDescriptor(
            "payload_bytes_sent", unit: .bytes, family: "payload_sent_bytes",
            "Bytes of messages sent, before framing."),
        MetricDescriptor(
            "payload_bytes_received", unit: .bytes, family: "payload_received_bytes",
            "Bytes of messages received, without framing."),
        MetricDescriptor(
            "wire_bytes_sent", unit: .bytes, family: "wire_sent_bytes",
            "Bytes of frames sent, before TLS."),
        MetricDescriptor(
            "wire_bytes_received", unit: .bytes, family: "wire_received_bytes",
            "Bytes of frames received, after TLS."),
        MetricDescriptor("tags_sent", "Tags with a value in accepted groups."),
        MetricDescriptor("tag_errors_sent", "Tags with an error in accepted groups."),
        MetricDescriptor("pings_sent", "Pings sent."),
        MetricDescriptor("pongs_received", "Pongs received."),
        MetricDescriptor("pings_received", "Pings received."),
        MetricDescriptor("connection_attempts", "Attempts to connect."),
        MetricDescriptor("connections_opened", "Connections that were opened."),
        MetricDescriptor("disconnections", "Open connections that ended."),
        MetricDescriptor(
            "messages_resent", "Messages sent again because a connection ended within them."),
        MetricDescriptor("events_dropped", "Events dropped because their queue was full."),
        MetricDescriptor("requests_received", "Requests from the server."),
        MetricDescriptor("requests_malformed", "Requests from the server that made no sense."),
        MetricDescriptor(
            "queued_messages", kind: .gauge, "Messages accepted and without outcome yet."),
        MetricDescriptor("queued_bytes", kind: .gauge, unit: .bytes, "Memory that these messages take."),
        MetricDescriptor(
            "round_trip_us", kind: .gauge, unit: .microseconds, family: "round_trip_seconds",
            "Time from the last answered Ping to its Pong; 0: none yet."),
        MetricDescriptor("link", kind: .gauge, "1 while messages can be sent, else 0."),
        MetricDescriptor(
            "payload_bytes_compressed", unit: .bytes, family: "payload_compressed_bytes",
            "Bytes of messages that were sent compressed, before that."),
        MetricDescriptor(
            "compressed_bytes_sent", unit: .bytes, family: "compressed_sent_bytes",
            "What these were compressed to."),
        MetricDescriptor(
            "requests_refused", "Requests from the server that allow-requests does not allow."),
        MetricDescriptor(
            "messages_ignored", "Messages from the server that were no requests, and nobody took."),
        MetricDescriptor(
            "acknowledgements_received", "Acknowledgements of the server's application."),
        MetricDescriptor(
            "acknowledgements_stray", "What in them was the number of no message sent."),
        MetricDescriptor(
            "messages_set_aside", "Messages that the server refused again and again."),
        MetricDescriptor(
            "oldest_message_us", kind: .gauge, unit: .microseconds,
            family: "oldest_message_seconds", "How long the oldest message without outcome has waited; 0: none."),
        pong("pongs_within_1ms", .bucket("0.001")),
        pong("pongs_within_5ms", .bucket("0.005")),
        pong("pongs_within_20ms", .bucket("0.02")),
        pong("pongs_within_100ms", .bucket("0.1")),
        pong("pongs_within_500ms", .bucket("0.5")),
        pong("pongs_within_2s", .bucket("2.0")),
        pong("pongs_within_10s", .bucket("10.0")),
        pong("pongs_timed", .histogramCount),
        pong("pongs_us", .histogramSum),
        MetricDescriptor("commands_sent", "Commands whose last byte the kernel took, each try of one."),
        MetricDescriptor("commands_timed_out", "Commands that ended without a response in time."),
        MetricDescriptor("commands_lost", "Commands whose connection ended before a response came."),
        MetricDescriptor(
            "commands_open", kind: .gauge, "Commands without outcome yet: waiting, or in flight."),
        response("responses_within_1ms", .bucket("0.001")),
        response("responses_within_5ms", .bucket("0.005")),
        response("responses_within_20ms", .bucket("0.02")),
        response("responses_within_100ms", .bucket("0.1")),
        response("responses_within_500ms", .bucket("0.5")),
        response("responses_within_2s", .bucket("2.0")),
        response("responses_within_10s", .bucket("10.0")),
        response("commands_answered", .histogramCount),
        response("responses_us", .histogramSum),
        MetricDescriptor(
            "cached_messages", kind: .gauge,
            "Messages of the queue that lie on disk alone and take no memory."),
        MetricDescriptor(
            "cached_bytes", kind: .gauge, unit: .bytes, "What the node's messages take on disk."),
        MetricDescriptor("messages_lost", "Messages that were on disk and could not be read."),
        MetricDescriptor("cache_errors", "Times that the disk did not do what the cache asked of it."),
        MetricDescriptor(
            "cached_set_aside", kind: .gauge, "Messages in the cache that the server refused and no node sends."),
    ]

    private static func response(_ name: StaticString, _ kind: Kind) -> MetricDescriptor {
        MetricDescriptor(
            name, kind: kind, unit: .microseconds, family: "command_response_seconds",
            "Time from a command that had left to its response.")
    }

    private static func pong(_ name: StaticString, _ kind: Kind) -> MetricDescriptor {
        MetricDescriptor(
            name, kind: kind, unit: .microseconds, family: "pong_wait_seconds",
            "Time from a Ping that had left to its Pong.")
    }
}
