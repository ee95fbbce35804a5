// SPDX-License-Identifier: Apache-2.0
/*
 * How fast a node's messages reach a delivery level.
 *
 *     levels SETTINGS COUNT SIZE
 *
 * SETTINGS is a node's JSON. Sends COUNT messages of SIZE bytes, as fast as the queue has room, which it waits for as a
 * host does (on_room), then until all have reached the level of the setting `delivery`, and prints {"seconds":…} from
 * the first to that.
 */
#define _GNU_SOURCE
#include "common.h"
#include <neuron_ws.h>
#include <semaphore.h>

enum { OPEN_MS = 60000, ROOM_S = 60, FLUSH_MS = 120000 };

static void has_room(neuron_ws_node_t *node, void *context) {
    (void)node;
    sem_post(context);
}

static void need(neuron_ws_status_t status, const char *what) {
    if (status == NEURON_WS_OK) return;
    fprintf(stderr, "levels: %s: %s\n", what, neuron_ws_last_error());
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "levels SETTINGS COUNT SIZE\n"), 2;
    long count = atol(argv[2]), size = atol(argv[3]);
    neuron_ws_node_t *node = NULL;
    sem_t room;
    sem_init(&room, 0, 0);
    neuron_ws_host_t host = {.size = sizeof host, .context = &room, .on_room = has_room};
    need(neuron_ws_node_create("levels", argv[1], &host, &node), "create");
    need(neuron_ws_node_start(node), "start");
    neuron_ws_state_t state = {.size = sizeof state};
    int64_t begun = monotonic_ns();
    do {
        need(neuron_ws_node_state(node, &state), "state");
        if (monotonic_ns() - begun > OPEN_MS * 1000000ll) die(state.message);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    } while (state.link == 0);
    char *message = malloc((size_t)size + 64);
    if (message == NULL) die("malloc");
    int length = sprintf(message, "{\"p\":\"");
    while (length < size - 2) message[length++] = 'x';
    length += sprintf(message + length, "\"}");
    int64_t start = monotonic_ns();
    for (long index = 0; index < count; index++) {
        neuron_ws_status_t status;
        while ((status = neuron_ws_node_send(node, NEURON_WS_TEXT, message, (size_t)length, NULL)) ==
               NEURON_WS_QUEUE_FULL) {
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_sec += ROOM_S;
            if (sem_timedwait(&room, &until) != 0) die("there is no room");
        }
        need(status, "send");
    }
    need(neuron_ws_node_flush(node, state.level, FLUSH_MS), "flush");
    printf("{\"seconds\":%.6f}\n", (double)(monotonic_ns() - start) / 1e9);
    neuron_ws_node_stop(node, 1000);
    neuron_ws_node_destroy(node);
    free(message);
    return 0;
}
