// SPDX-License-Identifier: Apache-2.0
/* NULL at every pointer, numbers out of range, and outputs that stay as they were. */
#include "misuse.h"

#include <stdlib.h>

static neuron_ws_node_t *some_node(int port)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;

    OK(neuron_ws_node_create("misuse", settings_for(settings, sizeof settings, port, ""), NULL, &node));
    return node;
}

static void see_no_cache(const neuron_ws_cache_t *cache, void *context)
{
    (void)cache, (void)context;
    CHECK(false);
}

static bool see_no_message(const neuron_ws_cached_message_t *message, void *context)
{
    (void)message, (void)context;
    return CHECK(false);
}

static void null_for_caches(void)
{
    const uint32_t parts = NEURON_WS_CACHE_WAITING | NEURON_WS_CACHE_POISONED;
    uint64_t count = 77;
    char path[5000];

    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = 0;
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_list(NULL, see_no_cache, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_list("/tmp", NULL, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_list("", see_no_cache, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_list(path, see_no_cache, NULL));
    STATUS(NOT_FOUND, neuron_ws_cache_list("/dev/null", see_no_cache, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_read("/tmp", NULL, parts, see_no_message, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_read("/tmp", "n", parts, NULL, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_read("/tmp", "n", 0, see_no_message, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_read("/tmp", "n", 4, see_no_message, NULL));
    STATUS(NOT_FOUND, neuron_ws_cache_read("/dev", "null", parts, see_no_message, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_resend(NULL, "n", &count));
    STATUS(NOT_FOUND, neuron_ws_cache_resend("/dev", "n", &count));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_drop("/tmp", "", parts));
    STATUS(INVALID_ARGUMENT, neuron_ws_cache_drop("/tmp", "n", UINT32_MAX));
    CHECK(count == 77);
}

static void null_without_a_node(void)
{
    neuron_ws_tag_t tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&tag, 1);
    char buffer[256];
    size_t length = 77;
    const char *json = buffer;

    STATUS(INVALID_ARGUMENT, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, NULL, buffer, sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, NULL, 10, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_encode((neuron_ws_format_t)4711, NULL, &group, buffer, sizeof buffer, &length));
    STATUS(INVALID_JSON, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, "{", &group, buffer, sizeof buffer, &length));
#define ENCODE_JSON(text, count, room, size, length) \
    neuron_ws_encode_json(NEURON_WS_FORMAT_VALUES, NULL, text, count, room, size, length)
    STATUS(INVALID_ARGUMENT, ENCODE_JSON(NULL, 0, buffer, sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, ENCODE_JSON(NULL, 2, buffer, sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, ENCODE_JSON("{}", 2, NULL, 10, &length));
    STATUS(INVALID_ARGUMENT, ENCODE_JSON("{}", 2, buffer, sizeof buffer, NULL));
    STATUS(INVALID_JSON, ENCODE_JSON("{}", 0, buffer, sizeof buffer, &length));
    STATUS(INVALID_JSON, ENCODE_JSON("{}", 2, buffer, sizeof buffer, &length));
    STATUS(TOO_BIG, ENCODE_JSON("{}", SIZE_MAX, buffer, sizeof buffer, &length));
    CHECK(length == 77);
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_schema(NULL, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_schema(&json, NULL));
    CHECK(length == 77 && json == buffer);
    STATUS(INVALID_ARGUMENT, neuron_ws_metrics_text(NEURON_WS_METRICS_JSON, NULL, 10, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_metrics_text(NEURON_WS_METRICS_JSON, buffer, sizeof buffer, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_metrics_text(NEURON_WS_METRICS_JSON, buffer, SIZE_MAX, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_metrics_text((neuron_ws_metrics_format_t)2, buffer, sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_metrics_text((neuron_ws_metrics_format_t)-1, buffer, sizeof buffer, &length));
    CHECK(length == 77);
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_url(NULL, "ws://h/"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_header(NULL, "A", "b"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_token(NULL, "t"));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_reply(NULL, "{}", 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_reply((neuron_ws_request_t *)(void *)buffer, NULL, 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_drop(NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_progress(NULL, "{}", 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_progress((neuron_ws_request_t *)(void *)buffer, NULL, 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_reply(NULL, "{}", 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_from_oda(NULL, 0, NEURON_WS_ODA_CONNECTOR, NULL, NULL, NULL, buffer,
                                                         sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_from_oda("", SIZE_MAX / 2 + 1, NEURON_WS_ODA_DISPATCHER, NULL, NULL,
                                                         NULL, buffer, sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_from_oda("", 0, (neuron_ws_oda_file_t)4, NULL, NULL, NULL, buffer,
                                                         sizeof buffer, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_from_oda("", 0, NEURON_WS_ODA_DISPATCHER, NULL, NULL, NULL, NULL, 1,
                                                         &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_from_oda("", 0, NEURON_WS_ODA_DISPATCHER, NULL, NULL, NULL, buffer,
                                                         sizeof buffer, NULL));
}

static void null_at_create(void)
{
    static const char settings[] = "{\"url\":\"ws://127.0.0.1:1/\"}";
    neuron_ws_node_t *node = NULL;
    char name[130];

    STATUS(INVALID_ARGUMENT, neuron_ws_node_create(NULL, settings, NULL, &node));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_create("n", NULL, NULL, &node));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_create("n", settings, NULL, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_create("", settings, NULL, &node));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_create("a\nb", settings, NULL, &node));
    memset(name, 'x', sizeof name);
    name[129] = '\0';
    STATUS(INVALID_ARGUMENT, neuron_ws_node_create(name, settings, NULL, &node));
    STATUS(INVALID_SETTINGS, neuron_ws_node_create("n", "", NULL, &node));
    STATUS(INVALID_SETTINGS, neuron_ws_node_create("n", "[]", NULL, &node));
    CHECK(node == NULL);
    name[128] = '\0';
    OK(neuron_ws_node_create(name, settings, NULL, &node));
    neuron_ws_node_destroy(node);
}

static void settings_past_their_limit_are_refused(void)
{
    size_t size = 5u << 20;
    char *settings = (char *)malloc(size + 1);
    neuron_ws_node_t *node = NULL;

    if (!CHECK(settings != NULL))
        return;
    memset(settings, ' ', size);
    memcpy(settings + size - 26, "{\"url\":\"ws://127.0.0.1:1/\"}", 27);
    settings[size] = '\0';
    CHECK(neuron_ws_node_create("n", settings, NULL, &node) != NEURON_WS_OK && node == NULL);
    memset(settings, '[', size);
    STATUS(INVALID_SETTINGS, neuron_ws_node_create("n", settings + (4u << 20), NULL, &node));
    /* A URL of 100 KB. */
    memset(settings, 'a', 100000);
    memcpy(settings, "{\"url\":\"ws://127.0.0.1:1/", 25);
    strcpy(settings + 100000, "\"}");
    CHECK(neuron_ws_node_create("n", settings, NULL, &node) != NEURON_WS_OK && node == NULL);
    free(settings);
}

static void note_fault(const char *key, const char *text, void *context)
{
    CHECK(strlen(key) < 256 && text[0] != '\0');
    if (context != NULL)
        ++*(int *)context;
}

static void settings_that_are_none(void)
{
    static const char good[] = "{\"url\":\"ws://127.0.0.1:1/\"}";
    size_t size = 4u << 20;
    char *settings = (char *)malloc(size);
    int faults = 0;

    STATUS(INVALID_ARGUMENT, neuron_ws_settings_check(NULL, 0, note_fault, &faults));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_check(NULL, NEURON_WS_NUL_TERMINATED, note_fault, &faults));
    STATUS(INVALID_ARGUMENT, neuron_ws_settings_check(good, SIZE_MAX - 1, note_fault, &faults));
    CHECK(faults == 0);
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check(good, SIZE_MAX / 2, note_fault, &faults));
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check("", 0, note_fault, &faults));
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check(good, sizeof good, note_fault, &faults)); /* its NUL too */
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check("[]", 2, note_fault, &faults));
    CHECK(faults == 4);
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check("[]", 2, NULL, NULL));
    OK(neuron_ws_settings_check(good, sizeof good - 1, NULL, NULL));
    /* As many faults as fit: "a0000000":0, and so on. */
    if (!CHECK(settings != NULL))
        return;
    size_t length = 0, count = 0;
    settings[length++] = '{';
    while (length + 13 < size)
        length += (size_t)sprintf(settings + length, "%s\"a%07d\":0", count ? "," : "", (int)count), count++;
    settings[length++] = '}';
    faults = 0;
    STATUS(INVALID_SETTINGS, neuron_ws_settings_check(settings, length, note_fault, &faults));
    CHECK(faults == NEURON_WS_FAULTS_MAX + 1);
    free(settings);
}

static void null_as_node(void)
{
    neuron_ws_tag_t tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&tag, 1);
    neuron_ws_state_t state;
    neuron_ws_metrics_t metrics;
    neuron_ws_event_t event;
    neuron_ws_command_t command;
    int32_t descriptor = 77;
    uint64_t id = 77;
    size_t length = 77;

    memset(&state, 0, sizeof state);
    memset(&metrics, 0, sizeof metrics);
    memset(&event, 0, sizeof event);
    memset(&command, 0, sizeof command);
    state.size = sizeof state;
    metrics.size = sizeof metrics;
    event.size = sizeof event;
    command.size = sizeof command;
    STATUS(INVALID_ARGUMENT, neuron_ws_node_start(NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_stop(NULL, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_stop_begin(NULL, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_finish(NULL, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_forget(NULL));
    neuron_ws_node_destroy(NULL);
    STATUS(INVALID_ARGUMENT, neuron_ws_node_configure(NULL, "{\"url\":\"ws://h/\"}"));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_subscribe(NULL, "*", "*", NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_unsubscribe(NULL, "*", "*"));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_rename(NULL, "a", NULL, "b", NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push(NULL, &group, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_json(NULL, "{}", 2, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_send(NULL, NEURON_WS_TEXT, "x", 1, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_request(NULL, &command, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_request_cancel(NULL, 1));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_flush(NULL, NEURON_WS_LEVEL_WRITTEN, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_state(NULL, &state));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics(NULL, &metrics));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics_text(NULL, NEURON_WS_METRICS_JSON, NULL, 0, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_set_log_level(NULL, NEURON_WS_LOG_INFO, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_ping(NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_reconnect(NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_trace(NULL, 1));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_event_fd(NULL, NEURON_WS_EVENT_ALL, &descriptor));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_next_event(NULL, &event));
    CHECK(id == 77 && length == 77 && descriptor == 77);
}

static void null_at_a_node(ports_t ports)
{
    neuron_ws_node_t *node = some_node(ports.closed);
    uint64_t id = 77;
    size_t length = 77;
    char buffer[16];
    int32_t descriptor = 77;

    STATUS(INVALID_ARGUMENT, neuron_ws_node_configure(node, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_subscribe(node, NULL, "g", NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_subscribe(node, "d", NULL, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_subscribe(node, "", "g", NULL));
    STATUS(INVALID_JSON, neuron_ws_node_subscribe(node, "d", "g", "{"));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_unsubscribe(node, NULL, "g"));
    STATUS(NOT_FOUND, neuron_ws_node_unsubscribe(node, "d", NULL));
    OK(neuron_ws_node_subscribe(node, "d", "g", NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_rename(node, NULL, NULL, "e", NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_rename(node, "d", NULL, NULL, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_rename(node, "d", "g", "d", NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_rename(node, "d", NULL, "d", "h"));
    STATUS(NOT_FOUND, neuron_ws_node_rename(node, "x", NULL, "y", NULL));
    OK(neuron_ws_node_unsubscribe(node, "d", NULL));
    STATUS(NOT_RUNNING, neuron_ws_node_ping(node));
    STATUS(NOT_RUNNING, neuron_ws_node_reconnect(node));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push(node, NULL, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_json(node, NULL, 5, &id));
    CHECK(neuron_ws_node_push_json(node, NULL, 0, &id) != NEURON_WS_OK);
    CHECK(neuron_ws_node_push_json(node, "{}", 0, &id) != NEURON_WS_OK);
    STATUS(INVALID_ARGUMENT, neuron_ws_node_send(node, NEURON_WS_TEXT, NULL, 5, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_send(node, (neuron_ws_kind_t)3, "x", 1, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_send(node, NEURON_WS_TEXT, "\xff", 1, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_request(node, NULL, &id));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_flush(node, (neuron_ws_level_t)99, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_state(node, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics(node, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, NULL, 10, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, buffer, 10, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, buffer, SIZE_MAX, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_metrics_text(node, (neuron_ws_metrics_format_t)9, buffer, 10, &length));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_set_log_level(node, (neuron_ws_log_level_t)7, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_set_log_level(node, (neuron_ws_log_level_t)-1, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_event_fd(node, NEURON_WS_EVENT_ALL, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_event_fd(node, NEURON_WS_EVENT_ALL + 1, &descriptor));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_next_event(node, NULL));
    CHECK(id == 77 && length == 77 && descriptor == 77);
    /* NULL where the header allows it. */
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, NULL, 0, NULL));
    CHECK(metrics_of(node).messages_accepted == 1);
    neuron_ws_node_destroy(node);
}

static bool refused(neuron_ws_node_t *node, const neuron_ws_group_t *group)
{
    uint64_t id = 77;
    neuron_ws_status_t status = neuron_ws_node_push(node, group, &id);
    return (status == NEURON_WS_INVALID_GROUP || status == NEURON_WS_INVALID_ARGUMENT) && id == 77;
}

static void null_inside_a_group(ports_t ports)
{
    neuron_ws_node_t *node = some_node(ports.closed);
    neuron_ws_tag_t tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&tag, 1);
    neuron_ws_group_t wrong;

    OK(neuron_ws_node_subscribe(node, "*", "*", NULL));
#define WITH(change) (wrong = group, tag = int_tag("t", 1), change, &wrong)
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(wrong.driver = NULL), NULL));
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(wrong.driver = ""), NULL));
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(wrong.group = NULL), NULL));
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(wrong.tags = NULL), NULL));
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(tag.name = NULL), NULL));
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(tag.type = (neuron_ws_type_t)99), NULL));
    STATUS(INVALID_GROUP, neuron_ws_node_push(node, WITH(tag.type = (neuron_ws_type_t)0), NULL));
    STATUS(TOO_BIG, neuron_ws_node_push(node, WITH(wrong.tag_count = NEURON_WS_TAGS_MAX + 1), NULL));
    CHECK(refused(node, WITH((tag.metas = &tag, tag.meta_count = (size_t)-1))) ||
          neuron_ws_node_push(node, &wrong, NULL) == NEURON_WS_TOO_BIG);
    for (int type = NEURON_WS_TYPE_INT8; type <= NEURON_WS_TYPE_CUSTOM; type++) {
        bool text = type == NEURON_WS_TYPE_STRING || type == NEURON_WS_TYPE_CUSTOM ||
                    (type >= NEURON_WS_TYPE_PTR && type <= NEURON_WS_TYPE_ARRAY_CHAR);
        bool array = type == NEURON_WS_TYPE_BYTES ||
                     (type >= NEURON_WS_TYPE_ARRAY_INT8 && type <= NEURON_WS_TYPE_ARRAY_STRING);
        if (text) {
            CHECK(refused(node, WITH((tag.type = (neuron_ws_type_t)type, tag.value.text.data = NULL,
                                      tag.value.text.length = 5))));
            CHECK(refused(node, WITH((tag.type = (neuron_ws_type_t)type, tag.value.text.data = NULL,
                                      tag.value.text.length = NEURON_WS_NUL_TERMINATED))));
        }
        if (array)
            CHECK(refused(node, WITH((tag.type = (neuron_ws_type_t)type, tag.value.array.data = NULL,
                                      tag.value.array.count = 5))));
    }
#undef WITH
    CHECK(metrics_of(node).messages_accepted == 0);
    tag = int_tag("t", 1);
    OK(neuron_ws_node_push(node, &group, NULL));
    group.tag_count = 0;
    group.tags = NULL;
    STATUS(SKIPPED, neuron_ws_node_push(node, &group, NULL));
    neuron_ws_node_destroy(node);
}

static int attempts_seen;

static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context)
{
    (void)node, (void)context;
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_url(attempt, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_header(attempt, NULL, "x"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_header(attempt, "bad name", "x"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_header(attempt, "", "x"));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_token(attempt, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_attempt_set_token(attempt, "a\r\nb"));
    STATUS(WRONG_THREAD, neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 1000));
    __atomic_store_n(&attempts_seen, 1, __ATOMIC_SEQ_CST);
    return NEURON_WS_REFUSED;
}

static void null_at_an_attempt(ports_t ports)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    neuron_ws_host_t host;

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.before_connect = before_connect;
    OK(neuron_ws_node_create("attempt", settings_for(settings, sizeof settings, ports.echo, ""), &host, &node));
    OK(neuron_ws_node_start(node));
    WAIT_UNTIL(__atomic_load_n(&attempts_seen, __ATOMIC_SEQ_CST) == 1);
    WAIT_UNTIL(state_of(node).reason == NEURON_WS_REASON_REFUSED_BY_HOST);
    CHECK(state_of(node).link == 0);
    neuron_ws_node_destroy(node);
}

void misuse_arguments(ports_t ports)
{
    null_without_a_node();
    null_for_caches();
    null_at_create();
    settings_past_their_limit_are_refused();
    settings_that_are_none();
    null_as_node();
    null_at_a_node(ports);
    null_inside_a_group(ports);
    null_at_an_attempt(ports);
}
