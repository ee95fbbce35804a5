// SPDX-License-Identifier: Apache-2.0
/* A node destroyed inside each of its callbacks: the callback returns, and none comes after it. */
#include "misuse.h"

enum callback { in_state, in_message, in_delivery, in_log, in_connect, in_send, callbacks };

typedef struct scene {
    enum callback where; /* which callback destroys the node */
    int armed;           /* set when the main thread is done with the node */
    int destroyed;
    int later;           /* callbacks that came after that */
} scene_t;

static int read_flag(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

/* Whether the node is gone now. */
static bool visit(scene_t *scene, neuron_ws_node_t *node, enum callback where)
{
    if (read_flag(&scene->destroyed)) {
        __atomic_fetch_add(&scene->later, 1, __ATOMIC_SEQ_CST);
        return true;
    }
    if (where != scene->where || !read_flag(&scene->armed))
        return false;
    neuron_ws_node_destroy(node);
    __atomic_store_n(&scene->destroyed, 1, __ATOMIC_SEQ_CST);
    return true;
}

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context)
{
    if (visit((scene_t *)context, node, in_state))
        return;
    /* With the link the game of ping-pong begins: the server sends everything back. */
    if (state->link == 1)
        OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "ball", 4, NULL));
}

static void on_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context)
{
    if (visit((scene_t *)context, node, in_message))
        return;
    OK(neuron_ws_node_send(node, kind, bytes, length, NULL));
}

static void on_delivery(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                        void *context)
{
    /* destroy gives every queued message its outcome before it returns: those calls are not late. */
    (void)id, (void)level;
    if (outcome == NEURON_WS_DELIVERED)
        visit((scene_t *)context, node, in_delivery);
}

static void on_log(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context)
{
    (void)level, (void)text;
    if (node != NULL)
        visit((scene_t *)context, node, in_log);
}

static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context)
{
    (void)attempt;
    visit((scene_t *)context, node, in_connect);
    return NEURON_WS_OK;
}

static bool before_send(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                        void *context)
{
    (void)kind, (void)bytes, (void)length;
    visit((scene_t *)context, node, in_send);
    return true;
}

static neuron_ws_host_t host_of(scene_t *scene)
{
    neuron_ws_host_t host;

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = scene;
    host.on_state = on_state;
    host.on_message = on_message;
    host.on_delivery = on_delivery;
    host.on_log = on_log;
    host.before_connect = before_connect;
    host.before_send = before_send;
    return host;
}

static void destroy_inside(enum callback where, int port)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    scene_t scene = {where, 0, 0, 0};
    neuron_ws_host_t host = host_of(&scene);

    settings_for(settings, sizeof settings, port, ",\"log-level\":\"debug\"");
    if (!OK(neuron_ws_node_create("inside", settings, &host, &node)) || !OK(neuron_ws_node_start(node)))
        return;
    /* From here on only the loop thread touches the node. */
    __atomic_store_n(&scene.armed, 1, __ATOMIC_SEQ_CST);
    WAIT_UNTIL(read_flag(&scene.destroyed));
    sleep_ms(50);
    if (!CHECK(read_flag(&scene.later) == 0))
        fprintf(stderr, "    %d callbacks after destroy inside callback %d\n", scene.later, (int)where);
}

/* A destroy on another thread returns only when no callback runs, and none comes after it. */
static void destroy_beside(int port)
{
    char settings[256];

    for (int turn = 0; turn < 20; turn++) {
        neuron_ws_node_t *node = NULL;
        scene_t scene = {callbacks, 0, 0, 0};
        neuron_ws_host_t host = host_of(&scene);
        settings_for(settings, sizeof settings, port, ",\"log-level\":\"debug\"");
        if (!OK(neuron_ws_node_create("beside", settings, &host, &node)))
            return;
        OK(neuron_ws_node_start(node));
        sleep_ms(turn);
        neuron_ws_node_destroy(node);
        __atomic_store_n(&scene.destroyed, 1, __ATOMIC_SEQ_CST);
        sleep_ms(5);
        CHECK(read_flag(&scene.later) == 0);
    }
}

typedef struct last {
    bool finishes; /* the outcomes come in a finish, else in a destroy */
    int told;
} last_t;

/* Everything that a host might do in its last outcomes. */
static void on_last_delivery(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                             void *context)
{
    last_t *last = (last_t *)context;

    (void)level;
    last->told++;
    CHECK(id == (uint64_t)last->told && outcome == NEURON_WS_DROPPED_STOPPED);
    STATUS(NOT_RUNNING, neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    STATUS(NOT_RUNNING, neuron_ws_node_start(node));
    OK(neuron_ws_node_stop(node, 0));
    OK(neuron_ws_node_finish(node, 0));
    /* In the middle, so that the rest is told in here; once more where that is legal. */
    if (id == 5 || (!last->finishes && id < 5))
        neuron_ws_node_destroy(node);
}

static void destroy_in_the_last_outcomes(int port, bool starts, bool finishes)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    neuron_ws_host_t host;
    last_t last = {finishes, 0};

    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &last;
    host.on_delivery = on_last_delivery;
    if (!OK(neuron_ws_node_create("last", settings_for(settings, sizeof settings, port, ""), &host, &node)))
        return;
    for (int number = 0; number < 20; number++)
        OK(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL));
    if (starts)
        OK(neuron_ws_node_start(node));
    if (finishes)
        OK(neuron_ws_node_finish(node, 1000));
    else
        neuron_ws_node_destroy(node);
    WAIT_UNTIL(__atomic_load_n(&last.told, __ATOMIC_SEQ_CST) == 20);
    sleep_ms(20);
}

void misuse_callbacks(ports_t ports)
{
    for (int turn = 0; turn < 4; turn++)
        destroy_in_the_last_outcomes(ports.closed, turn % 2 == 0, turn / 2 == 0);
    destroy_inside(in_message, ports.echo);
    destroy_inside(in_delivery, ports.echo);
    destroy_inside(in_send, ports.echo);
    destroy_inside(in_log, ports.echo);
    /* Where nobody listens, attempts and changes of state come again and again. */
    destroy_inside(in_log, ports.closed);
    destroy_inside(in_state, ports.closed);
    destroy_inside(in_connect, ports.closed);
    destroy_beside(ports.echo);
    destroy_beside(ports.closed);
}
