// SPDX-License-Identifier: Apache-2.0
/* Checks that count: each prints where it failed, and the program goes on. Safe from several threads. */
#ifndef NEURON_WS_TEST_CHECK_H
#define NEURON_WS_TEST_CHECK_H

#include <neuron_ws.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Defined once, in the file with main. */
extern int checks_passed;
extern int checks_failed;

static inline bool check_that(bool holds, const char *text, const char *file, int line)
{
    __atomic_fetch_add(holds ? &checks_passed : &checks_failed, 1, __ATOMIC_RELAXED);
    if (!holds)
        fprintf(stderr, "%s:%d: %s\n", file, line, text);
    return holds;
}

static inline bool check_status(neuron_ws_status_t found, neuron_ws_status_t wanted, const char *text, const char *file,
                                int line)
{
    if (check_that(found == wanted, text, file, line))
        return true;
    fprintf(stderr, "    %s instead of %s (%s)\n", neuron_ws_status_name(found), neuron_ws_status_name(wanted),
            neuron_ws_last_error());
    return false;
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define STATUS(wanted, call) check_status((call), NEURON_WS_##wanted, #call, __FILE__, __LINE__)
#define OK(call) STATUS(OK, call)

static inline void sleep_ms(long milliseconds)
{
    struct timespec time;
    time.tv_sec = milliseconds / 1000;
    time.tv_nsec = milliseconds % 1000 * 1000000;
    nanosleep(&time, NULL);
}

/* Waits up to 20 s for a condition; counts as a check. */
#define WAIT_UNTIL(condition)                            \
    do {                                                 \
        int turns_left = 4000;                           \
        while (!(condition) && turns_left-- > 0)         \
            sleep_ms(5);                                 \
        CHECK(condition);                                \
    } while (0)

static inline neuron_ws_state_t state_of(neuron_ws_node_t *node)
{
    neuron_ws_state_t state;
    memset(&state, 0, sizeof state);
    state.size = sizeof state;
    OK(neuron_ws_node_state(node, &state));
    return state;
}

static inline neuron_ws_metrics_t metrics_of(neuron_ws_node_t *node)
{
    neuron_ws_metrics_t metrics;
    memset(&metrics, 0, sizeof metrics);
    metrics.size = sizeof metrics;
    OK(neuron_ws_node_metrics(node, &metrics));
    return metrics;
}

static inline neuron_ws_tag_t int_tag(const char *name, int64_t value)
{
    neuron_ws_tag_t tag;
    memset(&tag, 0, sizeof tag);
    tag.name = name;
    tag.type = NEURON_WS_TYPE_INT64;
    tag.value.i64 = value;
    return tag;
}

static inline neuron_ws_tag_t text_tag(const char *name, const char *data, size_t length)
{
    neuron_ws_tag_t tag;
    memset(&tag, 0, sizeof tag);
    tag.name = name;
    tag.type = NEURON_WS_TYPE_STRING;
    tag.value.text.data = data;
    tag.value.text.length = length;
    return tag;
}

static inline neuron_ws_group_t group_of(const neuron_ws_tag_t *tags, size_t count)
{
    neuron_ws_group_t group;
    memset(&group, 0, sizeof group);
    group.size = sizeof group;
    group.driver = "plc1";
    group.group = "fast";
    group.timestamp_ms = 1650006388943;
    group.tags = tags;
    group.tag_count = count;
    group.tag_size = sizeof *tags;
    return group;
}

/* Settings for a server on a port of this machine, with quick reconnections. `more` begins with a comma or is "". */
static inline const char *settings_for(char *buffer, size_t size, int port, const char *more)
{
    snprintf(buffer, size,
             "{\"url\":\"ws://127.0.0.1:%d/\",\"reconnect-min\":0.05,\"reconnect-max\":0.1%s}", port, more);
    return buffer;
}

#endif
