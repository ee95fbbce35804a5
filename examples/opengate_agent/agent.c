// SPDX-License-Identifier: Apache-2.0
/*
 * An OpenGate agent: two sensors, an actuator, and what the platform may ask of them.
 *
 *     agent SETTINGS.json SECONDS
 */
#include <neuron_ws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const steps[] = {"BEGINUPDATE", "DOWNLOADFILE", "BEGININSTALL", "ENDINSTALL", "ENDUPDATE"};
static neuron_ws_tag_t tags[] = {
    {.name = "temperature", .type = NEURON_WS_TYPE_DOUBLE, .value = {.d64 = 21.5}},
    {.name = "pressure", .type = NEURON_WS_TYPE_DOUBLE, .value = {.d64 = 1013.25}},
    {.name = "valve", .type = NEURON_WS_TYPE_BOOL},
};
static neuron_ws_group_t fast = {.size = sizeof fast, .driver = "gateway1", .group = "fast", .tags = tags,
                                 .tag_count = 3, .tag_size = sizeof *tags};

/* All values, from which the library takes those that are asked for. */
static void answer_values(neuron_ws_request_t *request)
{
    char answer[1024];
    size_t length = 0;
    if (neuron_ws_encode(NEURON_WS_FORMAT_READ_RESPONSE, "{\"uuid\":\"\"}", &fast, answer, sizeof answer, &length) ==
        NEURON_WS_OK)
        neuron_ws_request_reply(request, answer, length);
}

/* Says what became of the valve; of any other variable the library answers that nobody did anything. */
static void set_valve(neuron_ws_request_t *request, const neuron_ws_request_info_t *info)
{
    static const char set[] = "{\"tags\":[{\"name\":\"valve\",\"error\":0}]}", nothing[] = "{\"tags\":[]}";
    const char *answer = nothing;
    for (size_t i = 0; i < info->tag_count; i++) {
        const neuron_ws_tag_t *tag = (const void *)((const char *)info->tags + i * info->tag_size);
        if (strcmp(tag->name, "valve") == 0 && tag->type == NEURON_WS_TYPE_BOOL) {
            tags[2].value = tag->value;
            answer = set;
        }
    }
    neuron_ws_request_reply(request, answer, strlen(answer));
}

static void update(neuron_ws_request_t *request)
{
    char text[1024] = "{\"steps\":[";
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t length = strlen(text);
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "%s{\"name\":\"%s\",\"result\":\"SUCCESSFUL\",\"description\":\"\"}]}",
                                   i > 0 ? "," : "", steps[i]);
        neuron_ws_request_progress(request, text, length);
        if (i + 1 < sizeof steps / sizeof *steps)
            text[length - 2] = '\0'; /* the next step goes on behind this one */
    }
    neuron_ws_request_reply(request, text, strlen(text));
}

static void asked(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                  void *context)
{
    static const char not_ours[] = "{\"resultCode\":\"NOT_SUPPORTED\"}";
    (void)node, (void)context;
    if (strcmp(info->action, "GET_DEVICE_PARAMETERS") == 0 || strcmp(info->action, "REFRESH_INFO") == 0) {
        answer_values(request);
    } else if (strcmp(info->action, "UPDATE") == 0) {
        update(request);
    } else if (strcmp(info->action, "SET_DEVICE_PARAMETERS") == 0) {
        set_valve(request, info);
    } else {
        neuron_ws_request_reply(request, not_ours, sizeof not_ours - 1);
    }
}

int main(int count, char **words)
{
    char settings[8192] = "";
    neuron_ws_host_t host = {.size = sizeof host, .on_request = asked};
    neuron_ws_node_t *node = NULL;
    FILE *file = count == 3 ? fopen(words[1], "r") : NULL;
    if (file == NULL || fread(settings, 1, sizeof settings - 1, file) == 0) {
        fprintf(stderr, "agent SETTINGS.json SECONDS\n");
        return 2;
    }
    fclose(file);
    if (neuron_ws_node_create("agent", settings, &host, &node) != NEURON_WS_OK ||
        neuron_ws_node_subscribe(node, "*", "*", NULL) != NEURON_WS_OK || neuron_ws_node_start(node) != NEURON_WS_OK) {
        fprintf(stderr, "%s\n", neuron_ws_last_error());
        return 1;
    }
    for (int left = atoi(words[2]); left > 0; left--) {
        neuron_ws_node_push(node, &fast, NULL);
        sleep(1);
    }
    neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 5000);
    neuron_ws_node_stop(node, 2000);
    neuron_ws_node_destroy(node);
    return 0;
}
