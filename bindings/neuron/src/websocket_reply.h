// SPDX-License-Identifier: Apache-2.0
/*
 * The host's replies to what it was asked, as answers to the server.
 */
#ifndef WEBSOCKET_REPLY_H
#define WEBSOCKET_REPLY_H

#include "neuron_host.h"

/* By the number that the host was given. */
void websocket_reply_read(neu_plugin_t *plugin, uint64_t id,
                          const neu_resp_read_group_t *reply);
void websocket_reply_error(neu_plugin_t *plugin, uint64_t id, int error);
/* Does not free the array. */
void websocket_reply_writes(neu_plugin_t *plugin, uint64_t id,
                            const UT_array *results);

#endif
