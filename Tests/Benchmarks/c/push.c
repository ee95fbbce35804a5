// SPDX-License-Identifier: Apache-2.0
/*
 * What neuron_ws_node_push costs the host's thread, and how often anything allocates, while the node is connected.
 *
 *     push URL [PUSHES] [TAGS]
 *
 * Prints one JSON line with two ways of pushing: "paced", 1,000 a second from a thread that sleeps in between, as a
 * gateway collects, and "bursts" of 64 at once. Allocations are counted after a warm-up: those inside of push on this
 * thread, and all on the library's threads.
 */
#define _GNU_SOURCE
#include "groups.h"
#include <stdatomic.h>
#include <unistd.h>

enum { WARM_UP = 2000, BURST = 64, PACE_HZ = 1000, OPEN_SECONDS = 20, FLUSH_MS = 10000 };

/* ---- Counting: this program's malloc is everybody's, the library's too ---- */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static _Thread_local bool on_host_thread;
static uint64_t host_allocations; /* written by the host's thread alone */
static _Atomic uint64_t other_allocations;

static void count_one(void) {
    if (on_host_thread) host_allocations++;
    else atomic_fetch_add_explicit(&other_allocations, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    count_one();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count_one();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count_one();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    count_one();
    void *made = __libc_memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *memory = made;
    return 0;
}

/* ---- Pushing ---- */

struct outcome {
    uint64_t *ns;
    size_t pushes;
    uint64_t full; /* how often the queue was full; 0 where the numbers are to mean anything */
    uint64_t allocations_host, allocations_other;
};

static neuron_ws_node_t *node;
static struct bench_group group;
static union number *row;
static int64_t message;

static void wait_open(void) {
    int64_t deadline = monotonic_ns() + (int64_t)OPEN_SECONDS * 1000000000;
    neuron_ws_state_t state = {.size = sizeof state};
    for (;;) {
        neuron_ws_status_t status = neuron_ws_node_state(node, &state);
        if (status != NEURON_WS_OK) die_status("neuron_ws_node_state", status);
        if (state.link == 1) return;
        if (monotonic_ns() > deadline) {
            fprintf(stderr, "not connected: %s\n", state.message);
            exit(1);
        }
        usleep(1000);
    }
}

static void flush(void) {
    neuron_ws_status_t status = neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, FLUSH_MS);
    if (status != NEURON_WS_OK) die_status("neuron_ws_node_flush", status);
}

static void push_one(struct outcome *outcome) {
    row_fill(row, group.count, message++, false);
    group_set(&group, row);
    uint64_t allocations = host_allocations;
    int64_t started = monotonic_ns();
    neuron_ws_status_t status = neuron_ws_node_push(node, &group.group, NULL);
    int64_t ended = monotonic_ns();
    if (status == NEURON_WS_QUEUE_FULL) {
        outcome->full++;
        flush();
        return;
    }
    if (status != NEURON_WS_OK) die_status("neuron_ws_node_push", status);
    outcome->allocations_host += host_allocations - allocations;
    outcome->ns[outcome->pushes++] = (uint64_t)(ended - started);
}

static struct outcome push_many(size_t pushes, bool paced) {
    struct outcome outcome = {.ns = allocate(pushes * sizeof(uint64_t))};
    memset(outcome.ns, 0, pushes * sizeof(uint64_t)); /* The pages are there before the clock runs. */
    uint64_t others = atomic_load(&other_allocations);
    int64_t started = monotonic_ns();
    for (size_t index = 0; index < pushes; index++) {
        if (paced) sleep_until_ns(started + (int64_t)index * (1000000000 / PACE_HZ));
        push_one(&outcome);
        if (!paced && index % BURST == BURST - 1) flush();
    }
    flush();
    outcome.allocations_other = atomic_load(&other_allocations) - others;
    return outcome;
}

static void print(const char *name, struct outcome *outcome) {
    size_t count = outcome->pushes;
    qsort(outcome->ns, count, sizeof *outcome->ns, compare_u64);
    printf("\"%s\":{\"pushes\":%zu,\"full\":%llu,\"p50_us\":%.3f,\"p99_us\":%.3f,\"p999_us\":%.3f,\"max_us\":%.3f,"
           "\"allocations_host\":%.4f,\"allocations_library\":%.4f}",
           name, count, (unsigned long long)outcome->full, (double)percentile(outcome->ns, count, 0.5) / 1e3,
           (double)percentile(outcome->ns, count, 0.99) / 1e3, (double)percentile(outcome->ns, count, 0.999) / 1e3,
           (double)percentile(outcome->ns, count, 1) / 1e3, (double)outcome->allocations_host / (double)count,
           (double)outcome->allocations_other / (double)count);
}

int main(int argc, char **argv) {
    on_host_thread = true;
    size_t pushes = argc > 2 ? (size_t)atoll(argv[2]) : 10000;
    int tags = argc > 3 ? atoi(argv[3]) : 100;
    if (argc < 2 || pushes < 1 || tags < 1) {
        fprintf(stderr, "usage: push URL [PUSHES] [TAGS]\n");
        return 2;
    }
    char settings[512];
    snprintf(settings, sizeof settings, "{\"url\":\"%s\",\"format\":0,\"tls-verify\":false}", argv[1]);
    neuron_ws_status_t status = neuron_ws_node_create("bench-push", settings, NULL, &node);
    if (status != NEURON_WS_OK) die_status("neuron_ws_node_create", status);
    status = neuron_ws_node_subscribe(node, "*", "*", NULL);
    if (status != NEURON_WS_OK) die_status("neuron_ws_node_subscribe", status);
    status = neuron_ws_node_start(node);
    if (status != NEURON_WS_OK) die_status("neuron_ws_node_start", status);
    group = group_make(tags, 0);
    row = allocate(sizeof *row * (size_t)tags);
    wait_open();
    push_many(WARM_UP, false);
    struct outcome bursts = push_many(pushes, false);
    push_many(WARM_UP / 10, true);
    struct outcome paced = push_many(pushes, true);
    printf("{\"version\":\"%s\",\"tags\":%d,", neuron_ws_version(), tags);
    print("paced", &paced);
    printf(",");
    print("bursts", &bursts);
    printf("}\n");
    neuron_ws_node_stop(node, 2000);
    neuron_ws_node_destroy(node);
    return 0;
}
