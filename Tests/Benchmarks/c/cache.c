// SPDX-License-Identifier: Apache-2.0
/*
 * What a node's cache on disk costs.
 *
 *     cache append FILE COUNT SIZE BATCH     a plain file: BATCH messages a write, each write synced
 *     cache store SETTINGS COUNT SIZE RATE   RATE messages a second (0: as fast as they go), until all are stored
 *     cache drain SETTINGS                   until nothing is left
 *
 * SETTINGS is a node's JSON. Prints {"seconds":…,"written":…}: bytes that this process had written to the disk; with
 * drain also the time of neuron_ws_node_create, of the first message that went, and the most memory.
 */
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <inttypes.h>
#include <neuron_ws.h>
#include <string.h>

enum { STORE_MS = 600000, ROOM_MS = 10, STEP_NS = 1000000 };

static void need(neuron_ws_status_t status, const char *what) {
    if (status == NEURON_WS_OK) return;
    fprintf(stderr, "cache: %s: %s\n", what, neuron_ws_last_error());
    exit(1);
}

/* The number behind `name` in a file of /proc/self. */
static long long of_process(const char *path, const char *name) {
    FILE *file = fopen(path, "r");
    char line[256];
    long long value = 0;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) value = atoll(line + strlen(name));
    if (file) fclose(file);
    return value;
}

static long long written(void) { return of_process("/proc/self/io", "write_bytes:"); }

static void rest(void) { nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL); }

static char *message_of(long size) {
    char *message = malloc((size_t)size + 64);
    if (message == NULL) die("malloc");
    int length = sprintf(message, "{\"p\":\"");
    while (length < size - 2) message[length++] = 'x';
    sprintf(message + length, "\"}");
    return message;
}

static void say(int64_t start, long long before) {
    printf("{\"seconds\":%.6f,\"written\":%lld}\n", (double)(monotonic_ns() - start) / 1e9, written() - before);
}

static void append(const char *path, long count, long size, long batch) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    char *bytes = malloc((size_t)(size * batch));
    if (file < 0 || bytes == NULL) die(path);
    memset(bytes, 'x', (size_t)(size * batch));
    long long before = written();
    int64_t start = monotonic_ns();
    for (long done = 0; done < count; done += batch) {
        if (write(file, bytes, (size_t)(size * batch)) != size * batch) die("write");
        if (fdatasync(file) != 0) die("fdatasync");
    }
    say(start, before);
    close(file);
    free(bytes);
}

static void store(const char *settings, long count, long size, long rate) {
    neuron_ws_node_t *node = NULL;
    need(neuron_ws_node_create("cache", settings, NULL, &node), "create");
    need(neuron_ws_node_start(node), "start");
    char *message = message_of(size);
    size_t length = strlen(message);
    long long before = written();
    int64_t start = monotonic_ns();
    for (long index = 0; index < count; index++) {
        while (rate > 0 && monotonic_ns() - start < index * 1000000000ll / rate) rest();
        neuron_ws_status_t status;
        while ((status = neuron_ws_node_send(node, NEURON_WS_TEXT, message, length, NULL)) == NEURON_WS_QUEUE_FULL)
            neuron_ws_node_flush(node, NEURON_WS_LEVEL_STORED, ROOM_MS);
        need(status, "send");
    }
    need(neuron_ws_node_flush(node, NEURON_WS_LEVEL_STORED, STORE_MS), "flush");
    say(start, before);
    neuron_ws_node_destroy(node);
    free(message);
}

static void drain(const char *settings) {
    neuron_ws_node_t *node = NULL;
    neuron_ws_metrics_t metrics = {.size = sizeof metrics};
    long long before = written();
    int64_t start = monotonic_ns(), created, first = 0;
    need(neuron_ws_node_create("cache", settings, NULL, &node), "create");
    created = monotonic_ns();
    need(neuron_ws_node_start(node), "start");
    do {
        rest();
        need(neuron_ws_node_metrics(node, &metrics), "metrics");
        if (first == 0 && metrics.messages_sent > 0) first = monotonic_ns();
    } while (metrics.queued_messages > 0 || metrics.cached_bytes > 0);
    double seconds = (double)(monotonic_ns() - start) / 1e9;
    neuron_ws_node_stop(node, 1000);
    neuron_ws_node_destroy(node);
    printf("{\"seconds\":%.6f,\"written\":%lld,\"create_ms\":%.1f,\"first_ms\":%.1f,\"sent\":%" PRIu64
           ",\"peak_kb\":%lld}\n", seconds, written() - before, (double)(created - start) / 1e6,
           (double)(first - start) / 1e6, metrics.messages_sent, of_process("/proc/self/status", "VmHWM:"));
}

int main(int argc, char **argv) {
    if (argc == 6 && strcmp(argv[1], "append") == 0)
        append(argv[2], atol(argv[3]), atol(argv[4]), atol(argv[5]));
    else if (argc == 6 && strcmp(argv[1], "store") == 0)
        store(argv[2], atol(argv[3]), atol(argv[4]), atol(argv[5]));
    else if (argc == 3 && strcmp(argv[1], "drain") == 0)
        drain(argv[2]);
    else
        return fprintf(stderr, "cache append|store|drain\n"), 2;
    return 0;
}
