// SPDX-License-Identifier: Apache-2.0
#include "websocket_device.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static size_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char) *name) * 16777619u;
    }
    return hash % WEBSOCKET_BUCKETS;
}

websocket_device_t *websocket_device_find(websocket_queue_t *queue,
                                          const char        *name)
{
    websocket_device_t **bucket = &queue->devices[bucket_of(name)];
    websocket_device_t  *device = *bucket;

    while (device != NULL &&
           strncmp(device->name, name, sizeof(device->name)) != 0) {
        device = device->next;
    }
    if (device == NULL && queue->device_count < WEBSOCKET_DEVICES_MAX) {
        device = calloc(1, sizeof(*device));
        if (device != NULL) {
            memcpy(device->name, name, strnlen(name, NEU_NODE_NAME_LEN - 1));
            device->next = *bucket;
            *bucket      = device;
            queue->device_count++;
        }
    }
    return device;
}

websocket_request_t *websocket_device_take_first(websocket_device_t *device)
{
    websocket_request_t *request = device->first;

    device->first = request->next;
    if (device->first == NULL) {
        device->last = NULL;
    }
    request->next = NULL;
    return request;
}

/* How many requests may lie in its socket. */
static uint64_t unanswered(const websocket_device_t *device)
{
    return device->sequence - device->answered;
}

bool websocket_device_may_ask(const websocket_device_t *device)
{
    return device->held <
        (unanswered(device) < 2 * WEBSOCKET_DEVICE_MAX ? WEBSOCKET_DEVICE_MAX
                                                       : 1);
}

/* How long what it is asked now counts, unless it answers. */
static int64_t hold_ms(const websocket_device_t *device)
{
    uint64_t doublings = unanswered(device) / WEBSOCKET_DEVICE_MAX;

    if (unanswered(device) >= WEBSOCKET_SOCKET_MAX) {
        doublings = WEBSOCKET_HOLD_DOUBLINGS_MAX;
    }
    return (int64_t) WEBSOCKET_HOLD_MS << doublings;
}

void websocket_device_asked(websocket_device_t  *device,
                            websocket_request_t *request, int64_t now_ms)
{
    request->held_until_ms = now_ms + hold_ms(device);
    request->sequence      = ++device->sequence;
    device->remember_ms    = request->held_until_ms * 2 - now_ms;
    device->asked++;
    device->held++;
}

void websocket_device_release(websocket_device_t  *device,
                              websocket_request_t *request)
{
    if (request->held_until_ms != 0) {
        device->held--;
        request->held_until_ms = 0;
    }
}

void websocket_device_not_asked(websocket_device_t  *device,
                                websocket_request_t *request)
{
    websocket_device_release(device, request);
    device->asked--;
    if (request->sequence == device->sequence) {
        device->sequence--;
    }
}

void websocket_device_answered(websocket_device_t  *device,
                               websocket_request_t *request)
{
    websocket_device_release(device, request);
    device->asked--;
    if (request->sequence > device->answered) {
        device->answered = request->sequence;
    }
}

static void let_go(websocket_queue_t *queue, websocket_device_t *device,
                   int64_t now_ms)
{
    websocket_device_t **link = &queue->devices[bucket_of(device->name)];

    if (device->first != NULL || device->asked != 0 ||
        (unanswered(device) != 0 && now_ms < device->remember_ms)) {
        return;
    }
    while (*link != device) {
        link = &(*link)->next;
    }
    *link = device->next;
    queue->device_count--;
    free(device);
}

void websocket_devices_let_go(websocket_queue_t *queue, int64_t now_ms)
{
    for (size_t i = 0; i < WEBSOCKET_BUCKETS; i++) {
        websocket_device_t *device = queue->devices[i];
        while (device != NULL) {
            websocket_device_t *next = device->next;
            let_go(queue, device, now_ms);
            device = next;
        }
    }
}
