// SPDX-License-Identifier: Apache-2.0
/*
 * Which request the host is asked next: a queue for each southbound device, so
 * that one which is dead costs only its own requests.
 *
 * The gateway's threads pass messages through sockets that hold ten each, and
 * wait a second for room: many requests at once jam manager and driver against
 * each other, and messages are lost. So few are under way at a time, and fewer
 * still to one device: WEBSOCKET_DEVICE_MAX of them until it answers. One that
 * does not answer gets the next after WEBSOCKET_HOLD_MS, then after twice that,
 * and so on; with WEBSOCKET_SOCKET_MAX unanswered, one in six minutes: so its
 * socket does not fill by us.
 *
 * Without lock, clock, thread or call to the host: times come in as parameters,
 * and the caller holds a mutex.
 */
#ifndef WEBSOCKET_QUEUE_H
#define WEBSOCKET_QUEUE_H

#include "websocket_request.h"

/* Devices that are remembered. Requests have no limit here: the library hands
   out NEURON_WS_REQUESTS_MAX at a time. */
#define WEBSOCKET_DEVICES_MAX 8192
/* Under way at a time, of those asked within the last WEBSOCKET_BUSY_MS: the
   manager passes a message on at once, so an older one is at its device. */
#define WEBSOCKET_BUSY_MAX 4
#define WEBSOCKET_BUSY_MS 300
/* Of one device, until it answers; of one with twice as many unanswered: one. */
#define WEBSOCKET_DEVICE_MAX 2
#define WEBSOCKET_SOCKET_MAX 7
#define WEBSOCKET_HOLD_MS 3000
#define WEBSOCKET_HOLD_DOUBLINGS_MAX 7
/* What has waited so long for its turn is refused: the device is busy. */
#define WEBSOCKET_WAIT_MS 5000
/* How often, and after what pause, a request is tried that was not taken. */
#define WEBSOCKET_FAILURES_MAX 5
#define WEBSOCKET_RETRY_MS 200

#define WEBSOCKET_BUCKETS 256

typedef struct {
    uint64_t id;
    int64_t  until_ms;
} websocket_busy_t;

typedef struct {
    /* The devices, by name; and those with requests that wait, the one whose
       turn is next first. */
    websocket_device_t *devices[WEBSOCKET_BUCKETS];
    websocket_device_t *turn_first;
    websocket_device_t *turn_last;
    size_t              device_count;
    /* Requests that the host has been asked, by number. */
    websocket_request_t *asked[WEBSOCKET_BUCKETS];
    /* Requests, asked and not asked. */
    size_t           count;
    websocket_busy_t busy[WEBSOCKET_BUSY_MAX];
    size_t           busy_count;
    /* When the host, which took none, is asked again. */
    int64_t  retry_ms;
    uint64_t id;
} websocket_queue_t;

/* Takes a request for a device over. False: too many devices, or no memory. */
bool websocket_queue_add(websocket_queue_t *queue, websocket_request_t *request,
                         const char *device, int64_t now_ms);

/* The request that the host is to be asked now; from now on it counts as asked.
   NULL: none. */
websocket_request_t *websocket_queue_next(websocket_queue_t *queue,
                                          int64_t            now_ms);

/* When websocket_queue_next may have one that it does not have now, as far as
   time alone decides; INT64_MAX: not by time. */
int64_t websocket_queue_due(const websocket_queue_t *queue);

/* The request of this number, which the host answers; the caller owns it. NULL:
   there is none. */
websocket_request_t *websocket_queue_answered(websocket_queue_t *queue,
                                              uint64_t           id);

/* The same of a request that the host has not been asked after all. */
websocket_request_t *websocket_queue_take_back(websocket_queue_t *queue,
                                               uint64_t           id);

typedef enum {
    /* The host has answered it all the same: what it did not take is the
       caller's to free. */
    WEBSOCKET_TAKEN_ELSEWHERE,
    /* It is back at the front of its device's queue. */
    WEBSOCKET_TAKEN_LATER,
    /* That was once too often: it is the caller's. */
    WEBSOCKET_TAKEN_NEVER,
} websocket_taken_t;

/* The host would not take the command of the request with this number. */
websocket_taken_t websocket_queue_not_taken(websocket_queue_t   *queue,
                                            uint64_t             id,
                                            websocket_command_t *command,
                                            int64_t              now_ms,
                                            websocket_request_t **refused);

/* Once a second. Gives up waiting for devices whose time is up. Lists of the
   requests that are no longer the queue's: those that waited too long for their
   turn; and those that the library has answered itself, which `is_late` says. */
typedef struct {
    websocket_request_t *waited;
    websocket_request_t *late;
} websocket_ended_t;

websocket_ended_t
websocket_queue_tick(websocket_queue_t *queue, int64_t now_ms,
                     bool (*is_late)(const websocket_request_t *request));

/* All that is left, as a list; the devices are forgotten. */
websocket_request_t *websocket_queue_end(websocket_queue_t *queue);

#endif
