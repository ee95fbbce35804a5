// SPDX-License-Identifier: Apache-2.0
/* Structs whose size is 0, too small, of an older or a newer header, or no size at all. */
#include "misuse.h"
#include "first_version.h"

#include <stddef.h>
#include <stdlib.h>

/* A struct with room behind it for members of the future, and for sizes the library must refuse. */
typedef struct room {
    union {
        size_t size;
        neuron_ws_group_t group;
        neuron_ws_host_t host;
        neuron_ws_state_t state;
        neuron_ws_metrics_t metrics;
        neuron_ws_event_t event;
        neuron_ws_command_t command;
    } known;
    unsigned char future[8192];
} room_t;

typedef neuron_ws_status_t (*call_t)(neuron_ws_node_t *node, room_t *room);

static neuron_ws_tag_t one_tag;

static neuron_ws_status_t push(neuron_ws_node_t *node, room_t *room)
{
    return neuron_ws_node_push(node, &room->known.group, NULL);
}

static neuron_ws_status_t encode(neuron_ws_node_t *node, room_t *room)
{
    char buffer[256];
    size_t length;
    (void)node;
    return neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &room->known.group, buffer, sizeof buffer, &length);
}

static neuron_ws_status_t create(neuron_ws_node_t *node, room_t *room)
{
    neuron_ws_node_t *other = NULL;
    neuron_ws_status_t status =
        neuron_ws_node_create("sizes", "{\"url\":\"ws://127.0.0.1:1/\"}", &room->known.host, &other);
    (void)node;
    CHECK((status == NEURON_WS_OK) == (other != NULL));
    neuron_ws_node_destroy(other);
    return status;
}

static neuron_ws_status_t state(neuron_ws_node_t *node, room_t *room)
{
    return neuron_ws_node_state(node, &room->known.state);
}

static neuron_ws_status_t metrics(neuron_ws_node_t *node, room_t *room)
{
    return neuron_ws_node_metrics(node, &room->known.metrics);
}

static neuron_ws_status_t next_event(neuron_ws_node_t *node, room_t *room)
{
    return neuron_ws_node_next_event(node, &room->known.event);
}

static neuron_ws_status_t request(neuron_ws_node_t *node, room_t *room)
{
    return neuron_ws_node_request(node, &room->known.command, NULL);
}

static void fill(room_t *room, const void *pattern, size_t known, size_t size)
{
    memset(room, 0, sizeof *room);
    if (pattern != NULL)
        memcpy(room, pattern, known);
    room->known.size = size;
}

/* A host of an older version: its struct has `first` bytes or more, and its memory ends there, as valgrind sees. */
static void try_first_version(neuron_ws_node_t *node, call_t call, const void *pattern, size_t first, size_t known,
                              neuron_ws_status_t good)
{
    for (size_t size = first; size < known; size++) {
        unsigned char *host = (unsigned char *)calloc(1, size);
        if (!CHECK(host != NULL))
            return;
        if (pattern != NULL)
            memcpy(host, pattern, size);
        memcpy(host, &size, sizeof size);
        CHECK(call(node, (room_t *)(void *)host) == good);
        CHECK(memcmp(host, &size, sizeof size) == 0);
        free(host);
    }
    room_t *room = (room_t *)malloc(sizeof *room);
    if (!CHECK(room != NULL))
        return;
    /* Nothing behind it is written. */
    memset(room, 0xa5, sizeof *room);
    memset(room, 0, first);
    if (pattern != NULL)
        memcpy(room, pattern, first);
    room->known.size = first;
    CHECK(call(node, room) == good);
    for (size_t offset = first; offset < sizeof *room; offset++)
        if (!CHECK(((unsigned char *)room)[offset] == 0xa5))
            break;
    fill(room, pattern, known, first - 1);
    STATUS(STRUCT_SIZE, call(node, room));
    free(room);
}

/* `known` bytes of `pattern` are what a host of this version passes, `first` of them what one of the first does; `good`
   is the answer to that. `input`: the host fills the struct, so that a future member which is not zero must be
   refused. */
static void try_sizes(neuron_ws_node_t *node, call_t call, const void *pattern, size_t first, size_t known,
                      neuron_ws_status_t good, bool input)
{
    static const size_t wrong[] = {0, 1, sizeof(size_t), 4097, 1u << 20, (size_t)-1};
    room_t *room = (room_t *)malloc(sizeof *room);

    if (!CHECK(room != NULL) || !CHECK(first <= known))
        return;
    try_first_version(node, call, pattern, first, known, good);
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        fill(room, pattern, known, wrong[index]);
        STATUS(STRUCT_SIZE, call(node, room));
    }
    /* No struct is larger than 4096 bytes, of whatever version. */
    const size_t larger[] = {known, known + 1, known + 8, known + 64, (known + 4096) / 2, 4096};
    for (size_t index = 0; index < sizeof larger / sizeof *larger; index++) {
        fill(room, pattern, known, larger[index]);
        CHECK(call(node, room) == good);
    }
    if (input) {
        /* Each byte of the part from the future, down to the last. */
        for (size_t offset = 0; offset < 64; offset++) {
            fill(room, pattern, known, known + 64);
            ((unsigned char *)room)[known + offset] = 1;
            STATUS(STRUCT_SIZE, call(node, room));
        }
        fill(room, pattern, known, known + 64);
        ((unsigned char *)room)[known + 64] = 1;
        CHECK(call(node, room) == good);
    } else {
        /* Nothing past the size may be written. */
        fill(room, pattern, known, known);
        memset((unsigned char *)room + known, 0xa5, sizeof *room - known);
        CHECK(call(node, room) == good);
        for (size_t offset = known; offset < known + 64; offset++)
            CHECK(((unsigned char *)room)[offset] == 0xa5);
    }
    free(room);
}

/* Tags lie tag_size bytes apart: a newer host's are longer. */
static void try_tag_sizes(neuron_ws_node_t *node)
{
    enum { room = 64, count = 3 };
    unsigned char *tags = (unsigned char *)calloc(count, sizeof(neuron_ws_tag_t) + room);
    size_t stride = sizeof(neuron_ws_tag_t) + room;
    neuron_ws_group_t group;
    char buffer[256];
    size_t length = 0;

    if (!CHECK(tags != NULL))
        return;
    for (int index = 0; index < count; index++) {
        neuron_ws_tag_t tag = int_tag(index == 0 ? "a" : index == 1 ? "b" : "c", index);
        memcpy(tags + (size_t)index * stride, &tag, sizeof tag);
    }
    group = group_of((const neuron_ws_tag_t *)(const void *)tags, count);
    group.tag_size = stride;
    OK(neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer - 1, &length));
    buffer[length] = '\0';
    CHECK(strstr(buffer, "\"values\":{\"a\":0,\"b\":1,\"c\":2}") != NULL);
    OK(neuron_ws_node_push(node, &group, NULL));

    /* Those of the first version lie closer together. */
    first_tag_t first[2];
    memset(first, 0, sizeof first);
    for (int index = 0; index < 2; index++) {
        first[index].name = index == 0 ? "a" : "b";
        first[index].type = NEURON_WS_TYPE_INT64;
        first[index].value.i64 = index;
    }
    first[0].metas = &first[1];
    first[0].meta_count = 1;
    group.tags = (const neuron_ws_tag_t *)(const void *)first;
    group.tag_count = 2;
    group.tag_size = sizeof *first;
    OK(neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer - 1, &length));
    buffer[length] = '\0';
    CHECK(strstr(buffer, "\"values\":{\"a\":0,\"b\":1}") != NULL);
    CHECK(strstr(buffer, "\"metas\":{\"a\":{\"b\":1}}") != NULL);

    static const size_t wrong[] = {0, 1, 8, sizeof(first_tag_t) - 8, 4097, (size_t)-1, (size_t)1 << 63};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        group.tag_size = wrong[index];
        STATUS(STRUCT_SIZE, neuron_ws_node_push(node, &group, NULL));
        STATUS(STRUCT_SIZE, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length));
    }
    free(tags);
}

/* The same of states, which lie `stride` bytes apart, from the first version's size on. */
static void try_state_strides(neuron_ws_node_t *node)
{
    first_driver_state_t *states = (first_driver_state_t *)calloc(2, sizeof *states);
    const neuron_ws_driver_state_t *given = (const neuron_ws_driver_state_t *)(const void *)states;

    if (!CHECK(states != NULL))
        return;
    for (int index = 0; index < 2; index++) {
        states[index].node = "d";
        states[index].is_driver = true;
    }
    OK(neuron_ws_node_push_states(node, given, 2, sizeof *states, NULL));
    STATUS(STRUCT_SIZE, neuron_ws_node_push_states(node, given, 2, sizeof *states - 8, NULL));
    free(states);
}

/* Later members lie behind the first version, not in what was padding there: an older host leaves anything in it. */
static void check_first_members(void)
{
#define ENDS(name, member) \
    CHECK(offsetof(first_##name##_t, member) == offsetof(neuron_ws_##name##_t, member) && \
          sizeof(first_##name##_t) <= sizeof(neuron_ws_##name##_t))
#define GROWS(name, member) CHECK(offsetof(neuron_ws_##name##_t, member) >= sizeof(first_##name##_t))
    ENDS(tag, meta_count);
    ENDS(group, tag_size);
    ENDS(state, states_interval_s);
    ENDS(metrics, compressed_bytes_sent);
    ENDS(request_info, query_description);
    ENDS(host, before_send);
    ENDS(command, context);
    ENDS(driver_state, is_driver);
    ENDS(event, length);
    GROWS(request_info, tag_size);
    GROWS(event, count);
    GROWS(event, close_code);
    GROWS(command, retries);
    GROWS(host, on_room);
    GROWS(event, log_category);
    GROWS(metrics, requests_refused);
    GROWS(state, tls_not_after_s);
}

void misuse_sizes(ports_t ports)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    int32_t descriptor = -1;
    neuron_ws_host_t host;
    neuron_ws_command_t command;

    OK(neuron_ws_node_create("sizes", settings_for(settings, sizeof settings, ports.closed, ""), NULL, &node));
    OK(neuron_ws_node_subscribe(node, "*", "*", NULL));
    OK(neuron_ws_node_event_fd(node, NEURON_WS_EVENT_MESSAGE, &descriptor));
    one_tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&one_tag, 1);
    memset(&host, 0, sizeof host);
    memset(&command, 0, sizeof command);
    command.kind = NEURON_WS_TEXT;
    command.bytes = "x";
    command.length = 1;
    try_sizes(node, push, &group, sizeof(first_group_t), sizeof group, NEURON_WS_OK, true);
    try_sizes(node, encode, &group, sizeof(first_group_t), sizeof group, NEURON_WS_OK, true);
    try_sizes(node, create, &host, sizeof(first_host_t), sizeof host, NEURON_WS_OK, true);
    try_sizes(node, request, &command, sizeof(first_command_t), sizeof command, NEURON_WS_INVALID_ARGUMENT, true);
    try_sizes(node, state, NULL, sizeof(first_state_t), sizeof(neuron_ws_state_t), NEURON_WS_OK, false);
    try_sizes(node, metrics, NULL, sizeof(first_metrics_t), sizeof(neuron_ws_metrics_t), NEURON_WS_OK, false);
    try_sizes(node, next_event, NULL, sizeof(first_event_t), sizeof(neuron_ws_event_t), NEURON_WS_NO_EVENT, false);
    try_tag_sizes(node);
    try_state_strides(node);
    check_first_members();
    neuron_ws_node_destroy(node);
}
