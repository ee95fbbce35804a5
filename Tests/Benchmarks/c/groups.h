// SPDX-License-Identifier: Apache-2.0
/*
 * The same group of tags as tags.h makes, as neuron_ws takes it.
 */
#ifndef BENCH_GROUPS_H
#define BENCH_GROUPS_H

#include "neuron_ws.h"
#include "tags.h"

struct bench_group {
    neuron_ws_group_t group;
    neuron_ws_tag_t *tags;
    char **names;
    int count;
};

static inline struct bench_group group_make(int count, int64_t timestamp_ms) {
    struct bench_group made = {.names = tag_names_make(count), .count = count};
    made.tags = calloc((size_t)count, sizeof *made.tags);
    if (made.tags == NULL) die("calloc");
    for (int index = 0; index < count; index++) {
        made.tags[index].name = made.names[index];
        made.tags[index].name_length = strlen(made.names[index]);
        made.tags[index].type = index % 2 == 0 ? NEURON_WS_TYPE_INT64 : NEURON_WS_TYPE_DOUBLE;
    }
    made.group.size = sizeof made.group;
    made.group.driver = "bench";
    made.group.group = "group";
    made.group.timestamp_ms = timestamp_ms;
    made.group.tags = made.tags;
    made.group.tag_count = (size_t)count;
    made.group.tag_size = sizeof *made.tags;
    return made;
}

static inline void group_set(struct bench_group *group, const union number *row) {
    for (int index = 0; index < group->count; index += 2) group->tags[index].value.i64 = row[index].integer;
    for (int index = 1; index < group->count; index += 2) group->tags[index].value.d64 = row[index].real;
}

__attribute__((noreturn)) static inline void die_status(const char *what, neuron_ws_status_t status) {
    fprintf(stderr, "%s: %s: %s\n", what, neuron_ws_status_name(status), neuron_ws_last_error());
    exit(1);
}

#endif
