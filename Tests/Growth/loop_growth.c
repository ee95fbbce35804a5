// SPDX-License-Identifier: Apache-2.0
/*
 * What the loop's thread does for a message of a server's: peers.py is the server, and GROWTH_URL where it is. Waits
 * until the message "end" has come.
 *
 *     loop_growth CASE SIZE      loop_growth (lists the cases, as growth_case.h says)
 */
#include "growth_inputs.h"
#include <semaphore.h>

static sem_t ended;
static neuron_ws_host_t host = {.size = sizeof host};

static void on_message(neuron_ws_node_t *from, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context) {
    (void)from, (void)kind, (void)context;
    if (length == 3 && memcmp(bytes, "end", 3) == 0) sem_post(&ended);
}

static void on_request(neuron_ws_node_t *from, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context) {
    (void)from, (void)info, (void)context;
    check(neuron_ws_request_reply(request, "{\"error\":0}", 11), "reply");
}

static void on_response(neuron_ws_node_t *from, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context) {
    (void)from, (void)id, (void)status, (void)bytes, (void)length, (void)context;
}

static bool never(const uint8_t *bytes, size_t length, void *context) {
    (void)bytes, (void)length, (void)context;
    return false;
}

static void start(const char *more) {
    char *settings = malloc(4096);
    snprintf(settings, 4096,
             "{\"url\":\"%s\",\"log-level\":\"off\",\"reconnect-min\":0.01,\"reconnect-max\":0.01,"
             "\"compression\":\"on\",\"allow-requests\":\"all\"%s}", getenv("GROWTH_URL"), more);
    host.on_message = on_message;
    check(neuron_ws_node_create("growth", settings, &host, &node), "create");
    check(neuron_ws_node_start(node), "start");
}

/* Each of two bytes: the server knows by that when it has them all. */
static void ask(size_t count, bool by_member, uint32_t retries) {
    for (size_t index = 0; index < count; index++) {
        char name[32], value[32];
        snprintf(name, sizeof name, index % 2 > 0 ? "/a/%zu" : "member%zu", index);
        snprintf(value, sizeof value, "%zu", index);
        neuron_ws_command_t command = {.size = sizeof command, .kind = NEURON_WS_TEXT, .bytes = "do", .length = 2,
                                       .timeout_ms = 3600000, .retries = retries, .on_response = on_response};
        if (by_member) {
            command.match_member = count > 16 ? "id" : name;
            command.match_value = value;
        } else {
            command.matches = never;
        }
        check(neuron_ws_node_request(node, &command, NULL), "request");
    }
}

static void start_bare(void) { start(""); }
static void start_with_requests(void) {
    host.on_request = on_request;
    start_bare();
}
static void start_gateway(void) {
    host.on_request = on_request;
    start(",\"format\":\"opengate\",\"device-id\":\"gw\",\"api-key\":\"k\"");
}
static void start_with_heartbeat(void) {
    start(",\"heartbeat\":{\"message\":\"alive\",\"interval\":0.1,\"timeout\":3600,\"match-member\":\"/a/b\"}");
}
static void start_acknowledged(void) { start(",\"delivery\":\"app-acked\""); }
static void start_with_members(void) {
    start_bare();
    ask(16, true, 0);
}
static void start_with_commands(void) {
    start_bare();
    ask(size, true, 0);
}
static void start_with_retries(void) {
    start_bare();
    ask(size, true, 1);
}
static void start_with_functions(void) {
    start_bare();
    ask(size, false, 0);
}

static void wait_for_end(void) {
    while (sem_wait(&ended) != 0) continue;
}

static const struct growth_case cases[] = {
    {"members", 4000, LINEAR, start_with_members, wait_for_end, "members that 16 commands ask for"},
    {"escaped", 4000, LINEAR, start_with_members, wait_for_end, "escaped names among them"},
    {"elements", 8000, LINEAR, start_with_members, wait_for_end, "elements of an array that they ask for"},
    {"heartbeat", 4000, LINEAR, start_with_heartbeat, wait_for_end, "members that a heartbeat asks for"},
    {"numbers", 4000, LINEAR, start_acknowledged, wait_for_end, "numbers in an acknowledgement"},
    {"documents", 2000, LINEAR, start_acknowledged, wait_for_end, "acknowledgements in an array"},
    {"responses", 2000, LINEAR, start_with_commands, wait_for_end, "commands that are answered, the last first"},
    {"functions", 2000, LINEAR, start_with_functions, wait_for_end, "functions of commands, a message"},
    {"lost", 2000, LINEAR, start_with_commands, wait_for_end, "commands whose connection ends"},
    {"retries", 2000, LINEAR, start_with_retries, wait_for_end, "commands that are tried again"},
    {"unknown", 4000, LINEAR, start_with_requests, wait_for_end, "unknown members of a request"},
    {"read", 4000, LINEAR, start_with_requests, wait_for_end, "tags that a server reads"},
    {"write", 2000, LINEAR, start_with_requests, wait_for_end, "tags that a server writes"},
    {"requests", 500, LINEAR, start_with_requests, wait_for_end, "requests in an array"},
    {"variables", 2000, LINEAR, start_gateway, wait_for_end, "variables of an operation"},
    {"old_variables", 2000, LINEAR, start_gateway, wait_for_end, "variables in the old form"},
    {"frames", 8000, LINEAR, start_bare, wait_for_end, "frames of a message"},
    {"fields", 60, LINEAR, start_bare, wait_for_end, "header fields of the answer to the handshake"},
    {"inflated", 1000, LINEAR, start_bare, wait_for_end, "kilobytes of a compressed message"},
};

int main(int argc, char **argv) {
    sem_init(&ended, 0, 0);
    return growth_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
