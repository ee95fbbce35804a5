// SPDX-License-Identifier: Apache-2.0
/* Every function of the header inside every callback, and then each way to go on or to end. run.py holds the list. */
#include "misuse.h"

enum place {
    in_state, in_message, in_request, in_delivery, in_log, in_connect, in_send, in_room, in_matches, in_response, places
};
enum way { goes_on, begins_to_stop, stops, finishes, destroys, ways };

/* What the callbacks of one node do and have seen; the loop thread's but for the flags. */
typedef struct everywhere {
    enum place where; /* which callback does it all */
    enum way way;
    int port;
    int entered;
    int done;
    int later; /* callbacks behind a destroy */
    int ends;  /* of commands */
    neuron_ws_node_t *node;
    neuron_ws_attempt_t *attempt;
    neuron_ws_request_t *request;
} everywhere_t;

static int read_flag(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

/* Whatever it says: it is a status, and not that its arguments are wrong. */
#define ANSWERS(call)                                                      \
    do {                                                                   \
        neuron_ws_status_t answered = (call);                              \
        CHECK(answered != NEURON_WS_INVALID_ARGUMENT);                     \
        CHECK(strcmp(neuron_ws_status_name(answered), "NEURON_WS_UNKNOWN")); \
    } while (0)

static void no_remark(const char *text, void *context)
{
    (void)text, (void)context;
}

static void no_fault(const char *key, const char *text, void *context)
{
    (void)key, (void)text, (void)context;
}

static void no_cache(const neuron_ws_cache_t *cache, void *context)
{
    (void)cache, (void)context;
}

static bool no_cached_message(const neuron_ws_cached_message_t *message, void *context)
{
    (void)message, (void)context;
    return true;
}

static void count_end(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                      size_t length, void *context)
{
    (void)node, (void)id, (void)length;
    CHECK((status == NEURON_WS_OK) == (bytes != NULL));
    __atomic_fetch_add((int *)context, 1, __ATOMIC_SEQ_CST);
}

static neuron_ws_command_t command_of(const char *text, int *ends)
{
    neuron_ws_command_t command;

    memset(&command, 0, sizeof command);
    command.size = sizeof command;
    command.kind = NEURON_WS_TEXT;
    command.bytes = text;
    command.length = strlen(text);
    command.timeout_ms = 60000;
    command.match_member = "never";
    command.on_response = count_end;
    command.context = ends;
    return command;
}

static void call_caches(void)
{
    uint64_t count;

    ANSWERS(neuron_ws_cache_list("/nonexistent", no_cache, NULL));
    ANSWERS(neuron_ws_cache_read("/nonexistent", "n", NEURON_WS_CACHE_WAITING, no_cached_message, NULL));
    ANSWERS(neuron_ws_cache_resend("/nonexistent", "n", &count));
    ANSWERS(neuron_ws_cache_drop("/nonexistent", "n", NEURON_WS_CACHE_WAITING));
}

/* What needs no node. */
static void call_the_rest(void)
{
    static const char json[] = "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"t\":1}}";
    const neuron_ws_tag_t tag = int_tag("t", 1);
    const neuron_ws_group_t group = group_of(&tag, 1);
    char text[4096];
    const char *schema;
    size_t length;

    CHECK(neuron_ws_version() != NULL && neuron_ws_abi_version() == NEURON_WS_ABI_VERSION);
    CHECK(neuron_ws_status_text(NEURON_WS_OK) != NULL && neuron_ws_last_error() != NULL);
    OK(neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, text, sizeof text, &length));
    OK(neuron_ws_encode_json(NEURON_WS_FORMAT_VALUES, NULL, json, sizeof json - 1, text, sizeof text, &length));
    OK(neuron_ws_settings_schema(&schema, &length));
    ANSWERS(neuron_ws_settings_from_oda("", 0, NEURON_WS_ODA_CONNECTOR, NULL, no_remark, NULL, text, sizeof text,
                                        &length));
    ANSWERS(neuron_ws_settings_check("{}", 2, no_fault, NULL));
    CHECK(neuron_ws_type_name(NEURON_WS_TYPE_INT64) && neuron_ws_phase_name(NEURON_WS_PHASE_OPEN));
    CHECK(neuron_ws_reason_name(NEURON_WS_REASON_DNS) && neuron_ws_tls_failure_name(NEURON_WS_TLS_EXPIRED));
    CHECK(neuron_ws_level_name(NEURON_WS_LEVEL_WRITTEN) && neuron_ws_outcome_name(NEURON_WS_DELIVERED));
    CHECK(neuron_ws_log_level_name(NEURON_WS_LOG_WARN) && neuron_ws_log_category_name(NEURON_WS_CATEGORY_TLS));
    ANSWERS(neuron_ws_metrics_text(NEURON_WS_METRICS_JSON, text, sizeof text, &length));
    call_caches();
}

/* Another node's whole life. */
static void live_beside(int port)
{
    char settings[256];
    neuron_ws_node_t *other = NULL;

    OK(neuron_ws_node_create("beside", settings_for(settings, sizeof settings, port, ""), NULL, &other));
    OK(neuron_ws_node_start(other));
    OK(neuron_ws_node_send(other, NEURON_WS_TEXT, "x", 1, NULL));
    OK(neuron_ws_node_forget(other));
    neuron_ws_node_destroy(other);
}

static void ask_and_give(everywhere_t *scene, neuron_ws_node_t *node)
{
    static const char json[] = "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"t\":1}}";
    static const char answer[] = "{\"id\":\"1\",\"name\":\"REBOOT_EQUIPMENT\",\"error\":0}";
    neuron_ws_command_t command = command_of("inside", &scene->ends);
    const neuron_ws_driver_state_t driver = {"d", 1, 3, true};
    const neuron_ws_tag_t tag = int_tag("t", 1);
    const neuron_ws_group_t group = group_of(&tag, 1);
    uint64_t id = 0;

    OK(neuron_ws_node_subscribe(node, "y", "g", NULL));
    OK(neuron_ws_node_rename(node, "y", NULL, "x", NULL));
    OK(neuron_ws_node_unsubscribe(node, "x", NULL));
    STATUS(NOT_SUBSCRIBED, neuron_ws_node_push(node, &group, NULL));
    STATUS(NOT_SUBSCRIBED, neuron_ws_node_push_json(node, json, sizeof json - 1, NULL));
    ANSWERS(neuron_ws_node_push_states(node, &driver, 1, sizeof driver, NULL));
    ANSWERS(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    ANSWERS(neuron_ws_node_reply(node, answer, sizeof answer - 1));
    OK(neuron_ws_node_request(node, &command, &id));
    OK(neuron_ws_node_request_cancel(node, id));
    STATUS(WRONG_THREAD, neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 0));
    if (scene->attempt != NULL) {
        STATUS(INVALID_SETTINGS, neuron_ws_attempt_set_url(scene->attempt, "ftp://x"));
        OK(neuron_ws_attempt_set_header(scene->attempt, "X-Inside", "1"));
        OK(neuron_ws_attempt_set_token(scene->attempt, "t"));
    }
    if (scene->request != NULL) {
        neuron_ws_request_info_t info;

        memset(&info, 0, sizeof info);
        info.size = sizeof info;
        OK(neuron_ws_request_info(scene->request, &info));
        ANSWERS(neuron_ws_request_progress(scene->request, "{}", 2));
        if (scene->way == goes_on)
            ANSWERS(neuron_ws_request_reply(scene->request, "{\"error\":0}", 11));
        else
            ANSWERS(neuron_ws_request_drop(scene->request));
        scene->request = NULL;
    }
}

static void look_and_change(everywhere_t *scene, neuron_ws_node_t *node)
{
    char settings[512], text[8192];
    neuron_ws_state_t state;
    neuron_ws_metrics_t metrics;
    neuron_ws_event_t event;
    int32_t descriptor = -1;
    size_t length;

    memset(&state, 0, sizeof state);
    memset(&metrics, 0, sizeof metrics);
    memset(&event, 0, sizeof event);
    state.size = sizeof state;
    metrics.size = sizeof metrics;
    event.size = sizeof event;
    OK(neuron_ws_node_state(node, &state));
    OK(neuron_ws_node_metrics(node, &metrics));
    OK(neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, text, sizeof text, &length));
    OK(neuron_ws_node_event_fd(node, NEURON_WS_EVENT_STATE, &descriptor));
    ANSWERS(neuron_ws_node_next_event(node, &event));
    OK(neuron_ws_node_event_fd(node, 0, &descriptor));
    OK(neuron_ws_node_set_log_level(node, NEURON_WS_LOG_WARN, 0));
    OK(neuron_ws_node_trace(node, 0));
    ANSWERS(neuron_ws_node_ping(node));
    OK(neuron_ws_node_configure(node, settings_for(settings, sizeof settings, scene->port, ",\"ping-interval\":7")));
    STATUS(INVALID_SETTINGS, neuron_ws_node_configure(node, "{}"));
    OK(neuron_ws_node_start(node));
    OK(neuron_ws_node_reconnect(node));
}

static void visit(everywhere_t *scene, neuron_ws_node_t *node, enum place where)
{
    if (read_flag(&scene->done)) {
        if (scene->way == destroys)
            __atomic_fetch_add(&scene->later, 1, __ATOMIC_SEQ_CST);
        return;
    }
    if (where != scene->where || scene->entered)
        return;
    scene->entered = 1; /* what comes by its own calls does no more */
    call_the_rest();
    live_beside(scene->port);
    look_and_change(scene, node);
    ask_and_give(scene, node);
    if (scene->way == begins_to_stop)
        OK(neuron_ws_node_stop_begin(node, 60000));
    if (scene->way == stops)
        OK(neuron_ws_node_stop(node, 60000));
    if (scene->way == finishes)
        OK(neuron_ws_node_finish(node, 60000));
    if (scene->way == destroys)
        neuron_ws_node_destroy(node);
    __atomic_store_n(&scene->done, 1, __ATOMIC_SEQ_CST);
}

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context)
{
    (void)state;
    visit((everywhere_t *)context, node, in_state);
}

static void on_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context)
{
    (void)kind, (void)bytes, (void)length;
    visit((everywhere_t *)context, node, in_message);
}

static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context)
{
    everywhere_t *scene = (everywhere_t *)context;

    (void)info;
    scene->request = request;
    visit(scene, node, in_request);
    if (scene->request != NULL)
        OK(neuron_ws_request_drop(request));
    scene->request = NULL;
}

static void on_delivery(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                        void *context)
{
    (void)id, (void)outcome, (void)level;
    visit((everywhere_t *)context, node, in_delivery);
}

static void on_log(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context)
{
    (void)level, (void)text;
    visit((everywhere_t *)context, node, in_log);
}

static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context)
{
    everywhere_t *scene = (everywhere_t *)context;

    scene->attempt = attempt;
    visit(scene, node, in_connect);
    scene->attempt = NULL;
    return NEURON_WS_OK;
}

static bool before_send(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                        void *context)
{
    (void)kind, (void)bytes, (void)length;
    visit((everywhere_t *)context, node, in_send);
    return true;
}

static void on_room(neuron_ws_node_t *node, void *context)
{
    visit((everywhere_t *)context, node, in_room);
}

static bool on_matches(const uint8_t *bytes, size_t length, void *context)
{
    everywhere_t *scene = (everywhere_t *)context;

    visit(scene, scene->node, in_matches);
    return length == 4 && memcmp(bytes, "ball", 4) == 0;
}

static void on_response(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context)
{
    everywhere_t *scene = (everywhere_t *)context;

    (void)id, (void)status, (void)bytes, (void)length;
    __atomic_fetch_add(&scene->ends, 1, __ATOMIC_SEQ_CST);
    visit(scene, node, in_response);
}

/* A node with all callbacks, and something for each of them to tell. */
static bool make_busy(everywhere_t *scene)
{
    static const char request[] = "{\"uuid\":\"u\",\"node\":\"d\",\"group\":\"g\"}";
    neuron_ws_host_t host;
    neuron_ws_command_t command = command_of("ball", &scene->ends);
    char settings[512];

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = scene;
    host.on_state = on_state;
    host.on_message = on_message;
    host.on_request = on_request;
    host.on_delivery = on_delivery;
    host.on_log = on_log;
    host.before_connect = before_connect;
    host.before_send = before_send;
    host.on_room = on_room;
    settings_for(settings, sizeof settings, scene->port,
                 ",\"queue-max-messages\":3,\"allow-requests\":\"all\",\"log-level\":\"debug\"");
    if (!OK(neuron_ws_node_create("everywhere", settings, &host, &scene->node)))
        return false;
    OK(neuron_ws_node_send(scene->node, NEURON_WS_TEXT, "plain", 5, NULL));
    OK(neuron_ws_node_send(scene->node, NEURON_WS_TEXT, request, sizeof request - 1, NULL));
    OK(neuron_ws_node_send(scene->node, NEURON_WS_TEXT, "plain", 5, NULL));
    STATUS(QUEUE_FULL, neuron_ws_node_send(scene->node, NEURON_WS_TEXT, "more", 4, NULL));
    command.match_member = NULL;
    command.matches = on_matches;
    command.on_response = on_response;
    command.context = scene;
    OK(neuron_ws_node_start(scene->node));
    OK(neuron_ws_node_request(scene->node, &command, NULL));
    return true;
}

static void everything(enum place where, enum way way, int port)
{
    everywhere_t scene;

    memset(&scene, 0, sizeof scene);
    scene.where = where;
    scene.way = way;
    scene.port = port;
    if (!make_busy(&scene))
        return;
    WAIT_UNTIL(read_flag(&scene.done));
    if (way == begins_to_stop || way == stops) {
        WAIT_UNTIL(state_of(scene.node).phase == NEURON_WS_PHASE_IDLE);
        OK(neuron_ws_node_start(scene.node));
    }
    if (way == finishes) {
        WAIT_UNTIL(state_of(scene.node).phase == NEURON_WS_PHASE_IDLE);
        STATUS(NOT_RUNNING, neuron_ws_node_start(scene.node));
    } else if (way != destroys) {
        /* It goes on as if nothing had been. */
        WAIT_UNTIL(neuron_ws_node_send(scene.node, NEURON_WS_TEXT, "on", 2, NULL) == NEURON_WS_OK);
        OK(neuron_ws_node_flush(scene.node, NEURON_WS_LEVEL_WRITTEN, 20000));
    } else {
        sleep_ms(20);
    }
    CHECK(read_flag(&scene.later) == 0);
    if (way != destroys)
        neuron_ws_node_destroy(scene.node);
    /* The command and the one that was asked for inside, which was taken back. */
    CHECK(read_flag(&scene.ends) == 2);
}

void misuse_everywhere(ports_t ports)
{
    for (int place = 0; place < places; place++)
        for (int way = 0; way < ways; way++)
            everything((enum place)place, (enum way)way, ports.echo);
}
