// SPDX-License-Identifier: Apache-2.0
/* The call of memory.c that keeps messages on disk: opened, filled beyond its limits, and stored at the end. */
#ifndef NEURON_WS_TEST_MEMORY_CACHE_H
#define NEURON_WS_TEST_MEMORY_CACHE_H

#include "memory_documents.h"

enum { cached_messages = 30 };

struct outcomes {
    long stored, others;
};

static void on_cached(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                      void *context)
{
    struct outcomes *told = context;

    (void)node, (void)id, (void)level;
    __atomic_add_fetch(outcome == NEURON_WS_STORED ? &told->stored : &told->others, 1, __ATOMIC_SEQ_CST);
}

static void count_cached(const neuron_ws_cache_t *cache, void *context)
{
    *(long *)context += cache->error[0] == 0 ? (long)cache->messages : 1000;
}

/* Each message that was taken has one outcome; those that lie on disk afterwards, and no others, are said to be stored:
 * of what is sent again after a restart no other outcome may be told. */
static neuron_ws_status_t call_cache(neuron_ws_node_t *unused)
{
    static struct outcomes told;
    char directory[] = "/tmp/memory_XXXXXX", document[512];
    neuron_ws_host_t host;
    neuron_ws_node_t *node = NULL;
    neuron_ws_status_t status;
    long taken = 0, found = 0;

    (void)unused;
    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.on_delivery = on_cached;
    host.context = &told;
    if (mkdtemp(directory) == NULL)
        return NEURON_WS_SYSTEM;
    snprintf(document, sizeof document,
             "{\"url\":\"ws://127.0.0.1:1/\",\"offline-cache\":true,\"cache-mem-size\":1,\"cache-disk-size\":1,"
             "\"sync-interval\":0,\"data-dir\":\"%s\"}",
             directory);
    fail_everywhere();
    status = neuron_ws_node_create("cached", document, &host, &node);
    if (status == NEURON_WS_OK)
        status = neuron_ws_node_start(node);
    for (int index = 0; index < cached_messages && status == NEURON_WS_OK; index++) {
        status = neuron_ws_node_send(node, NEURON_WS_TEXT, text, 100 * 1000, NULL);
        taken += status == NEURON_WS_OK;
        /* Older ones make room, which takes its time: seconds where the disk had no memory. */
        for (int turns = 0; turns < 500 && status == NEURON_WS_QUEUE_FULL; turns++) {
            sleep_ms(1);
            status = neuron_ws_node_send(node, NEURON_WS_TEXT, text, 100 * 1000, NULL);
            taken += status == NEURON_WS_OK;
        }
    }
    if (status == NEURON_WS_QUEUE_FULL)
        status = NEURON_WS_OK;
    if (node != NULL)
        neuron_ws_node_destroy(node);
    fail_nowhere();
    if (neuron_ws_cache_list(directory, count_cached, &found) != NEURON_WS_OK || found != told.stored
        || told.stored + told.others != taken) {
        printf("%ld messages: %ld are said to be stored, %ld are, %ld have another outcome\n", taken, told.stored,
               found, told.others);
        status = NEURON_WS_SYSTEM;
    }
    neuron_ws_cache_drop(directory, "cached", NEURON_WS_CACHE_WAITING | NEURON_WS_CACHE_POISONED);
    return rmdir(directory) == 0 ? status : NEURON_WS_SYSTEM;
}

#endif
