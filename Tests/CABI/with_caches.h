// SPDX-License-Identifier: Apache-2.0
/* Caches on disk, from outside: made by a node, then looked at, read and dropped; part of every_function.c. */
#ifndef NEURON_WS_TEST_WITH_CACHES_H
#define NEURON_WS_TEST_WITH_CACHES_H

static void count_cache(const neuron_ws_cache_t *cache, void *context)
{
    int *count = (int *)context;

    CHECK(cache->size == sizeof *cache && cache->file_bytes > 0);
    CHECK(strcmp(cache->node, "cached") == 0 && strstr(cache->path, "/cached.nwsc") != NULL && cache->error[0] == 0);
    CHECK(cache->messages == 3 && cache->bytes > 0 && cache->poisoned == 0);
    CHECK(cache->oldest_ms > 0 && cache->newest_ms >= cache->oldest_ms);
    (*count)++;
}

static void see_it_held(const neuron_ws_cache_t *cache, void *context)
{
    CHECK(cache->node[0] == 0 && strstr(cache->error, "held by a node of this process") != NULL);
    (*(int *)context)++;
}

static bool count_message(const neuron_ws_cached_message_t *message, void *context)
{
    int *count = (int *)context;

    CHECK(message->size == sizeof *message && message->part == NEURON_WS_CACHE_WAITING);
    CHECK(message->kind == NEURON_WS_TEXT && message->length == 1 && message->bytes[0] == (uint8_t)('a' + *count));
    CHECK(message->time_ms > 0 && message->close_code == 0 && message->close_reason[0] == 0);
    return ++(*count) < 2;
}

static void caches(void)
{
    char directory[] = "/tmp/every_function_XXXXXX", settings[512];
    neuron_ws_node_t *node = NULL;
    uint64_t resent = 77;
    int count = 0;

    if (!CHECK(mkdtemp(directory) != NULL))
        return;
    snprintf(settings, sizeof settings, "{\"url\":\"ws://127.0.0.1:1/\",\"offline-cache\":true,\"data-dir\":\"%s\"}",
             directory);
    if (!OK(neuron_ws_node_create("cached", settings, NULL, &node)))
        return;
    OK(neuron_ws_node_start(node));
    for (int number = 0; number < 3; number++)
        OK(neuron_ws_node_send(node, NEURON_WS_TEXT, &"abc"[number], 1, NULL));
    OK(neuron_ws_node_flush(node, NEURON_WS_LEVEL_STORED, 60000));
    OK(neuron_ws_cache_list(directory, see_it_held, &count));
    STATUS(SYSTEM, neuron_ws_cache_read(directory, "cached", NEURON_WS_CACHE_WAITING, count_message, &count));
    STATUS(SYSTEM, neuron_ws_cache_drop(directory, "cached", NEURON_WS_CACHE_WAITING | NEURON_WS_CACHE_POISONED));
    neuron_ws_node_destroy(node);
    CHECK(count == 1);
    count = 0;
    OK(neuron_ws_cache_list(directory, count_cache, &count));
    CHECK(count == 1);
    count = 0;
    OK(neuron_ws_cache_read(directory, "cached", NEURON_WS_CACHE_WAITING, count_message, &count));
    CHECK(count == 2);
    OK(neuron_ws_cache_resend(directory, "cached", &resent));
    CHECK(resent == 0);
    OK(neuron_ws_cache_drop(directory, "cached", NEURON_WS_CACHE_WAITING));
    count = 0;
    OK(neuron_ws_cache_read(directory, "cached", NEURON_WS_CACHE_WAITING, count_message, &count));
    CHECK(count == 0);
    OK(neuron_ws_cache_drop(directory, "cached", NEURON_WS_CACHE_WAITING | NEURON_WS_CACHE_POISONED));
    STATUS(NOT_FOUND, neuron_ws_cache_read(directory, "cached", NEURON_WS_CACHE_WAITING, count_message, &count));
    CHECK(rmdir(directory) == 0);
    STATUS(NOT_FOUND, neuron_ws_cache_list(directory, count_cache, &count));
}

#endif
