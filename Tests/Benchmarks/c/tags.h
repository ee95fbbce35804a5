// SPDX-License-Identifier: Apache-2.0
/*
 * A group of tags as the benches send it, through jansson: int64 and double in turn, all changing with each message.
 * Whole numbers and reals of two decimals, as a sensor gives them; the same as `neuron-ws bench --tags`.
 */
#ifndef BENCH_TAGS_H
#define BENCH_TAGS_H

#include "common.h"
#include <jansson.h>

/* A tag's value: an integer at even places, a real at odd ones. */
union number {
    int64_t integer;
    double real;
};

/* `long_reals`: reals that need all their 16 or 17 digits, instead of two decimals. */
static inline void row_fill(union number *row, int count, int64_t message, bool long_reals) {
    for (int index = 0; index < count; index++) {
        if (index % 2 == 0) row[index].integer = message + index;
        else if (!long_reals) row[index].real = (double)((message + (int64_t)index * 7919) % 1000000) / 100;
        else row[index].real = ((double)((message * 40503 + (int64_t)index * 7919) % 1000003) + 0.5) / 1000003 * 100;
    }
}

static inline char **tag_names_make(int count) {
    char **names = allocate(sizeof *names * (size_t)count);
    for (int index = 0; index < count; index++) {
        names[index] = allocate(16);
        snprintf(names[index], 16, "tag%d", index);
    }
    return names;
}

static inline json_t *number_tree(const union number *row, int index) {
    return index % 2 == 0 ? json_integer(row[index].integer) : json_real(row[index].real);
}

static inline json_t *envelope_tree(int64_t timestamp_ms) {
    json_t *root = json_object();
    json_object_set_new(root, "node", json_string("bench"));
    json_object_set_new(root, "group", json_string("group"));
    json_object_set_new(root, "timestamp", json_integer(timestamp_ms));
    return root;
}

static inline json_t *values_tree(char **names, const union number *row, int count, int64_t timestamp_ms) {
    json_t *root = envelope_tree(timestamp_ms);
    json_t *values = json_object();
    for (int index = 0; index < count; index++) json_object_set_new(values, names[index], number_tree(row, index));
    json_object_set_new(root, "values", values);
    json_object_set_new(root, "errors", json_object());
    json_object_set_new(root, "metas", json_object());
    return root;
}

static inline json_t *tags_tree(char **names, const union number *row, int count, int64_t timestamp_ms) {
    json_t *root = envelope_tree(timestamp_ms);
    json_t *tags = json_array();
    for (int index = 0; index < count; index++) {
        json_t *tag = json_object();
        json_object_set_new(tag, "name", json_string(names[index]));
        json_object_set_new(tag, "value", number_tree(row, index));
        json_array_append_new(tags, tag);
    }
    json_object_set_new(root, "tags", tags);
    return root;
}

static inline int64_t unix_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Room that a group in any format surely fits into. */
static inline size_t tags_text_max(int count) { return 256 + (size_t)count * 96; }

/*
 * One message of values-format into `buffer`: what a client of a plain WebSocket library has to do for each. `row` is
 * room for `count` numbers.
 */
static inline size_t values_text(char **names, union number *row, int count, int64_t message, char *buffer,
                                 size_t size) {
    row_fill(row, count, message, false);
    json_t *root = values_tree(names, row, count, unix_ms());
    size_t length = json_dumpb(root, buffer, size, JSON_COMPACT);
    json_decref(root);
    if (length == 0 || length > size) die("json_dumpb");
    return length;
}

#endif
