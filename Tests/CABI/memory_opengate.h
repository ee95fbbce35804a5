// SPDX-License-Identifier: Apache-2.0
/*
 * The calls of memory.c that concern OpenGate: values that wait for their publishing time, answers to operations, the
 * files of its own agent.
 */
#ifndef NEURON_WS_TEST_MEMORY_OPENGATE_H
#define NEURON_WS_TEST_MEMORY_OPENGATE_H

#include "memory_documents.h"

enum { variables = 12000 };

static const char *const gateway =
    "{\"url\":\"ws://127.0.0.1:1/\",\"format\":\"opengate\",\"device-id\":\"g\",\"api-key\":\"k\","
    "\"queue-max-bytes\":1000000000,\"opengate-publish\":{\"*\":3600}}";
static char oda_file[900000], operation_steps[1 << 20], operation_values[2 << 20], operation_reason[1 << 20];
static char variable_names[variables][16];
static neuron_ws_tag_t variable_list[variables];

static void fill_opengate(void)
{
    size_t length = repeat(oda_file, put(oda_file, 0, "reducedOutput=true\n", 0), 40000, "stream%d=60\n");
    put(oda_file, length, "\n", 0);
    length = put(operation_steps, 0, "{\"id\":\"i\",\"name\":\"n\",\"resultCode\":\"SUCCESSFUL\",\"steps\":[", 0);
    length = put(operation_steps, length, "{\"name\":\"s\",\"result\":\"SUCCESSFUL\"}", 0);
    length = repeat(operation_steps, length, 500000, ",{\"name\":\"s%d\",\"result\":\"SUCCESSFUL\"}");
    put(operation_steps, length, "]}", 0);
    length = put(operation_values, 0, "{\"id\":\"i\",\"name\":\"REFRESH_INFO\",\"groups\":[", 0);
    length = put(operation_values, length, "{\"group\":\"g\",\"error\":7}", 0);
    for (int group = 0; group < 3; group++) {
        length = put(operation_values, length, ",{\"group\":\"g%d\",\"tags\":[{\"name\":\"v\",\"value\":1}", group);
        length = repeat(operation_values, length, length + 300000, ",{\"name\":\"v%d\",\"value\":[1,\"two\"]}");
        length = put(operation_values, length, "]}", 0);
    }
    put(operation_values, length, "]}", 0);
    length = put(operation_reason, 0, "{\"id\":\"i\",\"name\":\"n\",\"error\":7,\"reason\":\"", 0);
    length = repeat(operation_reason, length, 500000, "why\\n%d");
    put(operation_reason, length, "\"}", 0);
    for (int index = 0; index < variables; index++) {
        snprintf(variable_names[index], sizeof variable_names[index], "v%d", index);
        variable_list[index] = text_tag(variable_names[index], "some text of its value", NEURON_WS_NUL_TERMINATED);
    }
}

/* Many values of one group, and then so many times that all that waits is published before its time. */
static neuron_ws_status_t call_gather(neuron_ws_node_t *node)
{
    neuron_ws_group_t group = group_of(variable_list, variables);
    neuron_ws_status_t status = neuron_ws_node_configure(node, gateway);

    for (int index = 0; index < 7 && status == NEURON_WS_OK; index++)
        status = neuron_ws_node_push(node, &group, NULL);
    return status;
}

static neuron_ws_status_t replied(neuron_ws_node_t *node, const char *answer)
{
    neuron_ws_status_t status = neuron_ws_node_configure(node, gateway);
    return status == NEURON_WS_OK ? neuron_ws_node_reply(node, answer, strlen(answer)) : status;
}

static neuron_ws_status_t call_node_reply(neuron_ws_node_t *node)
{
    return replied(node, operation_steps);
}

static neuron_ws_status_t call_reply_values(neuron_ws_node_t *node)
{
    return replied(node, operation_values);
}

static neuron_ws_status_t call_reply_reason(neuron_ws_node_t *node)
{
    return replied(node, operation_reason);
}

static neuron_ws_status_t call_from_oda(neuron_ws_node_t *node)
{
    static char output[2 << 20];
    size_t length;
    (void)node;
    return neuron_ws_settings_from_oda(oda_file, NEURON_WS_NUL_TERMINATED, NEURON_WS_ODA_DISPATCHER, NULL, NULL, NULL,
                                       output, sizeof output, &length);
}

static neuron_ws_status_t call_check(neuron_ws_node_t *node)
{
    (void)node;
    return neuron_ws_settings_check(settings_of_many, NEURON_WS_NUL_TERMINATED, NULL, NULL);
}

#endif
