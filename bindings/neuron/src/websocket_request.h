/*
 * Requests from the server: as commands to the host, and the host's replies as
 * answers to the server.
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

typedef struct websocket_request {
    struct websocket_request *next;
    /* What the host is given as its context: a number and not an address, so
       that a reply which comes too late finds nothing. */
    uint64_t             id;
    neuron_ws_request_t *handle;
    char                *uuid;
    websocket_command_t command;
    /* When it came; a clock that only goes forward. */
    int64_t arrival_ms;
    /* How often the host would not take it. */
    int failures;
    /* While the host works on it: until when it counts as doing so. 0: not. */
    int64_t busy_until_ms;
    int64_t forget_ms;
} websocket_request_t;

#define WEBSOCKET_PENDING_BUCKETS 256

/* Requests that wait for the host's reply, by number. */
typedef struct {
    websocket_request_t *buckets[WEBSOCKET_PENDING_BUCKETS];
    size_t               count;
    /* Of these, how many the host works on. */
    size_t   busy;
    uint64_t id;
} websocket_pending_t;

void websocket_pending_add(websocket_pending_t *pending,
                           websocket_request_t *request);
websocket_request_t *websocket_pending_take(websocket_pending_t *pending,
                                            uint64_t             id);
/* No longer counts on those that the host has been busy with for too long. */
void websocket_pending_give_up(websocket_pending_t *pending, int64_t now_ms);
/* Those whose time is up, as a list. */
websocket_request_t *websocket_pending_take_old(websocket_pending_t *pending,
                                                int64_t              now_ms);

/* The library's callback. */
void websocket_on_request(neuron_ws_node_t *node, neuron_ws_request_t *request,
                          const neuron_ws_request_info_t *info, void *context);

/* 0: the host has it, and what it points to. Else it stays the caller's. */
int websocket_command_send(neu_plugin_t *plugin, uint64_t id,
                           websocket_command_t *command);

/* Answers with an error and frees the request; `reason` may be NULL. */
void websocket_request_refuse(websocket_request_t *request, int error,
                              const char *reason);

/* Whether the server has been told by now that it failed: then it must not be
   done. */
bool websocket_request_is_late(const websocket_request_t *request);

/* Frees a list of requests without an answer of ours. */
void websocket_request_drop_all(websocket_request_t *request);

/* The host's replies, by the number that it was given. */
void websocket_reply_read(neu_plugin_t *plugin, uint64_t id,
                          const neu_resp_read_group_t *reply);
void websocket_reply_error(neu_plugin_t *plugin, uint64_t id, int error);
/* Does not free the array. */
void websocket_reply_writes(neu_plugin_t *plugin, uint64_t id,
                            const UT_array *results);

/* Asks the host how its nodes stand. */
void websocket_states_ask(neu_plugin_t *plugin);
/* Sends what it answered. Does not free the array. The node's lock is held. */
void websocket_states_push(neu_plugin_t *plugin, const UT_array *states);

/* Frees an array that the host gave away. */
void websocket_array_free(UT_array *array);

#endif
