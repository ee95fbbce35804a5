// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the gateway alive when a plugin goes whose texts it still uses.
 *
 * Neuron keeps the names of metrics as pointers into the plugin that registered
 * them first, and unloads that plugin with its last node: what then asks for
 * the metrics that other plugins register under the same names reads memory
 * that is gone, and the gateway dies. Every plugin that shares names with
 * another can bring that about; ours, which shares them with the MQTT plugin,
 * sees to it that it does not: what is loaded when it registers its metrics
 * stays loaded. It costs a few hundred KB of address space a plugin.
 */
#ifndef WEBSOCKET_PIN_H
#define WEBSOCKET_PIN_H

#include "neuron_host.h"

/* Before metrics are registered, at each time. */
void websocket_pin_plugins(neu_plugin_t *plugin);

#endif
