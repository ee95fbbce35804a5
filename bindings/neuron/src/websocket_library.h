// SPDX-License-Identifier: Apache-2.0
/*
 * libneuron_ws, loaded by hand.
 *
 * Neuron exports its own jansson and OpenSSL, which come before those that the
 * library is linked with and would capture its calls: so the plugin does not
 * link the library but opens it with RTLD_DEEPBIND, which puts the library's
 * own dependencies first.
 */
#ifndef WEBSOCKET_LIBRARY_H
#define WEBSOCKET_LIBRARY_H

#include <neuron_ws.h>

#define WEBSOCKET_LIBRARY_FUNCTIONS(X) \
    X(abi_version)                     \
    X(version)                         \
    X(last_error)                      \
    X(encode)                          \
    X(node_create)                     \
    X(node_start)                      \
    X(node_stop)                       \
    X(node_destroy)                    \
    X(node_forget)                     \
    X(node_configure)                  \
    X(node_subscribe)                  \
    X(node_unsubscribe)                \
    X(node_rename)                     \
    X(node_push)                       \
    X(node_metrics)                    \
    X(node_state)                      \
    X(node_push_states)                \
    X(node_set_log_level)              \
    X(request_info)                    \
    X(request_reply)                   \
    X(request_drop)

#define WEBSOCKET_LIBRARY_MEMBER(name) __typeof__(neuron_ws_##name) *name;

typedef struct {
    WEBSOCKET_LIBRARY_FUNCTIONS(WEBSOCKET_LIBRARY_MEMBER)
    char path[512];
} websocket_library_t;

/* Filled by the first websocket_library_load that succeeds. */
extern websocket_library_t websocket_library;

/*
 * Loads the library once per process; what failed is tried again by the next
 * call, so that an installation helps without a restart. NULL, or what is
 * wrong and what to install, in `reason`.
 */
const char *websocket_library_load(char *reason, size_t size);

/* A request's tag. A newer library's tags are longer; an older one does not
   say how long. */
const neuron_ws_tag_t *websocket_tag_at(const neuron_ws_request_info_t *info,
                                        size_t                          index);

/* In bytes; 0 in the tag: the name ends with a NUL. */
size_t websocket_tag_name_length(const neuron_ws_tag_t *tag);

#endif
