// SPDX-License-Identifier: Apache-2.0
/*
 * A southbound device, as the queue of requests knows it.
 */
#ifndef WEBSOCKET_DEVICE_H
#define WEBSOCKET_DEVICE_H

#include "websocket_queue.h"

struct websocket_device {
    websocket_device_t *next;
    /* In the list of those whose turn comes, while requests wait. */
    websocket_device_t  *turn_next;
    websocket_request_t *first;
    websocket_request_t *last;
    /* Requests that it was asked, and of these those that still count. */
    size_t asked;
    size_t held;
    /* Of all that it was ever asked: how many, and up to which it has answered.
       It takes them out of its socket in order, so what lies between may lie in
       the socket still. */
    uint64_t sequence;
    uint64_t answered;
    /* How long that is remembered. */
    int64_t remember_ms;
    char    name[NEU_NODE_NAME_LEN];
};

/* The device of this name; it is made if need be. NULL: the limit, or no
   memory. */
websocket_device_t *websocket_device_find(websocket_queue_t *queue,
                                          const char        *name);

/* Its first request that waits; there is one. */
websocket_request_t *websocket_device_take_first(websocket_device_t *device);

/* Whether it may be asked one more now. */
bool websocket_device_may_ask(const websocket_device_t *device);

/* It is asked `request`, or was not after all; or has answered it. */
void websocket_device_asked(websocket_device_t  *device,
                            websocket_request_t *request, int64_t now_ms);
void websocket_device_not_asked(websocket_device_t  *device,
                                websocket_request_t *request);
void websocket_device_answered(websocket_device_t  *device,
                               websocket_request_t *request);
/* Its time with this request is up: the request no longer counts. */
void websocket_device_release(websocket_device_t  *device,
                              websocket_request_t *request);

/* Forgets the devices of which nothing is left to know. */
void websocket_devices_let_go(websocket_queue_t *queue, int64_t now_ms);

#endif
