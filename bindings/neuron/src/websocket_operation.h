/*
 * Operations of OpenGate, as requests of the gateway's own kind.
 *
 * The library turns the answers to those into the platform's form.
 */
#ifndef WEBSOCKET_OPERATION_H
#define WEBSOCKET_OPERATION_H

#include "websocket_command.h"

typedef struct {
    /* A read or a write of one group; what it points to lives as long as the
       operation and this. */
    neuron_ws_request_info_t info;
    char                    *group;
    neuron_ws_tag_t         *tags;
} websocket_operation_t;

/* Whether the gateway's drivers can do it at all. */
bool websocket_operation_is_known(const neuron_ws_request_info_t *info);

/*
 * GET_DEVICE_PARAMETERS as a read, SET_DEVICE_PARAMETERS as a write, whose
 * variables are named group/tag, all of one group. What is no operation stays
 * as it is. False: what is wrong is in `refusal`, and there is nothing to free.
 */
bool websocket_operation_open(const neuron_ws_request_info_t *info,
                              websocket_operation_t          *operation,
                              websocket_refusal_t            *refusal);

void websocket_operation_close(websocket_operation_t *operation);

#endif
