// SPDX-License-Identifier: Apache-2.0
/*
 * The host's dynamic arrays.
 */
#ifndef WEBSOCKET_ARRAY_H
#define WEBSOCKET_ARRAY_H

#include "neuron_host.h"

/* Frees an array that the host gave away. */
void websocket_array_free(UT_array *array);

#endif
