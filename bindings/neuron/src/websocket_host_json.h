// SPDX-License-Identifier: Apache-2.0
/*
 * Values of type CUSTOM: trees of the host's own jansson, which differs from
 * the system's. So they are read and made by the host's functions alone, looked
 * up while the gateway runs; a host without them gets such a tag as an error.
 */
#ifndef WEBSOCKET_HOST_JSON_H
#define WEBSOCKET_HOST_JSON_H

#include "neuron_host.h"

/* A value as compact text, to be freed; NULL if that cannot be. */
char *websocket_host_json_text(const json_t *value);

/* A text as a value, which the caller owns; NULL if that cannot be. */
json_t *websocket_host_json_value(const char *text, size_t length);

/* Gives a value of websocket_host_json_value back. */
void websocket_host_json_free(json_t *value);

#endif
