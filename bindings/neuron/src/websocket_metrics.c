// SPDX-License-Identifier: Apache-2.0
#include "websocket_metrics.h"

#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"

#define REGISTER(plugin, name, init)                          \
    (plugin)->common.adapter_callbacks->register_metric(      \
        (plugin)->common.adapter, name, name##_HELP,          \
        (neu_metric_type_e) name##_TYPE, init)

void websocket_metrics_register(neu_plugin_t *plugin)
{
    REGISTER(plugin, NEU_METRIC_CACHED_MSGS_NUM, 0);
    REGISTER(plugin, NEU_METRIC_TRANS_DATA_5S, 5000);
    REGISTER(plugin, NEU_METRIC_TRANS_DATA_30S, 30000);
    REGISTER(plugin, NEU_METRIC_TRANS_DATA_60S, 60000);
    REGISTER(plugin, NEU_METRIC_SEND_BYTES_5S, 5000);
    REGISTER(plugin, NEU_METRIC_SEND_BYTES_30S, 30000);
    REGISTER(plugin, NEU_METRIC_SEND_BYTES_60S, 60000);
    REGISTER(plugin, NEU_METRIC_RECV_BYTES_5S, 5000);
    REGISTER(plugin, NEU_METRIC_RECV_BYTES_30S, 30000);
    REGISTER(plugin, NEU_METRIC_RECV_BYTES_60S, 60000);
    REGISTER(plugin, NEU_METRIC_RECV_MSGS_5S, 5000);
    REGISTER(plugin, NEU_METRIC_RECV_MSGS_30S, 30000);
    REGISTER(plugin, NEU_METRIC_RECV_MSGS_60S, 60000);
    REGISTER(plugin, NEU_METRIC_DISCONNECTION_60S, 60000);
    REGISTER(plugin, NEU_METRIC_DISCONNECTION_600S, 600000);
    REGISTER(plugin, NEU_METRIC_DISCONNECTION_1800S, 1800000);
}

static void tell(neu_plugin_t *plugin, const char *name, uint64_t number)
{
    plugin->common.adapter_callbacks->update_metric(plugin->common.adapter,
                                                    name, number, NULL);
}

static void tell_each(neu_plugin_t *plugin, const char *const *names,
                      uint64_t number)
{
    for (; *names != NULL; names++) {
        tell(plugin, *names, number);
    }
}

void websocket_metrics_update(neu_plugin_t *plugin, neuron_ws_node_t *node)
{
    static const char *const data[] = { NEU_METRIC_TRANS_DATA_5S,
                                        NEU_METRIC_TRANS_DATA_30S,
                                        NEU_METRIC_TRANS_DATA_60S, NULL };
    static const char *const sent[] = { NEU_METRIC_SEND_BYTES_5S,
                                        NEU_METRIC_SEND_BYTES_30S,
                                        NEU_METRIC_SEND_BYTES_60S, NULL };
    static const char *const received[] = { NEU_METRIC_RECV_BYTES_5S,
                                            NEU_METRIC_RECV_BYTES_30S,
                                            NEU_METRIC_RECV_BYTES_60S, NULL };
    static const char *const messages[] = { NEU_METRIC_RECV_MSGS_TOTAL,
                                            NEU_METRIC_RECV_MSGS_5S,
                                            NEU_METRIC_RECV_MSGS_30S,
                                            NEU_METRIC_RECV_MSGS_60S, NULL };
    static const char *const ends[]     = { NEU_METRIC_DISCONNECTION_60S,
                                            NEU_METRIC_DISCONNECTION_600S,
                                            NEU_METRIC_DISCONNECTION_1800S,
                                            NULL };

    websocket_metrics_t *metrics = &plugin->metrics;
    neuron_ws_metrics_t *told    = &metrics->told;
    neuron_ws_metrics_t  now     = { .size = sizeof(now) };
    uint64_t groups = __atomic_load_n(&metrics->data, __ATOMIC_RELAXED);

    if (websocket_library.node_metrics(node, &now) != NEURON_WS_OK) {
        return;
    }
    tell(plugin, NEU_METRIC_SEND_MSGS_TOTAL,
         now.messages_sent - told->messages_sent);
    tell(plugin, NEU_METRIC_SEND_MSG_ERRORS_TOTAL,
         now.messages_dropped - told->messages_dropped +
             now.messages_rejected - told->messages_rejected);
    tell(plugin, NEU_METRIC_CACHED_MSGS_NUM, now.queued_messages);
    tell_each(plugin, data, groups - metrics->told_data);
    tell_each(plugin, sent,
              now.payload_bytes_sent - told->payload_bytes_sent);
    tell_each(plugin, received,
              now.payload_bytes_received - told->payload_bytes_received);
    tell_each(plugin, messages,
              now.messages_received - told->messages_received);
    tell_each(plugin, ends, now.disconnections - told->disconnections);
    *told              = now;
    metrics->told_data = groups;
}
