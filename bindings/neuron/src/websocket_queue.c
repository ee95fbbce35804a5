// SPDX-License-Identifier: Apache-2.0
#include "websocket_queue.h"

#include <stdlib.h>

#include "websocket_device.h"

static void put_last_in_turn(websocket_queue_t  *queue,
                             websocket_device_t *device)
{
    device->turn_next = NULL;
    if (queue->turn_last == NULL) {
        queue->turn_first = device;
    } else {
        queue->turn_last->turn_next = device;
    }
    queue->turn_last = device;
}

/* `before` is the one in front of it; NULL: it is the first. */
static void take_from_turn(websocket_queue_t *queue, websocket_device_t *before,
                           websocket_device_t *device)
{
    if (before == NULL) {
        queue->turn_first = device->turn_next;
    } else {
        before->turn_next = device->turn_next;
    }
    if (queue->turn_last == device) {
        queue->turn_last = before;
    }
    device->turn_next = NULL;
}

bool websocket_queue_add(websocket_queue_t *queue, websocket_request_t *request,
                         const char *name, int64_t now_ms)
{
    websocket_device_t *device = websocket_device_find(queue, name);

    if (device == NULL) {
        return false;
    }
    request->id            = ++queue->id;
    request->arrival_ms    = now_ms;
    request->device        = device;
    request->held_until_ms = 0;
    request->next          = NULL;
    if (device->first == NULL) {
        device->first = request;
        put_last_in_turn(queue, device);
    } else {
        device->last->next = request;
    }
    device->last = request;
    queue->count++;
    return true;
}

static void forget_busy(websocket_queue_t *queue, size_t index)
{
    queue->busy[index] = queue->busy[--queue->busy_count];
}

static void hold(websocket_queue_t *queue, websocket_request_t *request,
                 int64_t now_ms)
{
    websocket_request_t **bucket =
        &queue->asked[request->id % WEBSOCKET_BUCKETS];

    websocket_device_asked(request->device, request, now_ms);
    request->next = *bucket;
    *bucket       = request;
    queue->busy[queue->busy_count++] = (websocket_busy_t) {
        .id = request->id, .until_ms = now_ms + WEBSOCKET_BUSY_MS
    };
}

websocket_request_t *websocket_queue_next(websocket_queue_t *queue,
                                          int64_t            now_ms)
{
    websocket_device_t *before = NULL;
    websocket_device_t *device = NULL;

    for (size_t i = queue->busy_count; i > 0; i--) {
        if (queue->busy[i - 1].until_ms <= now_ms) {
            forget_busy(queue, i - 1);
        }
    }
    if (queue->busy_count == WEBSOCKET_BUSY_MAX || now_ms < queue->retry_ms) {
        return NULL;
    }
    for (device = queue->turn_first; device != NULL;
         before = device, device = device->turn_next) {
        if (websocket_device_may_ask(device)) {
            websocket_request_t *request = websocket_device_take_first(device);
            take_from_turn(queue, before, device);
            if (device->first != NULL) {
                put_last_in_turn(queue, device);
            }
            hold(queue, request, now_ms);
            return request;
        }
    }
    return NULL;
}

int64_t websocket_queue_due(const websocket_queue_t *queue)
{
    int64_t                   due    = INT64_MAX;
    const websocket_device_t *device = queue->turn_first;

    while (device != NULL && !websocket_device_may_ask(device)) {
        device = device->turn_next;
    }
    if (device == NULL) {
        return INT64_MAX;
    }
    if (queue->busy_count < WEBSOCKET_BUSY_MAX) {
        return queue->retry_ms;
    }
    for (size_t i = 0; i < queue->busy_count; i++) {
        if (queue->busy[i].until_ms < due) {
            due = queue->busy[i].until_ms;
        }
    }
    return due > queue->retry_ms ? due : queue->retry_ms;
}

/* Out of those that were asked. */
static websocket_request_t *unlink_asked(websocket_queue_t    *queue,
                                         websocket_request_t **link)
{
    websocket_request_t *request = *link;

    *link         = request->next;
    request->next = NULL;
    for (size_t i = 0; i < queue->busy_count; i++) {
        if (queue->busy[i].id == request->id) {
            forget_busy(queue, i);
            break;
        }
    }
    return request;
}

static websocket_request_t **find_asked(websocket_queue_t *queue, uint64_t id)
{
    websocket_request_t **link = &queue->asked[id % WEBSOCKET_BUCKETS];

    while (*link != NULL && (*link)->id != id) {
        link = &(*link)->next;
    }
    return link;
}

/* `tell` lets its device know why it goes. */
static websocket_request_t *
take_asked(websocket_queue_t *queue, uint64_t id,
           void (*tell)(websocket_device_t *, websocket_request_t *))
{
    websocket_request_t **link    = find_asked(queue, id);
    websocket_request_t  *request = NULL;

    if (*link != NULL) {
        request = unlink_asked(queue, link);
        queue->count--;
        tell(request->device, request);
        request->device = NULL;
    }
    return request;
}

websocket_request_t *websocket_queue_answered(websocket_queue_t *queue,
                                              uint64_t           id)
{
    return take_asked(queue, id, websocket_device_answered);
}

websocket_request_t *websocket_queue_take_back(websocket_queue_t *queue,
                                               uint64_t           id)
{
    return take_asked(queue, id, websocket_device_not_asked);
}

websocket_taken_t websocket_queue_not_taken(websocket_queue_t   *queue,
                                            uint64_t             id,
                                            websocket_command_t *command,
                                            int64_t              now_ms,
                                            websocket_request_t **refused)
{
    websocket_request_t **link    = find_asked(queue, id);
    websocket_request_t  *request = NULL;
    websocket_device_t   *device  = NULL;

    if (*link == NULL) {
        return WEBSOCKET_TAKEN_ELSEWHERE;
    }
    request          = unlink_asked(queue, link);
    device           = request->device;
    request->command = *command;
    websocket_device_not_asked(device, request);
    if (++request->failures >= WEBSOCKET_FAILURES_MAX) {
        queue->count--;
        request->device = NULL;
        *refused        = request;
        return WEBSOCKET_TAKEN_NEVER;
    }
    request->next = device->first;
    if (device->first == NULL) {
        device->last = request;
        put_last_in_turn(queue, device);
    }
    device->first   = request;
    queue->retry_ms = now_ms + WEBSOCKET_RETRY_MS;
    return WEBSOCKET_TAKEN_LATER;
}

/* Each device's first ones that have waited too long. */
static websocket_request_t *take_waited(websocket_queue_t *queue,
                                        int64_t            now_ms)
{
    websocket_request_t  *list   = NULL;
    websocket_request_t **last   = &list;
    websocket_device_t   *before = NULL;
    websocket_device_t   *device = queue->turn_first;

    while (device != NULL) {
        websocket_device_t *next = device->turn_next;
        while (device->first != NULL &&
               now_ms - device->first->arrival_ms > WEBSOCKET_WAIT_MS) {
            websocket_request_t *request = websocket_device_take_first(device);
            queue->count--;
            request->device = NULL;
            *last           = request;
            last            = &request->next;
        }
        if (device->first == NULL) {
            take_from_turn(queue, before, device);
        } else {
            before = device;
        }
        device = next;
    }
    return list;
}

/* Gives up those whose time with their device is up, and takes those that the
   library has answered. */
static websocket_request_t *
take_late(websocket_queue_t *queue, int64_t now_ms,
          bool (*is_late)(const websocket_request_t *))
{
    websocket_request_t *list = NULL;

    for (size_t i = 0; i < WEBSOCKET_BUCKETS; i++) {
        websocket_request_t **link = &queue->asked[i];
        while (*link != NULL) {
            websocket_request_t *request = *link;
            if (request->held_until_ms <= now_ms) {
                websocket_device_release(request->device, request);
            }
            if (request->held_until_ms != 0 || !is_late(request)) {
                link = &request->next;
                continue;
            }
            unlink_asked(queue, link);
            queue->count--;
            request->device->asked--;
            request->device = NULL;
            request->next   = list;
            list            = request;
        }
    }
    return list;
}

websocket_ended_t
websocket_queue_tick(websocket_queue_t *queue, int64_t now_ms,
                     bool (*is_late)(const websocket_request_t *))
{
    websocket_ended_t ended = { .waited = take_waited(queue, now_ms),
                                .late   = take_late(queue, now_ms, is_late) };

    websocket_devices_let_go(queue, now_ms);
    return ended;
}

static websocket_request_t *take_all(websocket_request_t **first,
                                     websocket_request_t  *list)
{
    while (*first != NULL) {
        websocket_request_t *request = *first;
        *first          = request->next;
        request->device = NULL;
        request->next   = list;
        list            = request;
    }
    return list;
}

websocket_request_t *websocket_queue_end(websocket_queue_t *queue)
{
    websocket_request_t *list = NULL;

    for (size_t i = 0; i < WEBSOCKET_BUCKETS; i++) {
        list = take_all(&queue->asked[i], list);
        while (queue->devices[i] != NULL) {
            websocket_device_t *device = queue->devices[i];
            list              = take_all(&device->first, list);
            queue->devices[i] = device->next;
            free(device);
        }
    }
    /* Numbers go on: a reply to one of these must not find another. */
    *queue = (websocket_queue_t) { .id = queue->id };
    return list;
}
