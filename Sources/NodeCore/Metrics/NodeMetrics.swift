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
    /// Gauge: on disk alone.
    public var cachedMessages: UInt64 = 0
    /// Gauge: on disk.
    public var cachedBytes: UInt64 = 0
    public var messagesLost: UInt64 = 0
    public var cacheErrors: UInt64 = 0

    public init() {}

    /// The value of one metric.
    public func value(_ field: MetricField) -> UInt64 {
        switch field {
        case .messagesAccepted: messagesAccepted
        case .messagesSent: messagesSent
        case .messagesDropped: messagesDropped
        case .messagesRejected: messagesRejected
        case .messagesSkipped: messagesSkipped
        case .messagesReceived: messagesReceived
        case .payloadBytesSent: payloadBytesSent
        case .payloadBytesReceived: payloadBytesReceived
        case .wireBytesSent: wireBytesSent
        case .wireBytesReceived: wireBytesReceived
        case .tagsSent: tagsSent
        case .tagErrorsSent: tagErrorsSent
        case .pingsSent: pingsSent
        case .pongsReceived: pongsReceived
        case .pingsReceived: pingsReceived
        case .connectionAttempts: connectionAttempts
        case .connectionsOpened: connectionsOpened
        case .disconnections: disconnections
        case .messagesResent: messagesResent
        case .eventsDropped: eventsDropped
        case .requestsReceived: requestsReceived
        case .requestsMalformed: requestsMalformed
        case .queuedMessages: queuedMessages
        case .queuedBytes: queuedBytes
        case .roundTripMicroseconds: roundTripMicroseconds
        case .link: link
        case .payloadBytesCompressed: payloadBytesCompressed
        case .compressedBytesSent: compressedBytesSent
        case .requestsRefused: requestsRefused
        case .messagesIgnored: messagesIgnored
        case .cachedMessages: cachedMessages
        case .cachedBytes: cachedBytes
        case .messagesLost: messagesLost
        case .cacheErrors: cacheErrors
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
        metrics.cached_messages = cachedMessages
        metrics.cached_bytes = cachedBytes
        metrics.messages_lost = messagesLost
        metrics.cache_errors = cacheErrors
        return metrics
    }
}
