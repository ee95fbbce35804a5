// SPDX-License-Identifier: Apache-2.0
/* Commands: wrong ones, every function inside their callbacks, and one end for each whatever ends the node. */
#include "misuse.h"

static void never_told(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                       size_t length, void *context)
{
    (void)node, (void)id, (void)status, (void)bytes, (void)length, (void)context;
    CHECK(false); /* of commands that are refused nobody is told */
}

static bool matches(const uint8_t *bytes, size_t length, void *context)
{
    (void)bytes, (void)length, (void)context;
    return false;
}

/* A member of the command is wrong: a sentence names it. */
static void refused(neuron_ws_node_t *node, neuron_ws_command_t command, const char *member)
{
    uint64_t id = 77;

    STATUS(INVALID_ARGUMENT, neuron_ws_node_request(node, &command, &id));
    CHECK(strstr(neuron_ws_last_error(), member) != NULL);
    CHECK(id == 77);
}

static void wrong_commands(ports_t ports)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    neuron_ws_command_t good, bad;
    char long_text[NEURON_WS_NAME_MAX + 2];

    OK(neuron_ws_node_create("wrong", settings_for(settings, sizeof settings, ports.closed, ""), NULL, &node));
    memset(&good, 0, sizeof good);
    good.size = sizeof good;
    good.kind = NEURON_WS_TEXT;
    good.bytes = "x";
    good.length = 1;
    good.timeout_ms = 1000;
    good.on_response = never_told;
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = 0;
    /* All is well with it but that the node does not run. */
    STATUS(NOT_RUNNING, neuron_ws_node_request(node, &good, NULL));
    STATUS(NOT_FOUND, neuron_ws_node_request_cancel(node, 1));
#define REFUSED(member, value, name) bad = good, bad.member = value, refused(node, bad, name)
    REFUSED(kind, (neuron_ws_kind_t)3, "`kind`");
    REFUSED(bytes, NULL, "`bytes`");
    REFUSED(bytes, "\xff", "UTF-8");
    REFUSED(timeout_ms, 0, "`timeout_ms`");
    REFUSED(timeout_ms, NEURON_WS_COMMAND_TIMEOUT_MAX_MS + 1, "`timeout_ms`");
    REFUSED(retries, NEURON_WS_COMMAND_RETRIES_MAX + 1, "`retries`");
    REFUSED(match_value, "v", "`match_member`");
    REFUSED(match_member, "", "`match_member`");
    REFUSED(match_member, "/a~2", "`match_member`");
    REFUSED(match_member, long_text, "`match_member`");
    bad = good, bad.match_member = "m", bad.match_value = long_text, refused(node, bad, "`match_value`");
    bad = good, bad.match_member = "m", bad.matches = matches, refused(node, bad, "`matches`");
    bad = good, bad.length = (size_t)NEURON_WS_MESSAGE_MAX + 1;
    STATUS(TOO_BIG, neuron_ws_node_request(node, &bad, NULL));
    bad = good, bad.length = SIZE_MAX;
    STATUS(TOO_BIG, neuron_ws_node_request(node, &bad, NULL));
    bad = good, bad.size = 8;
    STATUS(STRUCT_SIZE, neuron_ws_node_request(node, &bad, NULL));
    /* Nobody would hear of it. */
    OK(neuron_ws_node_start(node));
    REFUSED(on_response, NULL, "`on_response`");
    neuron_ws_node_destroy(node);
}

enum place { in_response, in_matches, in_room, in_send, places };

/* What the callbacks of one node do and have seen; the loop thread's but for `armed` and `done`. */
typedef struct scene {
    enum place where; /* which callback does it all */
    bool destroys;
    int armed;
    int done;
    int told;  /* ends of commands */
    int later; /* callbacks behind the destroy */
    int port;
} scene_t;

static int read_flag(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

/* Every function of a node; none may wait, fail strangely or take a lock that is held. */
static void call_everything(scene_t *scene, neuron_ws_node_t *node)
{
    static const char group[] = "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"t\":1}}";
    char settings[256], text[8192];
    neuron_ws_command_t command = counted_command("inside", &scene->told);
    neuron_ws_state_t state;
    neuron_ws_metrics_t metrics;
    neuron_ws_event_t event;
    size_t length;
    uint64_t id = 0;

    memset(&state, 0, sizeof state);
    memset(&metrics, 0, sizeof metrics);
    memset(&event, 0, sizeof event);
    state.size = sizeof state;
    metrics.size = sizeof metrics;
    event.size = sizeof event;
    OK(neuron_ws_node_state(node, &state));
    OK(neuron_ws_node_metrics(node, &metrics));
    CHECK(neuron_ws_node_metrics_text(node, NEURON_WS_METRICS_JSON, text, sizeof text, &length) == NEURON_WS_OK);
    OK(neuron_ws_node_start(node));
    OK(neuron_ws_node_subscribe(node, "y", "g", NULL));
    OK(neuron_ws_node_rename(node, "y", NULL, "x", NULL));
    OK(neuron_ws_node_unsubscribe(node, "x", NULL));
    STATUS(NOT_SUBSCRIBED, neuron_ws_node_push_json(node, group, sizeof group - 1, NULL));
    CHECK(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL) != NEURON_WS_INVALID_ARGUMENT);
    OK(neuron_ws_node_request(node, &command, &id));
    OK(neuron_ws_node_request_cancel(node, id));
    STATUS(NOT_FOUND, neuron_ws_node_request_cancel(node, id));
    STATUS(WRONG_THREAD, neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 0));
    OK(neuron_ws_node_set_log_level(node, NEURON_WS_LOG_WARN, 0));
    OK(neuron_ws_node_trace(node, 0));
    (void)neuron_ws_node_ping(node);
    OK(neuron_ws_node_configure(node, settings_for(settings, sizeof settings, scene->port,
                                                   ",\"queue-max-messages\":4")));
    STATUS(NO_EVENT, neuron_ws_node_next_event(node, &event));
}

static void visit(scene_t *scene, neuron_ws_node_t *node, enum place where)
{
    if (read_flag(&scene->done)) {
        if (scene->destroys)
            __atomic_fetch_add(&scene->later, 1, __ATOMIC_SEQ_CST);
        return;
    }
    if (where != scene->where || !read_flag(&scene->armed))
        return;
    if (!scene->destroys)
        __atomic_store_n(&scene->done, 1, __ATOMIC_SEQ_CST); /* what comes by its own calls does no more */
    call_everything(scene, node);
    if (!scene->destroys)
        return;
    neuron_ws_node_destroy(node);
    __atomic_store_n(&scene->done, 1, __ATOMIC_SEQ_CST);
}

static void on_response(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context)
{
    scene_t *scene = (scene_t *)context;

    (void)id, (void)bytes, (void)length;
    __atomic_fetch_add(&scene->told, 1, __ATOMIC_SEQ_CST);
    /* The ends that a destroy brings about come before it returns: those are not late. */
    if (status == NEURON_WS_OK)
        visit(scene, node, in_response);
}

static neuron_ws_node_t *matching_node;

static bool on_matches(const uint8_t *bytes, size_t length, void *context)
{
    visit((scene_t *)context, matching_node, in_matches);
    return length == 4 && memcmp(bytes, "ball", 4) == 0;
}

static void on_room(neuron_ws_node_t *node, void *context)
{
    visit((scene_t *)context, node, in_room);
}

static bool before_send(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                        void *context)
{
    (void)kind, (void)bytes, (void)length;
    visit((scene_t *)context, node, in_send);
    return true;
}

static void everything_inside(enum place where, bool destroys, int port)
{
    char settings[256];
    scene_t scene = {where, destroys, 0, 0, 0, 0, port};
    neuron_ws_host_t host;
    neuron_ws_node_t *node = NULL;
    neuron_ws_command_t command = counted_command("ball", NULL);

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &scene;
    host.on_room = on_room;
    host.before_send = before_send;
    settings_for(settings, sizeof settings, port, ",\"queue-max-messages\":4");
    if (!OK(neuron_ws_node_create("everything", settings, &host, &node)))
        return;
    for (int number = 0; number < 4; number++)
        OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    STATUS(QUEUE_FULL, neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    OK(neuron_ws_node_start(node));
    command.match_member = NULL;
    command.matches = on_matches;
    command.on_response = on_response;
    command.context = &scene;
    matching_node = node;
    OK(neuron_ws_node_request(node, &command, NULL));
    __atomic_store_n(&scene.armed, 1, __ATOMIC_SEQ_CST);
    /* From here on a node that is destroyed inside is the loop thread's. */
    WAIT_UNTIL(read_flag(&scene.done));
    sleep_ms(50);
    CHECK(read_flag(&scene.later) == 0);
    if (!destroys)
        neuron_ws_node_destroy(node);
    /* The command and the one that was asked for inside, which was taken back. */
    CHECK(read_flag(&scene.told) == 2);
}

/* Whatever ends a node ends its commands, each once. */
static void each_ends_once(int port, int way)
{
    enum { count = 500 };
    char settings[256];
    neuron_ws_node_t *node = NULL;
    int told = 0;
    neuron_ws_command_t command = counted_command("x", &told);

    settings_for(settings, sizeof settings, port, "");
    if (!OK(neuron_ws_node_create("ends", settings, NULL, &node)) || !OK(neuron_ws_node_start(node)))
        return;
    for (int number = 0; number < count; number++)
        OK(neuron_ws_node_request(node, &command, NULL));
    sleep_ms(way);
    if (way % 3 == 0)
        OK(neuron_ws_node_stop(node, 1000));
    else if (way % 3 == 1)
        OK(neuron_ws_node_finish(node, 1000));
    else
        neuron_ws_node_destroy(node);
    CHECK(read_flag(&told) == count);
    if (way % 3 == 2)
        return;
    STATUS(NOT_RUNNING, neuron_ws_node_request(node, &command, NULL));
    neuron_ws_node_destroy(node);
    CHECK(read_flag(&told) == count);
}

typedef struct queueing {
    int seen;
    bool destroys;
    char text[16];
} queueing_t;

static bool as_it_is_queued(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                            void *context)
{
    queueing_t *queueing = (queueing_t *)context;

    (void)kind;
    queueing->seen++;
    memcpy(queueing->text, bytes, length);
    queueing->text[length] = 0;
    if (queueing->destroys)
        neuron_ws_node_destroy(node);
    return strcmp(queueing->text, "no") != 0;
}

/* before_send on the thread that queues: what it refuses is answered at once, and it may end the node. */
static void seen_when_queued(int port)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    queueing_t queueing = {0, false, ""};
    int told = 0;
    neuron_ws_command_t command = counted_command("no", &told);
    neuron_ws_host_t host;
    uint64_t id = 77;

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &queueing;
    host.before_send = as_it_is_queued;
    host.before_send_when_queued = true;
    settings_for(settings, sizeof settings, port, "");
    if (!OK(neuron_ws_node_create("queued", settings, &host, &node)))
        return;
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "yes", 3, &id));
    CHECK(id == 1 && queueing.seen == 1 && strcmp(queueing.text, "yes") == 0);
    STATUS(REFUSED, neuron_ws_node_send(node, NEURON_WS_TEXT, "no", 2, &id));
    CHECK(id == 1 && queueing.seen == 2);
    OK(neuron_ws_node_start(node));
    STATUS(REFUSED, neuron_ws_node_request(node, &command, &id));
    command.bytes = "ask";
    command.length = 3;
    OK(neuron_ws_node_request(node, &command, &id));
    OK(neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 20000));
    /* Not again as they go out. */
    CHECK(queueing.seen == 4 && told == 0);
    queueing.destroys = true;
    STATUS(NOT_RUNNING, neuron_ws_node_send(node, NEURON_WS_TEXT, "end", 3, &id));
    CHECK(read_flag(&told) == 1);
}

static void refused_end(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context)
{
    (void)node, (void)id, (void)length;
    CHECK(status == NEURON_WS_REFUSED && bytes == NULL);
    __atomic_fetch_add((int *)context, 1, __ATOMIC_SEQ_CST);
}

static bool refuse_no(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length, void *context)
{
    (void)node, (void)kind, (void)context;
    return length != 2 || memcmp(bytes, "no", 2) != 0;
}

/* before_send as a command goes out: it ends with that, and those behind it go their way. */
static void refused_as_it_goes_out(int port)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    int refused = 0, told = 0;
    neuron_ws_command_t no = counted_command("no", &refused), yes = counted_command("{\"never\":1}", &told);
    neuron_ws_host_t host;

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.before_send = refuse_no;
    no.on_response = refused_end;
    no.retries = 3;
    settings_for(settings, sizeof settings, port, "");
    if (!OK(neuron_ws_node_create("refused", settings, &host, &node)) || !OK(neuron_ws_node_start(node)))
        return;
    OK(neuron_ws_node_request(node, &no, NULL));
    OK(neuron_ws_node_request(node, &yes, NULL));
    WAIT_UNTIL(read_flag(&told) == 1);
    CHECK(read_flag(&refused) == 1);
    neuron_ws_node_destroy(node);
    CHECK(read_flag(&refused) == 1 && read_flag(&told) == 1);
}

void misuse_commands(ports_t ports)
{
    wrong_commands(ports);
    for (int place = in_response; place < places; place++) {
        everything_inside((enum place)place, false, ports.echo);
        everything_inside((enum place)place, true, ports.echo);
    }
    seen_when_queued(ports.echo);
    refused_as_it_goes_out(ports.echo);
    for (int way = 0; way < 12; way++)
        each_ends_once(way % 2 == 0 ? ports.sink : ports.closed, way);
}
