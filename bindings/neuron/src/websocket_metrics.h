// SPDX-License-Identifier: Apache-2.0
/*
 * Neuron's metrics of this node, under Neuron's own names.
 */
#ifndef WEBSOCKET_METRICS_H
#define WEBSOCKET_METRICS_H

#include "neuron_host.h"

#include <neuron_ws.h>

typedef struct {
    /* What the host has been told. The worker's alone. */
    neuron_ws_metrics_t told;
    uint64_t            told_data;
    /* Groups that the host has delivered; any thread, atomic. */
    uint64_t data;
} websocket_metrics_t;

/* Once the host has filled the common part. */
void websocket_metrics_register(neu_plugin_t *plugin);

/* Tells the host what has come since the last call; rolling counters roll on
   by being told of nothing. One thread at a time. */
void websocket_metrics_update(neu_plugin_t *plugin, neuron_ws_node_t *node);

#endif
