import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MetricsTextTests {
    private func numbered() -> NodeMetrics {
        var metrics = NodeMetrics()
        metrics.messagesAccepted = 1
        metrics.messagesSent = 18_446_744_073_709_551_615
        metrics.payloadBytesSent = 7
        metrics.queuedBytes = 24
        metrics.roundTripMicroseconds = 1_002_345
        metrics.link = 1
        return metrics
    }

    @Test func openMetricsTextIsLiterallyThis() {
        let sample = MetricsText.Sample(node: "line \"1\"\\\n", metrics: numbered())
        let text = String(decoding: MetricsText.openMetrics([sample]), as: UTF8.self)
        let label = #"{node="line \"1\"\\\n"}"#
        let begin = """
            # TYPE neuron_ws_messages_accepted counter
            # HELP neuron_ws_messages_accepted Messages taken by push and send.
            neuron_ws_messages_accepted_total\(label) 1
            # TYPE neuron_ws_messages_sent counter
            # HELP neuron_ws_messages_sent Messages whose last byte the kernel took.
            neuron_ws_messages_sent_total\(label) 18446744073709551615

            """
        #expect(text.hasPrefix(begin))
        #expect(
            text.contains(
                """
                # TYPE neuron_ws_payload_sent_bytes counter
                # UNIT neuron_ws_payload_sent_bytes bytes
                # HELP neuron_ws_payload_sent_bytes Bytes of messages sent, before framing.
                neuron_ws_payload_sent_bytes_total\(label) 7

                """))
        let end = """
            # TYPE neuron_ws_queued_bytes gauge
            # UNIT neuron_ws_queued_bytes bytes
            # HELP neuron_ws_queued_bytes Memory that these messages take.
            neuron_ws_queued_bytes\(label) 24
            # TYPE neuron_ws_round_trip_seconds gauge
            # UNIT neuron_ws_round_trip_seconds seconds
            # HELP neuron_ws_round_trip_seconds Time from the last answered Ping to its Pong; 0: none yet.
            neuron_ws_round_trip_seconds\(label) 1.002345
            # TYPE neuron_ws_link gauge
            # HELP neuron_ws_link 1 while messages can be sent, else 0.
            neuron_ws_link\(label) 1
            # TYPE neuron_ws_payload_compressed_bytes counter
            # UNIT neuron_ws_payload_compressed_bytes bytes
            # HELP neuron_ws_payload_compressed_bytes Bytes of messages that were sent compressed, before that.
            neuron_ws_payload_compressed_bytes_total\(label) 0
            # TYPE neuron_ws_compressed_sent_bytes counter
            # UNIT neuron_ws_compressed_sent_bytes bytes
            # HELP neuron_ws_compressed_sent_bytes What these were compressed to.
            neuron_ws_compressed_sent_bytes_total\(label) 0
            # TYPE neuron_ws_requests_refused counter
            # HELP neuron_ws_requests_refused Requests from the server that allow-requests does not allow.
            neuron_ws_requests_refused_total\(label) 0
            # TYPE neuron_ws_messages_ignored counter
            # HELP neuron_ws_messages_ignored Messages from the server that were no requests, and nobody took.
            neuron_ws_messages_ignored_total\(label) 0
            # EOF

            """
        #expect(text.hasSuffix(end))
    }

    @Test func jsonHasTheStructsMembersInItsOrder() throws {
        let text = String(decoding: MetricsText.json(numbered()), as: UTF8.self)
        #expect(text.hasPrefix(#"{"messages_accepted":1,"messages_sent":18446744073709551615,"messages_dropped":0,"#))
        #expect(
            text.hasSuffix(
                #""queued_bytes":24,"round_trip_us":1002345,"link":1,"#
                    + #""payload_bytes_compressed":0,"compressed_bytes_sent":0,"#
                    + #""requests_refused":0,"messages_ignored":0}"#
            ))
    }

    @Test func endingsAreCountedByTheirReason() {
        var metrics = NodeMetrics()
        #expect(!String(decoding: MetricsText.json(metrics), as: UTF8.self).contains("endings"))
        metrics.endings.count(.NEURON_WS_REASON_POLICY_VIOLATION)
        metrics.endings.count(.NEURON_WS_REASON_POLICY_VIOLATION)
        metrics.endings.count(.NEURON_WS_REASON_REFUSED_BY_HOST)
        metrics.endings.count(neuron_ws_reason_t(rawValue: 99)!)
        let text = String(
            decoding: MetricsText.openMetrics([
                MetricsText.Sample(node: "a", metrics: NodeMetrics()), MetricsText.Sample(node: "b", metrics: metrics),
            ]), as: UTF8.self)
        #expect(
            text.hasSuffix(
                """
                # TYPE neuron_ws_endings counter
                # HELP neuron_ws_endings Connections and attempts that ended, by the reason of it.
                neuron_ws_endings_total{node="b",reason="policy-violation"} 2
                neuron_ws_endings_total{node="b",reason="refused-by-host"} 1
                # EOF

                """))
        let json = String(decoding: MetricsText.json(metrics), as: UTF8.self)
        #expect(json.hasSuffix(#","endings":{"policy-violation":2,"refused-by-host":1}}"#))
    }
}
