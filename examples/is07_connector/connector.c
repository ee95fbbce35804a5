// SPDX-License-Identifier: Apache-2.0
/* An NMOS IS-07 connector: connector URL SOURCE - subscribes, reports its health, prints link and messages. */
#include <neuron_ws.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void show(const char *what, const void *text, size_t length)
{
    printf("%s %.*s\n", what, (int)length, text == NULL ? "" : (const char *)text);
    fflush(stdout);
}

static void on_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context)
{
    (void)node, (void)kind, (void)context;
    show("message", bytes, length);
}

static void on_response(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context)
{
    (void)node, (void)id, (void)context;
    show(neuron_ws_status_name(status), bytes, length);
}

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context)
{
    static int32_t link;
    const char *source = context;
    char text[256];
    if (state->link == link)
        return;
    link = state->link;
    show(link == 1 ? "link 1" : "link 0", state->message, strlen(state->message));
    snprintf(text, sizeof text, "{\"command\":\"subscription\",\"sources\":[\"%s\"]}", source);
    neuron_ws_command_t command = {
        .size = sizeof command, .kind = NEURON_WS_TEXT, .bytes = text, .length = strlen(text), .timeout_ms = 5000,
        .retries = 2, .match_member = "/identity/source_id", .match_value = source, .on_response = on_response};
    if (link == 1)
        neuron_ws_node_request(node, &command, NULL);
}

int main(int count, char **words)
{
    static const char form[] = /* a heartbeat every 5 s, and the server is gone that leaves one unanswered for 10 s */
        "{\"url\":\"%s\",\"reconnect-max\":2,\"heartbeat\":{\"message\":\"{\\\"command\\\":\\\"health\\\",\\\"timestamp"
        "\\\":\\\"${tai}\\\"}\",\"interval\":5,\"timeout\":10,\"match-member\":\"message_type\",\"match-value\":"
        "\"health\"}}";
    char settings[1024];
    neuron_ws_node_t *node = NULL;
    sigset_t signals;
    int signal;
    if (count != 3 || snprintf(settings, sizeof settings, form, words[1]) >= (int)sizeof settings)
        return 2;
    neuron_ws_host_t host = {.size = sizeof host, .on_state = on_state, .on_message = on_message, .context = words[2]};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (neuron_ws_node_create("is07", settings, &host, &node) != NEURON_WS_OK ||
        neuron_ws_node_start(node) != NEURON_WS_OK)
        return fprintf(stderr, "%s\n", neuron_ws_last_error()), 1;
    sigwait(&signals, &signal);
    neuron_ws_node_destroy(node);
    return 0;
}
