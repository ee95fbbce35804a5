// SPDX-License-Identifier: Apache-2.0
/*
 * Operations of OpenGate, as a row of commands to the host: a read or a write
 * of one group after the other. The library turns what comes of them into the
 * platform's form.
 *
 * One command is under way at a time, so that an operation takes no more of a
 * device's turns than a request, and whoever has the request has its operation:
 * nothing here is locked.
 */
#ifndef WEBSOCKET_OPERATION_H
#define WEBSOCKET_OPERATION_H

#include "websocket_command.h"
#include "websocket_text.h"
#include "websocket_variables.h"

typedef enum {
    WEBSOCKET_OPERATION_NEW,
    /* GET_DEVICE_PARAMETERS and REFRESH_INFO. */
    WEBSOCKET_OPERATION_READS,
    /* SET_DEVICE_PARAMETERS: which group has a tag that was named without. */
    WEBSOCKET_OPERATION_FINDS,
    WEBSOCKET_OPERATION_WRITES,
} websocket_phase_t;

struct websocket_operation {
    /* What it points to lives as long as the request's handle. */
    neuron_ws_request_info_t info;
    websocket_phase_t        phase;
    websocket_variables_t    variables;
    /* The group that is asked now. */
    size_t group;
    /* The variables of a command: of a read those named with its group. */
    size_t first;
    size_t end;
    /* Up to here variables are written one by one: their group, which could
       not be written as a whole. */
    size_t single_end;
    /* The elements of the answer's list. */
    websocket_text_t answer;
    /* Not 0: what all of it failed with. */
    int error;
};

/* Whether the gateway's drivers can do it at all; true of what is none. */
bool websocket_operation_is_known(const neuron_ws_request_info_t *info);

/* NULL: no memory. */
websocket_operation_t *
websocket_operation_make(const neuron_ws_request_info_t *info);

/* The next command. Takes the node's lock. False: it is over, and this is its
   answer. */
bool websocket_operation_next(neu_plugin_t          *plugin,
                              websocket_operation_t *operation,
                              websocket_command_t   *command,
                              websocket_text_t      *answer);

/* What came of the command: an error (0: done), values, or errors of tags.
   `tags` are the library's JSON of the values, in braces. */
void websocket_operation_error(websocket_operation_t *operation, int error);
void websocket_operation_read(websocket_operation_t *operation,
                              const UT_array *values, const char *tags,
                              size_t length);
void websocket_operation_written(websocket_operation_t *operation,
                                 const UT_array        *results);

void websocket_operation_free(websocket_operation_t *operation);

#endif
