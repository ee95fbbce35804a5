// SPDX-License-Identifier: Apache-2.0
/*
 * Every function of neuron_ws.h, used once as it is meant to be. Compiles as C99 and, included by every_function.cpp,
 * as C++17.
 *
 * every_function PORT - an echoing WebSocket server listens on 127.0.0.1:PORT.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "first_version.h"
#include "without_a_node.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

int checks_passed;
int checks_failed;

static int port;

/* What the callbacks have seen; written on the loop thread, read on the main thread. */
static struct {
    int states;
    int links;
    int messages;
    int deliveries;
    int logs;
    int traced;
    int attempts;
    int sendings;
    int requests;
    int responses;
    int cancelled;
    int rooms;
} seen;

#define COUNT(member) __atomic_fetch_add(&seen.member, 1, __ATOMIC_SEQ_CST)
#define SEEN(member) __atomic_load_n(&seen.member, __ATOMIC_SEQ_CST)

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context)
{
    CHECK(node != NULL && context == &seen && state->size > 0);
    COUNT(states);
    if (state->link == 1)
        COUNT(links);
}

static void on_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context)
{
    CHECK(node != NULL && context == &seen && bytes != NULL && length > 0);
    CHECK(kind == NEURON_WS_TEXT || kind == NEURON_WS_BINARY);
    COUNT(messages);
}

/* A write is answered by what neuron_ws_encode makes of it, all else is dropped. */
static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context)
{
    char answer[128], options[64];
    size_t length = 0;
    neuron_ws_request_info_t again;

    CHECK(node != NULL && context == &seen && info->size == sizeof *info && info->json_length == strlen(info->json));
    memset(&again, 0, sizeof again);
    again.size = sizeof again;
    OK(neuron_ws_request_info(request, &again));
    CHECK(memcmp(&again, info, sizeof again) == 0);
    COUNT(requests);
    if (info->kind != NEURON_WS_REQUEST_WRITE) {
        OK(neuron_ws_request_drop(request));
        return;
    }
    CHECK(strcmp(info->driver, "plc1") == 0 && strcmp(info->group, "fast") == 0 && !info->tag_list);
    CHECK(info->tag_count == 1 && strcmp(info->tags[0].name, "t") == 0);
    CHECK(info->tags[0].type == NEURON_WS_TYPE_INT64 && info->tags[0].value.i64 == 7);
    /* Only an operation has steps. */
    STATUS(UNSUPPORTED, neuron_ws_request_progress(request, "{\"steps\":[]}", 12));
    snprintf(options, sizeof options, "{\"uuid\":\"%s\",\"error\":0}", info->uuid);
    OK(neuron_ws_encode(NEURON_WS_FORMAT_WRITE_RESPONSE, options, NULL, answer, sizeof answer, &length));
    OK(neuron_ws_request_reply(request, answer, length));
}

static void on_delivery(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                        void *context)
{
    CHECK(node != NULL && context == &seen && id > 0);
    CHECK(outcome == NEURON_WS_DELIVERED && level == NEURON_WS_LEVEL_WRITTEN);
    COUNT(deliveries);
}

static void on_log(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context)
{
    (void)node;
    CHECK(context == &seen && level >= NEURON_WS_LOG_DEBUG && level < NEURON_WS_LOG_OFF);
    CHECK(strchr(text, '\n') == NULL);
    COUNT(logs);
    if (strcmp(text, "> text, 6 bytes: traced") == 0 || strcmp(text, "< text, 6 bytes: traced") == 0)
        COUNT(traced);
}

static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context)
{
    char url[64];
    CHECK(node != NULL && context == &seen);
    COUNT(attempts);
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/attempt", port);
    OK(neuron_ws_attempt_set_url(attempt, url));
    OK(neuron_ws_attempt_set_header(attempt, "X-Every", "function"));
    OK(neuron_ws_attempt_set_header(attempt, "X-From-Settings", NULL));
    OK(neuron_ws_attempt_set_token(attempt, "token-of-this-attempt"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_header(attempt, "Sec-WebSocket-Key", "x"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_header(attempt, "X-Every", "a\r\nInjected: b"));
    STATUS(INVALID_SETTINGS, neuron_ws_attempt_set_url(attempt, "http://127.0.0.1/"));
    return NEURON_WS_OK;
}

static bool before_send(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                        void *context)
{
    CHECK(node != NULL && kind != 0 && bytes != NULL && length > 0 && context == &seen);
    COUNT(sendings);
    return true;
}

static neuron_ws_host_t whole_host(void)
{
    neuron_ws_host_t host;
    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &seen;
    host.on_state = on_state;
    host.on_message = on_message;
    host.on_request = on_request;
    host.on_delivery = on_delivery;
    host.on_log = on_log;
    host.before_connect = before_connect;
    host.before_send = before_send;
    return host;
}

#define HEADERS ",\"headers\":{\"X-From-Settings\":\"yes\"}"

static void a_nodes_life(void)
{
    char settings[512];
    neuron_ws_node_t *node = NULL;
    neuron_ws_host_t host = whole_host();
    uint64_t id = 0;
    size_t length = 0;
    char text[16384];

    STATUS(INVALID_SETTINGS, neuron_ws_node_create("n", "{\"url\":\"ws://h/\",\"oops\":1}", &host, &node));
    CHECK(node == NULL && strstr(neuron_ws_last_error(), "oops") != NULL);

    settings_for(settings, sizeof settings, port, ",\"log-level\":\"debug\"" HEADERS);
    if (!OK(neuron_ws_node_create("every-function", settings, &host, &node)))
        return;
    OK(neuron_ws_node_subscribe(node, "plc1", "*", "{\"static_tags\":{\"site\":\"A\"}}"));
    OK(neuron_ws_node_rename(node, "plc1", NULL, "plc2", NULL));
    OK(neuron_ws_node_unsubscribe(node, "plc2", "*"));
    OK(neuron_ws_node_subscribe(node, "*", "*", NULL));
    OK(neuron_ws_node_start(node));

    neuron_ws_tag_t tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&tag, 1);
    OK(neuron_ws_node_push(node, &group, &id));
    CHECK(id == 1);
    static const char json[] = "{\"node\":\"plc1\",\"group\":\"fast\",\"values\":{\"t\":2}}";
    OK(neuron_ws_node_push_json(node, json, strlen(json), &id));
    CHECK(id == 2);
    OK(neuron_ws_node_send(node, NEURON_WS_BINARY, "\0\1", 2, &id));
    CHECK(id == 3);
    OK(neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 10000));
    WAIT_UNTIL(SEEN(messages) == 3);
    WAIT_UNTIL(SEEN(deliveries) == 3);
    CHECK(SEEN(states) > 0 && SEEN(links) == 1 && SEEN(attempts) >= 1 && SEEN(sendings) == 3);

    neuron_ws_state_t state = state_of(node);
    CHECK(state.link == 1 && state.phase == NEURON_WS_PHASE_OPEN && state.http_status == 101 && !state.tls);
    CHECK(state.level == NEURON_WS_LEVEL_WRITTEN && state.message[0] != '\0');
    CHECK(strstr(state.url, "ws://") == state.url);
    neuron_ws_metrics_t metrics = metrics_of(node);
    CHECK(metrics.messages_accepted == 3 && metrics.messages_sent == 3 && metrics.messages_received == 3);
    CHECK(metrics.tags_sent == 2 && metrics.link == 1);

    OK(neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_OPENMETRICS, text, sizeof text, &length));
    CHECK(length > 6 && length < sizeof text);
    STATUS(BUFFER_TOO_SMALL, neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, NULL, 0, &length));
    CHECK(length > 0);
    OK(neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, text, sizeof text, &length));
    CHECK(text[0] == '{' && text[length - 1] == '}');

    uint64_t pongs = metrics.pongs_received;
    OK(neuron_ws_node_ping(node));
    WAIT_UNTIL(metrics_of(node).pongs_received > pongs);
    CHECK(metrics_of(node).round_trip_us > 0 && metrics_of(node).pings_sent > metrics.pings_sent);

    uint64_t opened = metrics_of(node).connections_opened;
    OK(neuron_ws_node_reconnect(node));
    WAIT_UNTIL(metrics_of(node).connections_opened > opened);

    /* On the open connection, whatever the log's level is; the server sends it back. */
    WAIT_UNTIL(state_of(node).link == 1);
    OK(neuron_ws_node_set_log_level(node, NEURON_WS_LOG_OFF, 0));
    OK(neuron_ws_node_trace(node, 600));
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "traced", 6, NULL));
    WAIT_UNTIL(SEEN(traced) == 2);
    OK(neuron_ws_node_trace(node, 0));
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "traced", 6, NULL));
    WAIT_UNTIL(SEEN(messages) == 5);
    CHECK(SEEN(traced) == 2);
    OK(neuron_ws_metrics_text(NEURON_WS_METRICS_JSON, text, sizeof text, &length));
    CHECK(text[0] == '[' && text[length - 1] == ']');
    STATUS(BUFFER_TOO_SMALL, neuron_ws_metrics_text(NEURON_WS_METRICS_OPENMETRICS, NULL, 0, &length));
    CHECK(length > 0);

    OK(neuron_ws_node_set_log_level(node, NEURON_WS_LOG_DEBUG, 0));
    WAIT_UNTIL(state_of(node).link == 1);
    uint64_t ended = metrics_of(node).disconnections;
    /* Nothing that concerns the connection changes, so it stays. */
    OK(neuron_ws_node_configure(node, settings_for(settings, sizeof settings, port, ",\"upload_err\":false" HEADERS)));
    CHECK(state_of(node).link == 1 && metrics_of(node).disconnections == ended);
    OK(neuron_ws_node_stop_begin(node, 5000));
    WAIT_UNTIL(state_of(node).phase == NEURON_WS_PHASE_IDLE);
    OK(neuron_ws_node_stop(node, 5000));
    STATUS(NOT_RUNNING, neuron_ws_node_stop_begin(node, 5000));
    state = state_of(node);
    CHECK(state.link == 0 && state.phase == NEURON_WS_PHASE_IDLE && state.reason == NEURON_WS_REASON_STOPPED);
    CHECK(SEEN(logs) > 0);
    neuron_ws_node_destroy(node);
    neuron_ws_node_destroy(NULL);
}

/* The server sends back what it gets: a request that we send becomes one of its own. */
static void requests_and_states(void)
{
    static const char write[] = "{\"uuid\":\"w1\",\"node\":\"plc1\",\"group\":\"fast\",\"tag\":\"t\",\"value\":7}";
    static const char read[] = "{\"uuid\":\"r1\",\"node\":\"plc1\",\"group\":\"fast\"}";
    char settings[512];
    neuron_ws_node_t *node = NULL;
    neuron_ws_host_t host;
    neuron_ws_driver_state_t states[2];
    uint64_t id = 0;

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &seen;
    host.on_request = on_request;
    settings_for(settings, sizeof settings, port,
                 ",\"upload_drv_state\":true,\"upload_drv_state_interval\":9,\"allow-requests\":\"all\"");
    if (!OK(neuron_ws_node_create("requests", settings, &host, &node)))
        return;
    CHECK(state_of(node).states_interval_s == 9);
    OK(neuron_ws_node_start(node));
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, write, strlen(write), NULL));
    OK(neuron_ws_node_send(node, NEURON_WS_BINARY, read, strlen(read), NULL));
    WAIT_UNTIL(SEEN(requests) == 2);
    /* The write's answer was sent too. */
    WAIT_UNTIL(metrics_of(node).messages_sent == 3);
    CHECK(metrics_of(node).requests_received == 2 && metrics_of(node).requests_malformed == 0);

    memset(states, 0, sizeof states);
    states[0].node = "modbus";
    states[0].link = 1;
    states[0].running = 3;
    states[0].is_driver = true;
    states[1].node = "an-app";
    OK(neuron_ws_node_push_states(node, states, 2, sizeof *states, &id));
    CHECK(id == 4);
    STATUS(SKIPPED, neuron_ws_node_push_states(node, &states[1], 1, sizeof *states, NULL));
    OK(neuron_ws_node_reply(node, "{\"id\":\"1\",\"name\":\"REBOOT_EQUIPMENT\",\"error\":0}", 46));
    neuron_ws_node_destroy(node);
}

static void events_instead_of_callbacks(void)
{
    char settings[512];
    neuron_ws_node_t *node = NULL;
    int32_t descriptor = -1;
    uint32_t kinds = 0;

    settings_for(settings, sizeof settings, port, "");
    if (!OK(neuron_ws_node_create("events", settings, NULL, &node)))
        return;
    OK(neuron_ws_node_event_fd(node, NEURON_WS_EVENT_ALL, &descriptor));
    OK(neuron_ws_node_start(node));
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "hello", 5, NULL));
    while ((kinds & NEURON_WS_EVENT_MESSAGE) == 0) {
        struct pollfd poll_descriptor;
        neuron_ws_event_t event;
        neuron_ws_status_t status;
        poll_descriptor.fd = descriptor;
        poll_descriptor.events = POLLIN;
        if (!CHECK(poll(&poll_descriptor, 1, 20000) == 1))
            break;
        memset(&event, 0, sizeof event);
        event.size = sizeof event;
        while ((status = neuron_ws_node_next_event(node, &event)) == NEURON_WS_OK) {
            kinds |= event.kind;
            if (event.kind == NEURON_WS_EVENT_MESSAGE)
                CHECK(event.message_kind == NEURON_WS_TEXT && event.length == 5 &&
                      memcmp(event.bytes, "hello", 5) == 0);
            if (event.kind == NEURON_WS_EVENT_LOG)
                CHECK(event.length > 0 && strlen((const char *)event.bytes) == event.length &&
                      strchr((const char *)event.bytes, '\n') == NULL &&
                      event.log_category == NEURON_WS_CATEGORY_CONNECTION);
            else
                CHECK(event.log_category == NEURON_WS_CATEGORY_NONE);
            if (event.kind == NEURON_WS_EVENT_DELIVERY)
                CHECK(event.id == 1 && event.outcome == NEURON_WS_DELIVERED);
        }
        STATUS(NO_EVENT, status);
    }
    CHECK((kinds & NEURON_WS_EVENT_STATE) != 0 && (kinds & NEURON_WS_EVENT_DELIVERY) != 0);
    CHECK((kinds & NEURON_WS_EVENT_LOG) != 0);
    neuron_ws_node_destroy(node);
}

/* What is left when a node ends: one event for a host of this version, one for each message for one of the first. */
static void the_last_outcomes(bool first)
{
    char settings[512];
    neuron_ws_node_t *node = NULL;
    neuron_ws_event_t event;
    int32_t descriptor = -1;
    uint64_t told = 0;
    int events = 0;

    settings_for(settings, sizeof settings, port, "");
    if (!OK(neuron_ws_node_create("last", settings, NULL, &node)))
        return;
    OK(neuron_ws_node_event_fd(node, NEURON_WS_EVENT_DELIVERY, &descriptor));
    for (int number = 0; number < 100; number++)
        OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    OK(neuron_ws_node_finish(node, 1000));
    OK(neuron_ws_node_forget(node));
    STATUS(NOT_RUNNING, neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    STATUS(NOT_RUNNING, neuron_ws_node_start(node));
    memset(&event, 0, sizeof event);
    event.size = first ? sizeof(first_event_t) : sizeof event;
    while (neuron_ws_node_next_event(node, &event) == NEURON_WS_OK) {
        CHECK(event.kind == NEURON_WS_EVENT_DELIVERY && event.outcome == NEURON_WS_DROPPED_STOPPED);
        CHECK(event.id == told + 1 && event.count == (first ? 0 : 100));
        CHECK(event.close_code == 0 && event.bytes == NULL && event.length == 0);
        told += first ? 1 : event.count;
        events++;
    }
    CHECK(told == 100 && events == (first ? 100 : 1));
    OK(neuron_ws_node_finish(node, 0));
    neuron_ws_node_destroy(node);
}

#include "with_commands.h"
#include "with_caches.h"

static void what_a_later_version_does(void)
{
    char settings[512];
    neuron_ws_node_t *node = NULL;

    settings_for(settings, sizeof settings, port, "");
    if (!OK(neuron_ws_node_create("later", settings, NULL, &node)))
        return;
    STATUS(UNSUPPORTED, neuron_ws_node_flush(node, NEURON_WS_LEVEL_STORED, 0));
    STATUS(UNSUPPORTED, neuron_ws_node_flush(node, NEURON_WS_LEVEL_PEER_PARSED, 0));
    STATUS(UNSUPPORTED, neuron_ws_node_flush(node, NEURON_WS_LEVEL_APP_ACKED, 0));
    neuron_ws_node_destroy(node);
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    port = atoi(arguments[1]);
    version_and_errors();
    names();
    encoding();
    a_check_of_settings();
    settings_from_oda();
    a_nodes_life();
    requests_and_states();
    events_instead_of_callbacks();
    the_last_outcomes(false);
    the_last_outcomes(true);
    commands();
    caches();
    what_a_later_version_does();
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
