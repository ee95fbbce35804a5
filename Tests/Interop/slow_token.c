// SPDX-License-Identifier: Apache-2.0
/*
 * What happens while a host's before_connect takes its time, and when it fails.
 *
 * slow_token URL OTHER_URL MILLISECONDS: plays the scenes one after another and prints a line for each. URL is a server
 * that answers, OTHER_URL another one. MILLISECONDS: how long a slow callback takes at least.
 *
 * A callback here waits until the scene lets it go on: what the scene did before has not waited for it.
 */
#define _GNU_SOURCE
#include <neuron_ws.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *url, *other_url;
static int slow_ms;

struct slow {
    neuron_ws_node_t *node;
    /* The callback takes its time while it is true. */
    atomic_bool is_held;
    atomic_bool is_inside;
    atomic_int asked;
    atomic_int called_after_destroy;
    atomic_bool is_destroyed;
    atomic_int verdict;
};

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void nap(int milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000l };
    nanosleep(&time, NULL);
}

static void die(const char *what)
{
    printf("FAILED %s: %s\n", what, neuron_ws_last_error());
    exit(1);
}

static void must(bool holds, const char *what)
{
    if (!holds) die(what);
}

static void is_ok(neuron_ws_status_t status, const char *what)
{
    if (status != NEURON_WS_OK) die(what);
}

/* Deadlines here are for what never comes. */
#define EVENTUALLY(condition)                                          \
    do {                                                               \
        long long end = now_ms() + 60000;                              \
        while (!(condition)) {                                         \
            if (now_ms() > end) die("not within a minute: " #condition); \
            nap(5);                                                    \
        }                                                              \
    } while (0)

static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context)
{
    struct slow *slow = context;
    char token[32];
    (void) node;
    if (slow->is_destroyed) slow->called_after_destroy++;
    snprintf(token, sizeof token, "token-%d", ++slow->asked);
    is_ok(neuron_ws_attempt_set_token(attempt, token), "set_token");
    slow->is_inside = true;
    while (slow->is_held) nap(5);
    slow->is_inside = false;
    return slow->verdict;
}

static neuron_ws_state_t state_of(neuron_ws_node_t *node)
{
    neuron_ws_state_t state = { .size = sizeof state };
    is_ok(neuron_ws_node_state(node, &state), "state");
    return state;
}

static neuron_ws_metrics_t metrics_of(neuron_ws_node_t *node)
{
    neuron_ws_metrics_t metrics = { .size = sizeof metrics };
    is_ok(neuron_ws_node_metrics(node, &metrics), "metrics");
    return metrics;
}

static neuron_ws_node_t *make(const char *name, const char *where, const char *more, struct slow *slow)
{
    neuron_ws_host_t host = { .size = sizeof host, .context = slow, .before_connect = slow ? before_connect : NULL };
    neuron_ws_node_t *node = NULL;
    char settings[1024];
    snprintf(settings, sizeof settings, "{\"url\":\"%s\"%s}", where, more);
    is_ok(neuron_ws_node_create(name, settings, &host, &node), "create");
    if (slow) slow->node = node;
    return node;
}

static void send_text(neuron_ws_node_t *node, const char *text)
{
    is_ok(neuron_ws_node_send(node, NEURON_WS_TEXT, (const uint8_t *) text, strlen(text), NULL), "send");
}

/* Begins an attempt whose callback is held. */
static void begin_held(struct slow *slow)
{
    slow->is_held = true;
    is_ok(neuron_ws_node_start(slow->node), "start");
    EVENTUALLY(slow->is_inside);
}

/* All nodes of the process share the loop thread: another one stands still meanwhile, takes what it is given, and goes
   on where it was. Its pings were late by the loop's fault and are not held against the server. */
static void others_stand_still_and_go_on(void)
{
    struct slow slow = { .verdict = NEURON_WS_OK };
    neuron_ws_node_t *other = make("other", other_url, ",\"ping-interval\":0.2,\"ping-timeout\":0.5", NULL);
    make("slow", url, "", &slow);
    is_ok(neuron_ws_node_start(other), "start");
    EVENTUALLY(state_of(other).link == 1);
    begin_held(&slow);
    long long held_since = now_ms();
    for (int count = 0; count < 100; count++) send_text(other, "while the loop is held");
    must(neuron_ws_node_flush(other, NEURON_WS_LEVEL_WRITTEN, 100) == NEURON_WS_TIMEOUT, "flush while held");
    must(metrics_of(other).queued_messages == 100, "100 are queued");
    must(state_of(slow.node).phase != NEURON_WS_PHASE_OPEN, "state while held");
    while (now_ms() - held_since < slow_ms) nap(20);
    slow.is_held = false;
    is_ok(neuron_ws_node_flush(other, NEURON_WS_LEVEL_WRITTEN, 60000), "flush");
    EVENTUALLY(state_of(slow.node).link == 1);
    nap(1200);
    neuron_ws_metrics_t metrics = metrics_of(other);
    must(metrics.connections_opened == 1, "the other connection outlives the callback");
    neuron_ws_node_destroy(other);
    neuron_ws_node_destroy(slow.node);
    puts("others-go-on");
}

static void reconnect_asks_anew(void)
{
    struct slow slow = { .verdict = NEURON_WS_OK };
    make("slow", url, "", &slow);
    begin_held(&slow);
    is_ok(neuron_ws_node_reconnect(slow.node), "reconnect");
    slow.is_held = false;
    EVENTUALLY(slow.asked == 2 && state_of(slow.node).link == 1);
    neuron_ws_node_destroy(slow.node);
    puts("reconnect-asks-anew");
}

static void configure_leads_to_the_new_server(void)
{
    struct slow slow = { .verdict = NEURON_WS_OK };
    char settings[256];
    make("slow", url, "", &slow);
    begin_held(&slow);
    snprintf(settings, sizeof settings, "{\"url\":\"%sconfigured\"}", other_url);
    is_ok(neuron_ws_node_configure(slow.node, settings), "configure");
    must(neuron_ws_node_configure(slow.node, "{}") == NEURON_WS_INVALID_SETTINGS, "bad settings while held");
    slow.is_held = false;
    EVENTUALLY(slow.asked == 2 && state_of(slow.node).link == 1);
    must(strstr(state_of(slow.node).url, "configured") != NULL, "the new server");
    neuron_ws_node_destroy(slow.node);
    puts("configure-leads-to-the-new-server");
}

/* The loop is busy: a stop says so in its time, and the node stops when the callback has returned. */
static void stop_says_that_the_loop_is_busy(void)
{
    struct slow slow = { .verdict = NEURON_WS_OK };
    make("slow", url, "", &slow);
    begin_held(&slow);
    must(neuron_ws_node_stop(slow.node, 50) == NEURON_WS_TIMEOUT, "stop while held");
    must(slow.is_inside, "the callback is not disturbed");
    slow.is_held = false;
    EVENTUALLY(state_of(slow.node).phase == NEURON_WS_PHASE_IDLE);
    must(metrics_of(slow.node).connections_opened == 0, "no connection behind a stop");
    is_ok(neuron_ws_node_start(slow.node), "start again");
    EVENTUALLY(slow.asked == 2 && state_of(slow.node).link == 1);
    neuron_ws_node_destroy(slow.node);
    puts("stop-says-that-the-loop-is-busy");
}

static void *destroys(void *context)
{
    struct slow *slow = context;
    neuron_ws_node_destroy(slow->node);
    slow->is_destroyed = true;
    return NULL;
}

/* A destroy waits for the callback: it may use its context until it has returned. */
static void destroy_waits(void)
{
    struct slow slow = { .verdict = NEURON_WS_OK };
    pthread_t thread;
    make("slow", url, "", &slow);
    begin_held(&slow);
    must(pthread_create(&thread, NULL, destroys, &slow) == 0, "thread");
    nap(300);
    must(!slow.is_destroyed, "destroy does not return while the callback runs");
    slow.is_held = false;
    pthread_join(thread, NULL);
    nap(50);
    must(slow.called_after_destroy == 0 && !slow.is_inside && slow.asked == 1, "nothing comes behind a destroy");
    puts("destroy-waits");
}

/* Whatever it says but OK: no attempt, a wait, and a reason; a reconnect ends the wait, as when the token is there. */
static void failing_is_told_and_tried_again(void)
{
    static const int verdicts[] = { NEURON_WS_REFUSED, NEURON_WS_NO_MEMORY, NEURON_WS_TIMEOUT, -1, 4711 };
    struct slow slow = { .verdict = NEURON_WS_OK };
    make("slow", url, ",\"reconnect-min\":300,\"reconnect-max\":300", &slow);
    slow.verdict = verdicts[0];
    is_ok(neuron_ws_node_start(slow.node), "start");
    for (size_t index = 0; index < sizeof verdicts / sizeof *verdicts; index++) {
        EVENTUALLY(slow.asked == (int) index + 1 && state_of(slow.node).phase == NEURON_WS_PHASE_WAITING);
        neuron_ws_state_t state = state_of(slow.node);
        must(state.reason == NEURON_WS_REASON_REFUSED_BY_HOST, "the reason");
        must(strstr(state.message, "before_connect") != NULL, "the sentence");
        must(metrics_of(slow.node).connections_opened == 0, "no connection");
        slow.verdict = index + 1 < sizeof verdicts / sizeof *verdicts ? verdicts[index + 1] : NEURON_WS_OK;
        is_ok(neuron_ws_node_reconnect(slow.node), "reconnect");
    }
    EVENTUALLY(state_of(slow.node).link == 1);
    neuron_ws_node_destroy(slow.node);
    puts("failing-is-told");
}

int main(int count, char **arguments)
{
    if (count != 4) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    url = arguments[1];
    other_url = arguments[2];
    slow_ms = atoi(arguments[3]);
    others_stand_still_and_go_on();
    reconnect_asks_anew();
    configure_leads_to_the_new_server();
    stop_says_that_the_loop_is_busy();
    destroy_waits();
    failing_is_told_and_tried_again();
    puts("all");
    return 0;
}
