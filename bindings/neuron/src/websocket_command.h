// SPDX-License-Identifier: Apache-2.0
/*
 * Building commands to the host from the library's requests.
 */
#ifndef WEBSOCKET_COMMAND_H
#define WEBSOCKET_COMMAND_H

#include "websocket_request.h"

/* What is wrong with a request: a neu_err, and why. */
typedef struct {
    int  error;
    char reason[160];
} websocket_refusal_t;

/* False, and why. */
bool websocket_no_memory(websocket_refusal_t *refusal);

/* True: the command is complete and the caller's. False: `refusal` says why. */
bool websocket_command_make(const neuron_ws_request_info_t *info,
                            websocket_command_t            *command,
                            websocket_refusal_t            *refusal);

void websocket_command_free(websocket_command_t *command);

#endif
