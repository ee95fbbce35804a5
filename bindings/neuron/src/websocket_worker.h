// SPDX-License-Identifier: Apache-2.0
/*
 * The node's own thread: it hands requests to the host, which may block for a
 * second, and does what is due at intervals. The library's loop thread, which
 * all nodes share, never waits for the host.
 */
#ifndef WEBSOCKET_WORKER_H
#define WEBSOCKET_WORKER_H

#include "neuron_host.h"

#include <neuron_ws.h>

#include "websocket_queue.h"

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t  wake;
    pthread_t       thread;
    bool            running;
    bool            quit;
    /* Requests that the host is to be asked, and has been. */
    websocket_queue_t queue;
    /* Used by the worker alone. */
    neuron_ws_node_t *node;
    int64_t           debug_until_ms;
    int64_t           states_due_ms;
} websocket_worker_t;

int websocket_worker_init(websocket_worker_t *worker);

/* Starts the thread for a node that outlives it. 0 or a neu_err. */
int websocket_worker_start(neu_plugin_t *plugin, neuron_ws_node_t *node);

/* Ends the thread and drops every request that waits. Waits for the host's
   functions alone, at most the second that they may block. */
void websocket_worker_stop(neu_plugin_t *plugin);

void websocket_worker_free(websocket_worker_t *worker);

/* Takes a request for a device over. False: it is at its limit, or ended. */
bool websocket_worker_queue(websocket_worker_t  *worker,
                            websocket_request_t *request, const char *device);

/* The request that the host answers; the caller owns it. NULL: none. */
websocket_request_t *websocket_worker_take(websocket_worker_t *worker,
                                           uint64_t            id);

#endif
