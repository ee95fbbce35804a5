// SPDX-License-Identifier: Apache-2.0
/*
 * reply_lock PORT - a large answer holds nobody else up. PORT is an echo server's: what the node sends comes back, and
 * is a request.
 *
 * While one thread replies with megabytes, each of its large allocations waits until another thread has asked for what
 * a request says, which takes the lock of the node's requests, as the loop does for each that comes. If the answer were
 * copied under that lock, this could not be.
 */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int checks_passed;
int checks_failed;

enum { large = 1 << 20, answer_bytes = 8 << 20, patience_ms = 10000 };

/* Of the thread that replies. */
static __thread bool waits;
static long allocations, asked, answered, held_up;

static bool reaches(long *counter, long wanted)
{
    for (int ms = 0; ms < patience_ms; ms++) {
        if (__atomic_load_n(counter, __ATOMIC_SEQ_CST) >= wanted)
            return true;
        usleep(1000);
    }
    return false;
}

static bool fails(size_t size)
{
    if (!waits || size < large)
        return false;
    allocations++;
    /* Of those that wait in vain the first is enough. */
    if (held_up == 0 && !reaches(&answered, __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST)))
        held_up++;
    return false;
}

static void *account(void *memory, long sign)
{
    (void)sign;
    return memory;
}

#include "allocator.h"

static neuron_ws_request_t *requests[2];
static long request_count;
static bool is_over;

static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context)
{
    (void)node, (void)info, (void)context;
    if (request_count < 2)
        requests[request_count] = request;
    __atomic_add_fetch(&request_count, 1, __ATOMIC_SEQ_CST);
}

/* Asks as often as it is asked to. */
static void *ask(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
        if (__atomic_load_n(&asked, __ATOMIC_SEQ_CST) > __atomic_load_n(&answered, __ATOMIC_SEQ_CST)) {
            neuron_ws_request_info_t info = {.size = sizeof info};
            CHECK(neuron_ws_request_info(requests[1], &info) == NEURON_WS_OK);
            __atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
        } else {
            usleep(500);
        }
    }
    return NULL;
}

int main(int count, char **arguments)
{
    char settings[256];
    const char *text = "{\"uuid\":\"1\",\"node\":\"d\",\"group\":\"g\"}";
    neuron_ws_host_t host = {.size = sizeof host, .on_request = on_request};
    neuron_ws_node_t *node = NULL;
    pthread_t thread;
    char *answer = malloc(answer_bytes + 1);

    if (count < 2 || answer == NULL)
        return 2;
    snprintf(settings, sizeof settings, "{\"url\":\"ws://127.0.0.1:%s/\",\"queue-max-bytes\":67108864}", arguments[1]);
    CHECK(neuron_ws_node_create("replies", settings, &host, &node) == NEURON_WS_OK);
    CHECK(neuron_ws_node_start(node) == NEURON_WS_OK);
    for (int index = 0; index < 2; index++)
        CHECK(neuron_ws_node_send(node, NEURON_WS_TEXT, text, strlen(text), NULL) == NEURON_WS_OK);
    if (CHECK(reaches(&request_count, 2))) {
        memset(answer, 'x', answer_bytes);
        memcpy(answer, "{\"a\":\"", 6);
        memcpy(answer + answer_bytes - 2, "\"}", 3);
        CHECK(pthread_create(&thread, NULL, ask, NULL) == 0);
        waits = true;
        CHECK(neuron_ws_request_reply(requests[0], answer, answer_bytes) == NEURON_WS_OK);
        waits = false;
        __atomic_store_n(&is_over, true, __ATOMIC_SEQ_CST);
        pthread_join(thread, NULL);
        CHECK(allocations > 0 && held_up == 0);
        CHECK(neuron_ws_request_drop(requests[1]) == NEURON_WS_OK);
    }
    neuron_ws_node_destroy(node);
    free(answer);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
