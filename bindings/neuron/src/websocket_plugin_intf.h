// SPDX-License-Identifier: Apache-2.0
/*
 * One node of the plugin, and the functions that Neuron calls for it.
 */
#ifndef WEBSOCKET_PLUGIN_INTF_H
#define WEBSOCKET_PLUGIN_INTF_H

#include "neuron_host.h"

#include <neuron_ws.h>

#include "websocket_log.h"
#include "websocket_metrics.h"
#include "websocket_subscriptions.h"
#include "websocket_worker.h"

extern const neu_plugin_module_t    neu_plugin_module;
extern const neu_plugin_intf_funs_t websocket_plugin_intf_funs;

struct neu_plugin {
    /* First: the host reads and writes it. */
    neu_plugin_common_t common;

    /*
     * Held for reading while data or a reply is handled, for writing while
     * the node or its subscriptions change: data comes on a thread of its own,
     * at the same time as everything else, until close(). The library's
     * callbacks never take it, so a call that waits for the library's thread
     * may be made while it is held.
     */
    pthread_rwlock_t lock;
    /* NULL before the first good settings, and from uninit() on. */
    neuron_ws_node_t *node;
    /* Under which its cache lies; the host may call the application otherwise
       meanwhile. Read by the host's node thread alone, as the host's name. */
    char                      name[NEU_NODE_NAME_LEN];
    websocket_subscriptions_t subscriptions;

    websocket_worker_t  worker;
    websocket_metrics_t metrics;
    /* Any thread. */
    websocket_repeated_t repeated;
    /* The status of the last push that was logged, and how many failed since;
       the consumer thread's. */
    int32_t  push_status;
    uint64_t push_failures;
};

#endif
