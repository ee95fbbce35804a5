// SPDX-License-Identifier: Apache-2.0
/*
 * The library before the Autobahn test suite: asks the suite's server how many cases it has, echoes through all of
 * them, one node and one connection each, and has the report written. Knows nothing but neuron_ws.h.
 *
 *     client PORT AGENT [MORE_SETTINGS]
 *
 * MORE_SETTINGS are members of a JSON object, for example "\"compression\":\"on\"".
 */
#define _POSIX_C_SOURCE 200809L
#include "neuron_ws.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECONDS_MAX = 150, SETTINGS_MAX = 2048, ANSWER_MAX = 64 };

/* One connection. The loop thread fills it in, the main thread waits for its end. */
struct run {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool echoes;
    bool attempted;
    bool opened;
    bool ended;
    bool failed; /* the library refused what it should have taken */
    char answer[ANSWER_MAX];
    char message[1024];
};

/* A case is run once: what would be the second attempt is refused. */
static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context) {
    struct run *run = context;
    (void)node, (void)attempt;
    bool refuses = run->attempted;
    run->attempted = true;
    return refuses ? NEURON_WS_REFUSED : NEURON_WS_OK;
}

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context) {
    struct run *run = context;
    (void)node;
    pthread_mutex_lock(&run->lock);
    if (state->link) run->opened = true;
    if (state->phase == NEURON_WS_PHASE_WAITING && !run->ended) {
        run->ended = true;
        memcpy(run->message, state->message, sizeof run->message);
    }
    pthread_cond_signal(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

static void on_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context) {
    struct run *run = context;
    if (run->echoes) {
        if (neuron_ws_node_send(node, kind, bytes, length, NULL) == NEURON_WS_OK) return;
        fprintf(stderr, "client: %s\n", neuron_ws_last_error());
        run->failed = true;
    } else if (length < sizeof run->answer) {
        memcpy(run->answer, bytes, length);
        run->answer[length] = 0;
    }
}

/* Connects to a path and stays until the server has ended the connection. False: it did not come to that. */
static bool visit(struct run *run, const char *port, const char *path, const char *more) {
    char settings[SETTINGS_MAX];
    snprintf(settings, sizeof settings,
             "{\"url\":\"ws://127.0.0.1:%s/%s\",\"max-message-size\":67108864,\"max-frame-size\":67108864,"
             "\"queue-max-bytes\":1073741824,\"ping-interval\":0,\"reconnect-min\":60%s%s}",
             port, path, more[0] ? "," : "", more);
    neuron_ws_host_t host = {.size = sizeof host, .context = run, .on_state = on_state, .on_message = on_message,
                             .before_connect = before_connect};
    neuron_ws_node_t *node;
    if (neuron_ws_node_create("autobahn", settings, &host, &node) != NEURON_WS_OK ||
        neuron_ws_node_start(node) != NEURON_WS_OK) {
        fprintf(stderr, "client: %s\n", neuron_ws_last_error());
        return false;
    }
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SECONDS_MAX;
    pthread_mutex_lock(&run->lock);
    while (!run->ended && pthread_cond_timedwait(&run->changed, &run->lock, &end) == 0) continue;
    bool good = run->ended && run->opened && !run->failed;
    if (!run->ended) fprintf(stderr, "client: %s did not end within %d s\n", path, SECONDS_MAX);
    else if (!good) fprintf(stderr, "client: %s: %s\n", path, run->message);
    pthread_mutex_unlock(&run->lock);
    neuron_ws_node_destroy(node);
    return good;
}

static bool visit_once(const char *port, const char *path, bool echoes, const char *more, char *answer) {
    struct run run = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .echoes = echoes};
    bool good = visit(&run, port, path, more);
    if (answer != NULL) memcpy(answer, run.answer, ANSWER_MAX);
    return good;
}

int main(int count, char **words) {
    if (count < 3) {
        fprintf(stderr, "usage: client PORT AGENT [MORE_SETTINGS]\n");
        return 2;
    }
    const char *port = words[1], *agent = words[2], *more = count > 3 ? words[3] : "";
    char answer[ANSWER_MAX] = "", path[256];
    if (!visit_once(port, "getCaseCount", false, "", answer)) return 1;
    int cases = atoi(answer), failures = 0;
    for (int number = 1; number <= cases; number++) {
        snprintf(path, sizeof path, "runCase?case=%d&agent=%s", number, agent);
        failures += !visit_once(port, path, true, more, NULL);
        if (number % 25 == 0) printf("%d of %d cases\n", number, cases), fflush(stdout);
    }
    snprintf(path, sizeof path, "updateReports?agent=%s", agent);
    failures += !visit_once(port, path, false, "", NULL);
    printf("%d cases, %d of them not carried through\n", cases, failures);
    return failures == 0 ? 0 : 1;
}
