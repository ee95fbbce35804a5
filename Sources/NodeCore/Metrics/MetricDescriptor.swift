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

    public let field: MetricField
    /// The member of neuron_ws_metrics_t and of the JSON object.
    public let name: StaticString
    /// The OpenMetrics family, without `neuron_ws_` before it.
    public let family: StaticString
    public let kind: Kind
    public let unit: Unit
    public let help: StaticString

    init(
        _ field: MetricField, _ name: StaticString, kind: Kind = .counter, unit: Unit = .none,
        family: StaticString? = nil, _ help: StaticString
    ) {
        self.field = field
        self.name = name
        self.family = family ?? name
        self.kind = kind
        self.unit = unit
        self.help = help
    }

    /// All metrics, in the order of neuron_ws_metrics_t.
    public static let all: [MetricDescriptor] = [
        MetricDescriptor(.messagesAccepted, "messages_accepted", "Messages taken by push and send."),
        MetricDescriptor(.messagesSent, "messages_sent", "Messages delivered, at the level asked for."),
        MetricDescriptor(.messagesDropped, "messages_dropped", "Accepted messages that ended as dropped."),
        MetricDescriptor(
            .messagesRejected, "messages_rejected", "Messages refused by push and send: queue full, too big, invalid."),
        MetricDescriptor(
            .messagesSkipped, "messages_skipped", "Groups with nothing to send, or without a subscription."),
        MetricDescriptor(.messagesReceived, "messages_received", "Whole messages from the server."),
        MetricDescriptor(
            .payloadBytesSent, "payload_bytes_sent", unit: .bytes, family: "payload_sent_bytes",
            "Bytes of messages sent, before framing."),
        MetricDescriptor(
            .payloadBytesReceived, "payload_bytes_received", unit: .bytes, family: "payload_received_bytes",
            "Bytes of messages received, without framing."),
        MetricDescriptor(
            .wireBytesSent, "wire_bytes_sent", unit: .bytes, family: "wire_sent_bytes",
            "Bytes of frames sent, before TLS."),
        MetricDescriptor(
            .wireBytesReceived, "wire_bytes_received", unit: .bytes, family: "wire_received_bytes",
            "Bytes of frames received, after TLS."),
        MetricDescriptor(.tagsSent, "tags_sent", "Tags with a value in accepted groups."),
        MetricDescriptor(.tagErrorsSent, "tag_errors_sent", "Tags with an error in accepted groups."),
        MetricDescriptor(.pingsSent, "pings_sent", "Pings sent."),
        MetricDescriptor(.pongsReceived, "pongs_received", "Pongs received."),
        MetricDescriptor(.pingsReceived, "pings_received", "Pings received."),
        MetricDescriptor(.connectionAttempts, "connection_attempts", "Attempts to connect."),
        MetricDescriptor(.connectionsOpened, "connections_opened", "Connections that were opened."),
        MetricDescriptor(.disconnections, "disconnections", "Open connections that ended."),
        MetricDescriptor(
            .messagesResent, "messages_resent", "Messages sent again because a connection ended within them."),
        MetricDescriptor(.eventsDropped, "events_dropped", "Events dropped because their queue was full."),
        MetricDescriptor(.requestsReceived, "requests_received", "Requests from the server."),
        MetricDescriptor(.requestsMalformed, "requests_malformed", "Requests from the server that made no sense."),
        MetricDescriptor(
            .queuedMessages, "queued_messages", kind: .gauge, "Messages accepted and without outcome yet."),
        MetricDescriptor(.queuedBytes, "queued_bytes", kind: .gauge, unit: .bytes, "Memory that these messages take."),
        MetricDescriptor(
            .roundTripMicroseconds, "round_trip_us", kind: .gauge, unit: .microseconds, family: "round_trip_seconds",
            "Time from the last answered Ping to its Pong; 0: none yet."),
        MetricDescriptor(.link, "link", kind: .gauge, "1 while messages can be sent, else 0."),
        MetricDescriptor(
            .payloadBytesCompressed, "payload_bytes_compressed", unit: .bytes, family: "payload_compressed_bytes",
            "Bytes of messages that were sent compressed, before that."),
        MetricDescriptor(
            .compressedBytesSent, "compressed_bytes_sent", unit: .bytes, family: "compressed_sent_bytes",
            "What these were compressed to."),
        MetricDescriptor(
            .requestsRefused, "requests_refused", "Requests from the server that allow-requests does not allow."),
        MetricDescriptor(
            .messagesIgnored, "messages_ignored", "Messages from the server that were no requests, and nobody took."),
        MetricDescriptor(
            .acknowledgementsReceived, "acknowledgements_received", "Acknowledgements of the server's application."),
        MetricDescriptor(
            .acknowledgementsStray, "acknowledgements_stray", "What in them was the number of no message sent."),
        MetricDescriptor(
            .messagesSetAside, "messages_set_aside", "Messages that the server refused again and again."),
        MetricDescriptor(
            .oldestMessageMicroseconds, "oldest_message_us", kind: .gauge, unit: .microseconds,
            family: "oldest_message_seconds", "How long the oldest message without outcome has waited; 0: none."),
        pong(.pongsWithin1ms, "pongs_within_1ms", .bucket("0.001")),
        pong(.pongsWithin5ms, "pongs_within_5ms", .bucket("0.005")),
        pong(.pongsWithin20ms, "pongs_within_20ms", .bucket("0.02")),
        pong(.pongsWithin100ms, "pongs_within_100ms", .bucket("0.1")),
        pong(.pongsWithin500ms, "pongs_within_500ms", .bucket("0.5")),
        pong(.pongsWithin2s, "pongs_within_2s", .bucket("2.0")),
        pong(.pongsWithin10s, "pongs_within_10s", .bucket("10.0")),
        pong(.pongsTimed, "pongs_timed", .histogramCount),
        pong(.pongsMicroseconds, "pongs_us", .histogramSum),
        MetricDescriptor(.commandsSent, "commands_sent", "Commands whose last byte the kernel took, each try of one."),
        MetricDescriptor(.commandsTimedOut, "commands_timed_out", "Commands that ended without a response in time."),
        MetricDescriptor(.commandsLost, "commands_lost", "Commands whose connection ended before a response came."),
        MetricDescriptor(
            .commandsOpen, "commands_open", kind: .gauge, "Commands without outcome yet: waiting, or in flight."),
        response(.responsesWithin1ms, "responses_within_1ms", .bucket("0.001")),
        response(.responsesWithin5ms, "responses_within_5ms", .bucket("0.005")),
        response(.responsesWithin20ms, "responses_within_20ms", .bucket("0.02")),
        response(.responsesWithin100ms, "responses_within_100ms", .bucket("0.1")),
        response(.responsesWithin500ms, "responses_within_500ms", .bucket("0.5")),
        response(.responsesWithin2s, "responses_within_2s", .bucket("2.0")),
        response(.responsesWithin10s, "responses_within_10s", .bucket("10.0")),
        response(.commandsAnswered, "commands_answered", .histogramCount),
        response(.responsesMicroseconds, "responses_us", .histogramSum),
        MetricDescriptor(
            .cachedMessages, "cached_messages", kind: .gauge,
            "Messages of the queue that lie on disk alone and take no memory."),
        MetricDescriptor(
            .cachedBytes, "cached_bytes", kind: .gauge, unit: .bytes, "What the node's messages take on disk."),
        MetricDescriptor(.messagesLost, "messages_lost", "Messages that were on disk and could not be read."),
        MetricDescriptor(.cacheErrors, "cache_errors", "Times that the disk did not do what the cache asked of it."),
    ]

    private static func response(_ field: MetricField, _ name: StaticString, _ kind: Kind) -> MetricDescriptor {
        MetricDescriptor(
            field, name, kind: kind, unit: .microseconds, family: "command_response_seconds",
            "Time from a command that had left to its response.")
    }

    private static func pong(_ field: MetricField, _ name: StaticString, _ kind: Kind) -> MetricDescriptor {
        MetricDescriptor(
            field, name, kind: kind, unit: .microseconds, family: "pong_wait_seconds",
            "Time from a Ping that had left to its Pong.")
    }
}

/// The metrics, in the order of neuron_ws_metrics_t.
public enum MetricField: Int, CaseIterable, Sendable {
    case messagesAccepted, messagesSent, messagesDropped, messagesRejected, messagesSkipped, messagesReceived
    case payloadBytesSent, payloadBytesReceived, wireBytesSent, wireBytesReceived
    case tagsSent, tagErrorsSent, pingsSent, pongsReceived, pingsReceived
    case connectionAttempts, connectionsOpened, disconnections
    case messagesResent, eventsDropped, requestsReceived, requestsMalformed
    case queuedMessages, queuedBytes, roundTripMicroseconds, link
    case payloadBytesCompressed, compressedBytesSent
    case requestsRefused, messagesIgnored
    case acknowledgementsReceived, acknowledgementsStray, messagesSetAside, oldestMessageMicroseconds
    case pongsWithin1ms, pongsWithin5ms, pongsWithin20ms, pongsWithin100ms, pongsWithin500ms
    case pongsWithin2s, pongsWithin10s
    case pongsTimed, pongsMicroseconds
    case commandsSent, commandsTimedOut, commandsLost, commandsOpen
    case responsesWithin1ms, responsesWithin5ms, responsesWithin20ms, responsesWithin100ms, responsesWithin500ms
    case responsesWithin2s, responsesWithin10s
    case commandsAnswered, responsesMicroseconds
    case cachedMessages, cachedBytes, messagesLost, cacheErrors
}
