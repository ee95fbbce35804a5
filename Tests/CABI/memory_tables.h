// SPDX-License-Identifier: Apache-2.0
/*
 * The calls of memory.c that fill tables: thousands of commands, of groups, of nodes, so that each table grows while
 * memory fails.
 */
#ifndef NEURON_WS_TEST_MEMORY_TABLES_H
#define NEURON_WS_TEST_MEMORY_TABLES_H

#include "memory_documents.h"

enum { many_commands = 9000, many_groups = 9000, many_nodes = 200 };

static void on_no_response(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                           size_t length, void *context)
{
    (void)node, (void)id, (void)status, (void)bytes, (void)length;
    __atomic_add_fetch((long *)context, 1, __ATOMIC_SEQ_CST);
}

/* Commands of a node that runs and has no connection. Each that was taken has one outcome. */
static neuron_ws_status_t request_many(neuron_ws_node_t *node, bool by_order)
{
    static long ended;
    neuron_ws_command_t command;
    neuron_ws_status_t status = neuron_ws_node_start(node);
    char value[24];
    long taken = 0;

    memset(&command, 0, sizeof command);
    command.size = sizeof command;
    command.kind = NEURON_WS_TEXT;
    command.bytes = "do";
    command.length = 2;
    command.timeout_ms = NEURON_WS_COMMAND_TIMEOUT_MAX_MS;
    command.match_member = by_order ? NULL : "id";
    command.match_value = by_order ? NULL : value;
    command.on_response = on_no_response;
    command.context = &ended;
    while (status == NEURON_WS_OK && taken < many_commands) {
        sprintf(value, "%ld", taken);
        status = neuron_ws_node_request(node, &command, NULL);
        taken += status == NEURON_WS_OK;
    }
    for (long index = 1; index <= taken; index += 2)
        if (neuron_ws_node_request_cancel(node, (uint64_t)index) != NEURON_WS_OK)
            return NEURON_WS_SYSTEM;
    if (taken > 0 && neuron_ws_node_stop(node, 0) != NEURON_WS_OK)
        return NEURON_WS_SYSTEM;
    for (int turns = 0; turns < 2000 && __atomic_load_n(&ended, __ATOMIC_SEQ_CST) < taken; turns++)
        sleep_ms(5);
    return ended == taken ? status : NEURON_WS_SYSTEM;
}

static neuron_ws_status_t call_request_many(neuron_ws_node_t *node)
{
    return request_many(node, false);
}

static neuron_ws_status_t call_request_in_order(neuron_ws_node_t *node)
{
    return request_many(node, true);
}

/* A message of each of so many groups, each with a number and names that are kept. */
static neuron_ws_status_t call_push_groups(neuron_ws_node_t *node)
{
    neuron_ws_tag_t tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&tag, 1);
    char name[16];

    group.group = name;
    for (int index = 0; index < many_groups; index++) {
        neuron_ws_status_t status;
        sprintf(name, "group%d", index);
        status = neuron_ws_node_push(node, &group, NULL);
        if (status != NEURON_WS_OK)
            return status;
    }
    return NEURON_WS_OK;
}

/* The nodes are made with all memory that there is. */
static neuron_ws_status_t call_metrics_of_many(neuron_ws_node_t *node)
{
    static char room[8 << 20];
    long n = fails_at, bytes = limit;
    size_t length = 0;
    neuron_ws_status_t status;

    (void)node;
    fails_at = 0;
    limit = -1;
    for (int index = 0; index < many_nodes; index++) {
        neuron_ws_node_t *other = NULL;
        if (neuron_ws_node_create("one of many", "{\"url\":\"ws://127.0.0.1:1/\"}", NULL, &other) != NEURON_WS_OK)
            return NEURON_WS_SYSTEM;
    }
    fails_at = n;
    limit = bytes;
    status = neuron_ws_metrics_text(NEURON_WS_METRICS_OPENMETRICS, room, sizeof room, &length);
    if (status == NEURON_WS_OK)
        status = neuron_ws_metrics_text(NEURON_WS_METRICS_JSON, room, sizeof room, &length);
    return status;
}

#endif
