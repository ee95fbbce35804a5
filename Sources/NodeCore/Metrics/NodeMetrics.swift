// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// A node's counters since its creation, and its gauges. Counters wrap only after 2^64.
public struct NodeMetrics: Sendable {
    public var messagesAccepted: UInt64 = 0
    public var messagesSent: UInt64 = 0
    public var messagesDropped: UInt64 = 0
    public var messagesRejected: UInt64 = 0
    public var messagesSkipped: UInt64 = 0
    public var messagesReceived: UInt64 = 0
    public var payloadBytesSent: UInt64 = 0
    public var payloadBytesReceived: UInt64 = 0
    public var wireBytesSent: UInt64 = 0
    public var wireBytesReceived: UInt64 = 0
    public var tagsSent: UInt64 = 0
    public var tagErrorsSent: UInt64 = 0
    public var pingsSent: UInt64 = 0
    public var pongsReceived: UInt64 = 0
    public var pingsReceived: UInt64 = 0
    public var connectionAttempts: UInt64 = 0
    public var connectionsOpened: UInt64 = 0
    public var disconnections: UInt64 = 0
    public var messagesResent: UInt64 = 0
    public var eventsDropped: UInt64 = 0
    public var requestsReceived: UInt64 = 0
    public var requestsMalformed: UInt64 = 0
    /// Gauge: accepted, without outcome yet.
    public var queuedMessages: UInt64 = 0
    /// Gauge: bytes of memory that they take.
    public var queuedBytes: UInt64 = 0
    /// Gauge: of the last answered ping; 0: none yet.
    public var roundTripMicroseconds: UInt64 = 0
    /// Gauge: 0 or 1.
    public var link: UInt64 = 0
    public var payloadBytesCompressed: UInt64 = 0
    public var compressedBytesSent: UInt64 = 0
    public var requestsRefused: UInt64 = 0
    public var messagesIgnored: UInt64 = 0
    public var acknowledgementsReceived: UInt64 = 0
    public var acknowledgementsStray: UInt64 = 0
    public var messagesSetAside: UInt64 = 0
    /// Gauge: how long the oldest message without outcome has been waiting; 0: there is none.
    public var oldestMessageMicroseconds: UInt64 = 0
    public var pongs = WaitHistogram()
    public var commands = CommandCounts()
    /// Gauge: on disk alone.
    public var cachedMessages: UInt64 = 0
    /// Gauge: on disk.
    public var cachedBytes: UInt64 = 0
    public var messagesLost: UInt64 = 0
    public var cacheErrors: UInt64 = 0
    /// Gauge: set aside, on disk.
    public var cachedSetAside: UInt64 = 0
    /// In the texts alone; the C struct has none of it. Behind all numbers.
    public var endings = EndingCounts()

    public init() {}

    /// Each of them, in the order of `MetricDescriptor.all`: what the C struct holds behind its size.
    public var values: [UInt64] {
        withUnsafeBytes(of: cStruct) { bytes in
            MetricDescriptor.all.indices.map {
                bytes.load(fromByteOffset: MemoryLayout<Int>.size + $0 * MemoryLayout<UInt64>.size, as: UInt64.self)
            }
        }
    }

    /// As the C struct of this version, `size` set.
    public var cStruct: neuron_ws_metrics_t {
        var metrics = neuron_ws_metrics_t()
        metrics.size = MemoryLayout<neuron_ws_metrics_t>.size
        metrics.messages_accepted = messagesAccepted
        metrics.messages_sent = messagesSent
        metrics.messages_dropped = messagesDropped
        metrics.messages_rejected = messagesRejected
        metrics.messages_skipped = messagesSkipped
        metrics.messages_received = messagesReceived
        metrics.payload_bytes_sent = payloadBytesSent
        metrics.payload_bytes_received = payloadBytesReceived
        metrics.wire_bytes_sent = wireBytesSent
        metrics.wire_bytes_received = wireBytesReceived
        metrics.tags_sent = tagsSent
        metrics.tag_errors_sent = tagErrorsSent
        metrics.pings_sent = pingsSent
        metrics.pongs_received = pongsReceived
        metrics.pings_received = pingsReceived
        metrics.connection_attempts = connectionAttempts
        metrics.connections_opened = connectionsOpened
        metrics.disconnections = disconnections
        metrics.messages_resent = messagesResent
        metrics.events_dropped = eventsDropped
        metrics.requests_received = requestsReceived
        metrics.requests_malformed = requestsMalformed
        metrics.queued_messages = queuedMessages
        metrics.queued_bytes = queuedBytes
        metrics.round_trip_us = roundTripMicroseconds
        metrics.link = link
        metrics.payload_bytes_compressed = payloadBytesCompressed
        metrics.compressed_bytes_sent = compressedBytesSent
        metrics.requests_refused = requestsRefused
        metrics.messages_ignored = messagesIgnored
        metrics.acknowledgements_received = acknowledgementsReceived
        metrics.acknowledgements_stray = acknowledgementsStray
        metrics.messages_set_aside = messagesSetAside
        metrics.oldest_message_us = oldestMessageMicroseconds
        metrics.pongs_within_1ms = pongs.within1ms
        metrics.pongs_within_5ms = pongs.within5ms
        metrics.pongs_within_20ms = pongs.within20ms
        metrics.pongs_within_100ms = pongs.within100ms
        metrics.pongs_within_500ms = pongs.within500ms
        metrics.pongs_within_2s = pongs.within2s
        metrics.pongs_within_10s = pongs.within10s
        metrics.pongs_timed = pongs.count
        metrics.pongs_us = pongs.microseconds
        metrics.commands_sent = commands.sent
        metrics.commands_timed_out = commands.timedOut
        metrics.commands_lost = commands.lost
        metrics.commands_open = commands.open
        metrics.responses_within_1ms = commands.responses.within1ms
        metrics.responses_within_5ms = commands.responses.within5ms
        metrics.responses_within_20ms = commands.responses.within20ms
        metrics.responses_within_100ms = commands.responses.within100ms
        metrics.responses_within_500ms = commands.responses.within500ms
        metrics.responses_within_2s = commands.responses.within2s
        metrics.responses_within_10s = commands.responses.within10s
        metrics.commands_answered = commands.responses.count
        metrics.responses_us = commands.responses.microseconds
        metrics.cached_messages = cachedMessages
        metrics.cached_bytes = cachedBytes
        metrics.messages_lost = messagesLost
        metrics.cache_errors = cacheErrors
        metrics.cached_set_aside = cachedSetAside
        return metrics
    }
}
