// SPDX-License-Identifier: Apache-2.0
/*
 * How the gateway's nodes stand, as the settings have it told at intervals.
 */
#ifndef WEBSOCKET_STATES_H
#define WEBSOCKET_STATES_H

#include "neuron_host.h"

/* Asks the host how its nodes stand. */
void websocket_states_ask(neu_plugin_t *plugin);

/* Sends what it answered. Does not free the array. The node's lock is held. */
void websocket_states_push(neu_plugin_t *plugin, const UT_array *states);

#endif
