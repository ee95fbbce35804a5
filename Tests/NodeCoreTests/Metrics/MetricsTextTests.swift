// SPDX-License-Identifier: Apache-2.0
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
        metrics.oldestMessageMicroseconds = 1_500_000
        for time in [1001, 1_999_999, 10_000_001] as [UInt64] { metrics.pongs.note(microseconds: time) }
        metrics.commands.sent = 2
        metrics.commands.open = 1
        metrics.commands.responses.note(microseconds: 7000)
        return metrics
    }

    private func openMetrics(_ samples: [MetricsText.Sample]) throws -> String {
        try MetricsText.openMetrics(samples).withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func json(_ metrics: NodeMetrics) throws -> String {
        try MetricsText.json(MetricsText.Sample(node: "", metrics: metrics)).withBytes {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func openMetricsTextIsLiterallyThis() throws {
        let sample = MetricsText.Sample(node: "line \"1\"\\\n", metrics: numbered())
        let text = try openMetrics([sample])
        let label = #"{node="line \"1\"\\\n"}"#
        let begin = """
            # TYPE neuron_ws_messages_accepted counter
            # HELP neuron_ws_messages_accepted Messages taken by push and send.
            neuron_ws_messages_accepted_total\(label) 1
            # TYPE neuron_ws_messages_sent counter
            # HELP neuron_ws_messages_sent Messages delivered, at the level asked for.
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

            """
        #expect(text.contains(end))
    }

    @Test func aGaugeOfTimeIsInSeconds() throws {
        let sample = MetricsText.Sample(node: "line", metrics: numbered())
        let text = try openMetrics([sample])
        let label = #"{node="line"}"#
        let middle = """
            # TYPE neuron_ws_acknowledgements_received counter
            # HELP neuron_ws_acknowledgements_received Acknowledgements of the server's application.
            neuron_ws_acknowledgements_received_total\(label) 0
            # TYPE neuron_ws_acknowledgements_stray counter
            # HELP neuron_ws_acknowledgements_stray What in them was the number of no message sent.
            neuron_ws_acknowledgements_stray_total\(label) 0
            # TYPE neuron_ws_messages_set_aside counter
            # HELP neuron_ws_messages_set_aside Messages that the server refused again and again.
            neuron_ws_messages_set_aside_total\(label) 0
            # TYPE neuron_ws_oldest_message_seconds gauge
            # UNIT neuron_ws_oldest_message_seconds seconds
            # HELP neuron_ws_oldest_message_seconds How long the oldest message without outcome has waited; 0: none.
            neuron_ws_oldest_message_seconds\(label) 1.500000

            """
        #expect(text.contains(middle))
    }

    @Test func aHistogramsSamplesStandTogether() throws {
        let sample = MetricsText.Sample(node: "line", metrics: numbered())
        let text = try openMetrics([sample])
        let label = #"{node="line"}"#
        let within = label.dropLast()
        let end = """
            # TYPE neuron_ws_pong_wait_seconds histogram
            # UNIT neuron_ws_pong_wait_seconds seconds
            # HELP neuron_ws_pong_wait_seconds Time from a Ping that had left to its Pong.
            neuron_ws_pong_wait_seconds_bucket\(within),le="0.001"} 0
            neuron_ws_pong_wait_seconds_bucket\(within),le="0.005"} 1
            neuron_ws_pong_wait_seconds_bucket\(within),le="0.02"} 1
            neuron_ws_pong_wait_seconds_bucket\(within),le="0.1"} 1
            neuron_ws_pong_wait_seconds_bucket\(within),le="0.5"} 1
            neuron_ws_pong_wait_seconds_bucket\(within),le="2.0"} 2
            neuron_ws_pong_wait_seconds_bucket\(within),le="10.0"} 2
            neuron_ws_pong_wait_seconds_bucket\(within),le="+Inf"} 3
            neuron_ws_pong_wait_seconds_count\(label) 3
            neuron_ws_pong_wait_seconds_sum\(label) 12.001001
            # TYPE neuron_ws_commands_sent counter
            # HELP neuron_ws_commands_sent Commands whose last byte the kernel took, each try of one.
            neuron_ws_commands_sent_total\(label) 2
            # TYPE neuron_ws_commands_timed_out counter
            # HELP neuron_ws_commands_timed_out Commands that ended without a response in time.
            neuron_ws_commands_timed_out_total\(label) 0
            # TYPE neuron_ws_commands_lost counter
            # HELP neuron_ws_commands_lost Commands whose connection ended before a response came.
            neuron_ws_commands_lost_total\(label) 0
            # TYPE neuron_ws_commands_open gauge
            # HELP neuron_ws_commands_open Commands without outcome yet: waiting, or in flight.
            neuron_ws_commands_open\(label) 1
            # TYPE neuron_ws_command_response_seconds histogram
            # UNIT neuron_ws_command_response_seconds seconds
            # HELP neuron_ws_command_response_seconds Time from a command that had left to its response.
            neuron_ws_command_response_seconds_bucket\(within),le="0.001"} 0
            neuron_ws_command_response_seconds_bucket\(within),le="0.005"} 0
            neuron_ws_command_response_seconds_bucket\(within),le="0.02"} 1
            neuron_ws_command_response_seconds_bucket\(within),le="0.1"} 1
            neuron_ws_command_response_seconds_bucket\(within),le="0.5"} 1
            neuron_ws_command_response_seconds_bucket\(within),le="2.0"} 1
            neuron_ws_command_response_seconds_bucket\(within),le="10.0"} 1
            neuron_ws_command_response_seconds_bucket\(within),le="+Inf"} 1
            neuron_ws_command_response_seconds_count\(label) 1
            neuron_ws_command_response_seconds_sum\(label) 0.007000
            # TYPE neuron_ws_cached_messages gauge
            # HELP neuron_ws_cached_messages Messages of the queue that lie on disk alone and take no memory.
            neuron_ws_cached_messages\(label) 0
            # TYPE neuron_ws_cached_bytes gauge
            # UNIT neuron_ws_cached_bytes bytes
            # HELP neuron_ws_cached_bytes What the node's messages take on disk.
            neuron_ws_cached_bytes\(label) 0
            # TYPE neuron_ws_messages_lost counter
            # HELP neuron_ws_messages_lost Messages that were on disk and could not be read.
            neuron_ws_messages_lost_total\(label) 0
            # TYPE neuron_ws_cache_errors counter
            # HELP neuron_ws_cache_errors Times that the disk did not do what the cache asked of it.
            neuron_ws_cache_errors_total\(label) 0
            # TYPE neuron_ws_cached_set_aside gauge
            # HELP neuron_ws_cached_set_aside Messages in the cache that the server refused and no node sends.
            neuron_ws_cached_set_aside\(label) 0
            # EOF

            """
        #expect(text.hasSuffix(end))
    }

    @Test func jsonHasTheStructsMembersInItsOrder() throws {
        let text = try json(numbered())
        #expect(text.hasPrefix(#"{"messages_accepted":1,"messages_sent":18446744073709551615,"messages_dropped":0,"#))
        let members: [String] = [
            #""queued_bytes":24,"round_trip_us":1002345,"link":1,"payload_bytes_compressed":0,"#,
            #""compressed_bytes_sent":0,"requests_refused":0,"messages_ignored":0,"acknowledgements_received":0,"#,
            #""acknowledgements_stray":0,"messages_set_aside":0,"oldest_message_us":1500000,"#,
            #""pongs_within_1ms":0,"pongs_within_5ms":1,"pongs_within_20ms":1,"pongs_within_100ms":1,"#,
            #""pongs_within_500ms":1,"pongs_within_2s":2,"pongs_within_10s":2,"pongs_timed":3,"pongs_us":12001001,"#,
            #""commands_sent":2,"commands_timed_out":0,"commands_lost":0,"commands_open":1,"responses_within_1ms":0,"#,
            #""responses_within_5ms":0,"responses_within_20ms":1,"responses_within_100ms":1,"#,
            #""responses_within_500ms":1,"responses_within_2s":1,"responses_within_10s":1,"#,
            #""commands_answered":1,"responses_us":7000,"#,
            #""cached_messages":0,"cached_bytes":0,"messages_lost":0,"cache_errors":0,"cached_set_aside":0}"#,
        ]
        #expect(text.hasSuffix(members.joined()))
    }

    @Test func endingsAreCountedByTheirReason() throws {
        var metrics = NodeMetrics()
        #expect(try !json(metrics).contains("endings"))
        metrics.endings.count(.NEURON_WS_REASON_POLICY_VIOLATION)
        metrics.endings.count(.NEURON_WS_REASON_POLICY_VIOLATION)
        metrics.endings.count(.NEURON_WS_REASON_REFUSED_BY_HOST)
        metrics.endings.count(neuron_ws_reason_t(rawValue: 99)!)
        let text = try openMetrics([
            MetricsText.Sample(node: "a", metrics: NodeMetrics()), MetricsText.Sample(node: "b", metrics: metrics),
        ])
        #expect(
            text.hasSuffix(
                """
                # TYPE neuron_ws_endings counter
                # HELP neuron_ws_endings Connections and attempts that ended, by the reason of it.
                neuron_ws_endings_total{node="b",reason="policy-violation"} 2
                neuron_ws_endings_total{node="b",reason="refused-by-host"} 1
                # EOF

                """))
        let object = try json(metrics)
        #expect(object.hasSuffix(#","endings":{"policy-violation":2,"refused-by-host":1}}"#))
    }
}
