// SPDX-License-Identifier: Apache-2.0
/* Commands with their responses; part of every_function.c. */
#ifndef NEURON_WS_TEST_WITH_COMMANDS_H
#define NEURON_WS_TEST_WITH_COMMANDS_H

/* The server sends back what it gets: a command is its own response. */
static void on_response(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context)
{
    CHECK(node != NULL && id > 0);
    if (status == NEURON_WS_OK) {
        CHECK(length == strlen((const char *)context) && memcmp(bytes, context, length) == 0);
        COUNT(responses);
    } else {
        CHECK(status == NEURON_WS_CANCELLED && bytes == NULL && length == 0);
        COUNT(cancelled);
    }
}

static bool matches(const uint8_t *bytes, size_t length, void *context)
{
    return length == strlen((const char *)context) && memcmp(bytes, context, length) == 0;
}

static void on_room(neuron_ws_node_t *node, void *context)
{
    CHECK(node != NULL && context == &seen);
    COUNT(rooms);
}

static void commands(void)
{
    static char by_member[] = "{\"a\":{\"id\":7}}", by_function[] = "by function", in_order[] = "in order";
    static char nothing[] = "no response has this";
    char settings[512];
    neuron_ws_node_t *node = NULL;
    neuron_ws_host_t host;
    neuron_ws_command_t command;
    uint64_t id = 0;

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &seen;
    host.on_room = on_room;
    settings_for(settings, sizeof settings, port, ",\"queue-max-messages\":2");
    if (!OK(neuron_ws_node_create("commands", settings, &host, &node)))
        return;
    /* While the queue is full a command still goes. */
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "1", 1, NULL));
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "2", 1, NULL));
    STATUS(QUEUE_FULL, neuron_ws_node_send(node, NEURON_WS_TEXT, "3", 1, NULL));
    OK(neuron_ws_node_start(node));
    memset(&command, 0, sizeof command);
    command.size = sizeof command;
    command.kind = NEURON_WS_TEXT;
    command.timeout_ms = 60000;
    command.on_response = on_response;
    command.context = nothing;
    command.matches = matches;
    OK(neuron_ws_node_request(node, &command, &id));
    CHECK(id == 1);
    command.bytes = command.context = by_function;
    command.length = strlen(by_function);
    OK(neuron_ws_node_request(node, &command, &id));
    command.bytes = command.context = by_member;
    command.length = strlen(by_member);
    command.matches = NULL;
    command.match_member = "/a/id";
    command.match_value = "7";
    OK(neuron_ws_node_request(node, &command, &id));
    CHECK(id == 3);
    WAIT_UNTIL(SEEN(responses) == 2);
    WAIT_UNTIL(SEEN(rooms) == 1);
    WAIT_UNTIL(metrics_of(node).messages_received == 5);
    command.bytes = command.context = in_order;
    command.length = strlen(in_order);
    command.match_member = command.match_value = NULL;
    command.retries = 1;
    OK(neuron_ws_node_request(node, &command, NULL));
    WAIT_UNTIL(SEEN(responses) == 3);
    OK(neuron_ws_node_request_cancel(node, 1));
    WAIT_UNTIL(SEEN(cancelled) == 1);
    STATUS(NOT_FOUND, neuron_ws_node_request_cancel(node, 1));
    CHECK(SEEN(rooms) == 1);
    neuron_ws_node_destroy(node);
}

#endif
