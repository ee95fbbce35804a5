// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway has in its database of its nodes. It ends a node in the
 * same way when a user deletes it and when the gateway stops, and says which
 * of the two by nothing but this: of a deleted one the row is gone before
 * uninit() (Neuron 2.12 to 2.15).
 */
#ifndef WEBSOCKET_PERSIST_H
#define WEBSOCKET_PERSIST_H

#include <stdbool.h>

/*
 * The gateway has deleted the node of this name. Asked in uninit(). False also
 * where that cannot be known: who asks deletes what cannot be had again.
 */
bool websocket_persist_is_deleted(const char *name);

#endif
