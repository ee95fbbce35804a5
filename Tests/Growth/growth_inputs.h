// SPDX-License-Identifier: Apache-2.0
/*
 * What the cases make their inputs with; no program needs all of it.
 */
#ifndef GROWTH_INPUTS_H
#define GROWTH_INPUTS_H

#include "growth_case.h"
#include "neuron_ws.h"
#include <stdarg.h>

static neuron_ws_node_t *node;
static neuron_ws_group_t group = {.size = sizeof group, .driver = "driver", .group = "group", .timestamp_ms = 1,
                                  .tag_size = sizeof(neuron_ws_tag_t)};
static char *text, *output;
static size_t text_length, text_room;
static const size_t output_room = (size_t)64 << 20;

__attribute__((constructor)) static void output_make(void) { output = malloc(output_room); }

__attribute__((noreturn)) static void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, neuron_ws_last_error());
    exit(1);
}

static void check(neuron_ws_status_t status, const char *what) {
    if (status != NEURON_WS_OK) die(what);
}

/* ---- Making inputs ---- */

static void add(const char *format, ...) {
    va_list arguments;
    if (text_room - text_length < 4096) {
        text_room = text_room * 2 + 8192;
        text = realloc(text, text_room);
        if (text == NULL) exit(1);
    }
    va_start(arguments, format);
    text_length += (size_t)vsnprintf(text + text_length, 4096, format, arguments);
    va_end(arguments);
}

/* {"<prefix>0":0,…} */
static inline void add_members(const char *prefix, size_t count) {
    add("{");
    for (size_t index = 0; index < count; index++) add("%s\"%s%zu\":%zu", index > 0 ? "," : "", prefix, index, index);
    add("}");
}

static neuron_ws_tag_t *tags_make(size_t count, const char *format) {
    neuron_ws_tag_t *tags = calloc(count, sizeof *tags);
    for (size_t index = 0; index < count; index++) {
        char *name = malloc(32);
        snprintf(name, 32, format, index);
        tags[index].name = name;
        tags[index].type = NEURON_WS_TYPE_INT64;
        tags[index].value.i64 = (int64_t)index;
    }
    return tags;
}

static inline void group_make(size_t count, const char *format) {
    group.tags = tags_make(count, format);
    group.tag_count = count;
}

static inline void node_make(void) {
    if (text == NULL)
        add("{\"url\":\"ws://127.0.0.1:9/\",\"queue-max-messages\":1000000,\"queue-max-bytes\":1073741824}");
    check(neuron_ws_node_create("growth", text, NULL, &node), "create");
}

static inline void subscribe(size_t driver, size_t number) {
    char driver_name[32], group_name[32];
    snprintf(driver_name, sizeof driver_name, "driver%zu", driver);
    snprintf(group_name, sizeof group_name, "group%zu", number);
    check(neuron_ws_node_subscribe(node, driver_name, group_name, NULL), "subscribe");
}

static void encode(neuron_ws_format_t format) {
    size_t length;
    neuron_ws_status_t status = neuron_ws_encode(format, text, group.tags == NULL ? NULL : &group, output, output_room,
                                                 &length);
    check(status, "encode");
}

static inline void encode_values(void) { encode(NEURON_WS_FORMAT_VALUES); }
static inline void encode_tags(void) { encode(NEURON_WS_FORMAT_TAGS); }
static inline void encode_custom(void) { encode(NEURON_WS_FORMAT_CUSTOM); }
static inline void encode_states(void) { encode(NEURON_WS_FORMAT_STATES); }
static inline void encode_written(void) { encode(NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE); }
static inline void push(void) { check(neuron_ws_node_push(node, &group, NULL), "push"); }

#endif
