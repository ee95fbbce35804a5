// SPDX-License-Identifier: Apache-2.0
/*
 * What the host has subscribed this node to.
 *
 * Kept by the plugin, because subscriptions come before the settings do, and
 * because their texts are the plugin's to keep: the host still reads them when
 * the handler has returned, so they live until the subscription is changed or
 * ended. Guarded by the node's lock.
 */
#ifndef WEBSOCKET_SUBSCRIPTIONS_H
#define WEBSOCKET_SUBSCRIPTIONS_H

#include "neuron_host.h"

typedef struct websocket_subscription websocket_subscription_t;
typedef struct websocket_driver       websocket_driver_t;

typedef struct {
    void               *drivers;
    websocket_driver_t *first;
} websocket_subscriptions_t;

/* Also for a change of an existing one. Takes what `request` points to. */
int websocket_subscribe(neu_plugin_t              *plugin,
                        const neu_req_subscribe_t *request);

/* Whether these are the first data since it was subscribed; true once. The
   node's lock is held for reading. */
bool websocket_subscription_begins(neu_plugin_t *plugin, const char *driver,
                                   const char *group);

void websocket_unsubscribe(neu_plugin_t *plugin, const char *driver,
                           const char *group);

/* All groups of a driver. */
void websocket_unsubscribe_driver(neu_plugin_t *plugin, const char *driver);

void websocket_rename_driver(neu_plugin_t *plugin, const char *driver,
                             const char *new_driver);

void websocket_rename_group(neu_plugin_t *plugin, const char *driver,
                            const char *group, const char *new_group);

/* How many groups of a driver are subscribed, and their names: each of
   NEU_GROUP_NAME_LEN bytes, `step` bytes apart. The node's lock is held. */
size_t websocket_subscriptions_count(neu_plugin_t *plugin, const char *driver);
void   websocket_subscriptions_names(neu_plugin_t *plugin, const char *driver,
                                     char *names, size_t step);

/* Tells a new node of the library all of them. */
void websocket_subscriptions_replay(neu_plugin_t *plugin);

void websocket_subscriptions_free(neu_plugin_t *plugin);

#endif
