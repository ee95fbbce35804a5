// SPDX-License-Identifier: Apache-2.0
/*
 * A request from the server, from its arrival to its answer.
 */
#ifndef WEBSOCKET_REQUEST_H
#define WEBSOCKET_REQUEST_H

#include "neuron_host.h"

#include <neuron_ws.h>

/* A command to the host; what it points to becomes the host's when it is taken,
   so it lies in libc's memory. */
typedef struct {
    neu_reqresp_type_e type;
    union {
        neu_req_read_group_t    read;
        neu_req_write_tag_t     write;
        neu_req_write_tags_t    writes;
        neu_req_driver_action_t action;
    } data;
} websocket_command_t;

typedef struct websocket_device    websocket_device_t;
typedef struct websocket_operation websocket_operation_t;

typedef struct websocket_request {
    struct websocket_request *next;
    /* What the host is given as its context: a number and not an address, so
       that a reply which comes too late finds nothing. */
    uint64_t             id;
    neuron_ws_request_t *handle;
    char                *uuid;
    /* An operation of OpenGate, from command to command; else NULL. */
    websocket_operation_t *operation;
    websocket_command_t    command;
    /* A read of some tags: their names, NUL-terminated, one behind the other.
       The host says nothing of those that it does not know. */
    char  *names;
    size_t name_count;
    /* When it came; a clock that only goes forward. */
    int64_t arrival_ms;
    /* How often the host would not take it. */
    int failures;
    /* The queue's: whose it is, the how manieth that this one was asked, and
       until when it counts as being worked on; 0: it does not. */
    websocket_device_t *device;
    uint64_t            sequence;
    int64_t             held_until_ms;
} websocket_request_t;

/* NULL: no memory; the handle stays the caller's. */
websocket_request_t *websocket_request_make(neuron_ws_request_t *handle,
                                            const neuron_ws_request_info_t *info);

/* Answers, or drops what cannot be answered any more, and frees the request. */
void websocket_request_answer(websocket_request_t *request, const char *json,
                              size_t length);

/* Answers with an error and frees the request; `reason` may be NULL. */
void websocket_request_refuse(websocket_request_t *request, int error,
                              const char *reason);

/* Whether the library has told the server by now that it failed: then it must
   not be done, and an answer would come too late. */
bool websocket_request_is_late(const websocket_request_t *request);

/* Frees a list of requests without an answer of ours. */
void websocket_request_drop_all(websocket_request_t *request);

#endif
