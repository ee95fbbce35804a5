// SPDX-License-Identifier: Apache-2.0
/* Requests answered twice, by several threads, after their node; handles that are none. */
#include "misuse.h"
#include "first_version.h"

#include <pthread.h>
#include <stdlib.h>

enum { requests_max = 1000, repliers = 4 };

typedef struct desk {
    neuron_ws_request_t *requests[requests_max];
    int count;
    int answered;
    int refused;
    neuron_ws_node_t *node;
    neuron_ws_node_t *doomed; /* destroyed inside on_request, if it is set */
} desk_t;

static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context)
{
    desk_t *desk = (desk_t *)context;
    int place = __atomic_load_n(&desk->count, __ATOMIC_SEQ_CST);

    CHECK(request != NULL && info->uuid != NULL && info->group != NULL);
    if (!CHECK(place < requests_max))
        return;
    desk->requests[place] = request;
    if (desk->doomed != NULL) {
        neuron_ws_node_destroy(node);
        STATUS(NOT_RUNNING, neuron_ws_request_reply(request, "{}", 2));
    }
    __atomic_store_n(&desk->count, place + 1, __ATOMIC_SEQ_CST);
}

/* Sends `count` requests in one array to the server that sends everything back. */
static void ask(neuron_ws_node_t *node, int count)
{
    char *text = (char *)malloc((size_t)count * 64 + 2);
    size_t length = 0;

    if (!CHECK(text != NULL))
        return;
    text[length++] = '[';
    for (int number = 0; number < count; number++)
        length += (size_t)sprintf(text + length, "%s{\"uuid\":\"%d\",\"node\":\"d\",\"group\":\"g\"}",
                                  number > 0 ? "," : "", number);
    text[length++] = ']';
    OK(neuron_ws_node_send(node, NEURON_WS_TEXT, text, length, NULL));
    free(text);
}

static desk_t *open_desk(int port, bool dooms)
{
    char settings[256];
    neuron_ws_host_t host;
    desk_t *desk = (desk_t *)calloc(1, sizeof *desk);

    if (!CHECK(desk != NULL))
        return NULL;
    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = desk;
    host.on_request = on_request;
    settings_for(settings, sizeof settings, port, "");
    OK(neuron_ws_node_create("desk", settings, &host, &desk->node));
    if (dooms)
        desk->doomed = desk->node;
    OK(neuron_ws_node_start(desk->node));
    return desk;
}

static int count_of(const desk_t *desk)
{
    return __atomic_load_n(&desk->count, __ATOMIC_SEQ_CST);
}

/* Every thread tries every request; each request takes one of them. */
static void *reply_to_all(void *argument)
{
    desk_t *desk = (desk_t *)argument;

    for (int index = 0; index < count_of(desk); index++) {
        neuron_ws_status_t status = neuron_ws_request_reply(desk->requests[index], "{\"a\":1}", 7);
        CHECK(status == NEURON_WS_OK || status == NEURON_WS_NOT_FOUND || status == NEURON_WS_NOT_RUNNING);
        __atomic_fetch_add(status == NEURON_WS_OK ? &desk->answered : &desk->refused, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void reply_from_threads(ports_t ports, int count, bool destroys)
{
    pthread_t threads[repliers];
    desk_t *desk = open_desk(ports.echo, false);

    if (desk == NULL)
        return;
    ask(desk->node, count);
    WAIT_UNTIL(count_of(desk) == count);
    for (int index = 0; index < repliers; index++)
        CHECK(pthread_create(&threads[index], NULL, reply_to_all, desk) == 0);
    if (destroys)
        neuron_ws_node_destroy(desk->node);
    for (int index = 0; index < repliers; index++)
        pthread_join(threads[index], NULL);
    CHECK(desk->answered + desk->refused == count * repliers);
    if (!destroys) {
        CHECK(desk->answered == count);
        OK(neuron_ws_node_flush(desk->node, NEURON_WS_LEVEL_WRITTEN, 10000));
        CHECK(metrics_of(desk->node).messages_sent == (uint64_t)count + 1);
        neuron_ws_node_destroy(desk->node);
    }
    /* Freed all of them, each once. */
    for (int index = 0; index < count; index++)
        STATUS(NOT_FOUND, neuron_ws_request_drop(desk->requests[index]));
    free(desk);
}

static void wrong_handles(ports_t ports)
{
    int nothing = 0;
    neuron_ws_request_info_t info;
    neuron_ws_request_t *const wrong[] = {
        (neuron_ws_request_t *)(void *)&nothing, (neuron_ws_request_t *)(uintptr_t)1,
        (neuron_ws_request_t *)UINTPTR_MAX, (neuron_ws_request_t *)((uintptr_t)7 << 32 | 1),
    };
    desk_t *desk = open_desk(ports.echo, false);

    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    STATUS(INVALID_ARGUMENT, neuron_ws_request_reply(NULL, "{}", 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_drop(NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_info(NULL, &info));
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        STATUS(NOT_FOUND, neuron_ws_request_reply(wrong[index], "{}", 2));
        STATUS(NOT_FOUND, neuron_ws_request_drop(wrong[index]));
        STATUS(NOT_FOUND, neuron_ws_request_info(wrong[index], &info));
        STATUS(NOT_FOUND, neuron_ws_request_progress(wrong[index], "{}", 2));
    }
    if (desk == NULL)
        return;
    ask(desk->node, 3);
    WAIT_UNTIL(count_of(desk) == 3);
    neuron_ws_request_t *request = desk->requests[0];
    STATUS(INVALID_ARGUMENT, neuron_ws_request_reply(request, NULL, 0));
    STATUS(INVALID_ARGUMENT, neuron_ws_request_info(request, NULL));
    STATUS(INVALID_JSON, neuron_ws_request_reply(request, "", 0));
    STATUS(UNSUPPORTED, neuron_ws_request_progress(request, "{\"steps\":[]}", 12));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_reply(desk->node, "{}", 2));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_reply(desk->node, "{\"id\":\"1\",\"name\":\"x\"}", 21));
    STATUS(INVALID_JSON, neuron_ws_node_reply(desk->node, "{", 1));
    STATUS(TOO_BIG, neuron_ws_node_reply(desk->node, "{}", SIZE_MAX));
    STATUS(INVALID_JSON, neuron_ws_request_reply(request, "{\"a\":\"\xff\"}", 9));
    STATUS(TOO_BIG, neuron_ws_request_reply(request, "{}", SIZE_MAX));
    STATUS(TOO_BIG, neuron_ws_request_reply(request, "{}", (size_t)64 * 1024 * 1024 + 1));
    info.size = sizeof(first_request_info_t) - 1;
    STATUS(STRUCT_SIZE, neuron_ws_request_info(request, &info));
    info.size = sizeof(first_request_info_t);
    info.tag_size = 4711;
    OK(neuron_ws_request_info(request, &info));
    CHECK(info.tag_size == 4711 && strcmp(info.query_description, "") == 0);
    info.size = sizeof info;
    OK(neuron_ws_request_info(request, &info));
    CHECK(info.tag_size == sizeof(neuron_ws_tag_t));
    CHECK(strcmp(info.uuid, "0") == 0 && info.tag_count == 0 && info.tags == NULL);
    OK(neuron_ws_request_reply(request, "{}", 2));
    STATUS(NOT_FOUND, neuron_ws_request_reply(request, "{}", 2));
    OK(neuron_ws_request_drop(desk->requests[1]));
    neuron_ws_node_destroy(desk->node);
    info.size = sizeof info;
    OK(neuron_ws_request_info(desk->requests[2], &info));
    CHECK(strcmp(info.uuid, "2") == 0);
    STATUS(NOT_RUNNING, neuron_ws_request_reply(desk->requests[2], "{}", 2));
    STATUS(NOT_FOUND, neuron_ws_request_reply(desk->requests[2], "{}", 2));
    free(desk);
}

static void destroy_inside_on_request(ports_t ports)
{
    desk_t *desk = open_desk(ports.echo, true);

    if (desk == NULL)
        return;
    ask(desk->node, 2);
    WAIT_UNTIL(count_of(desk) == 1);
    sleep_ms(50);
    CHECK(count_of(desk) == 1);
    free(desk);
}

/* What is given to neuron_ws_node_push_states. */
static void strange_states(ports_t ports)
{
    char settings[256];
    char longest[NEURON_WS_NAME_MAX + 2];
    neuron_ws_node_t *node = NULL;
    struct {
        neuron_ws_driver_state_t known;
        uint64_t future;
    } newer[2];
    size_t stride = sizeof newer[0];

    OK(neuron_ws_node_create("states", settings_for(settings, sizeof settings, ports.closed, ""), NULL, &node));
    memset(newer, 0, sizeof newer);
    memset(longest, 'x', sizeof longest);
    longest[NEURON_WS_NAME_MAX + 1] = '\0';
    newer[0].known.node = newer[1].known.node = "d\xff";
    newer[0].known.is_driver = newer[1].known.is_driver = true;
    newer[0].known.link = INT32_MIN;
    newer[0].known.running = INT32_MAX;
    OK(neuron_ws_node_push_states(node, &newer[0].known, 2, stride, NULL));
    newer[1].future = 1;
    STATUS(STRUCT_SIZE, neuron_ws_node_push_states(node, &newer[0].known, 2, stride, NULL));
    newer[1].future = 0;
    static const size_t wrong[] = {0, 1, sizeof(neuron_ws_driver_state_t) + 1, 4104, SIZE_MAX};
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++)
        STATUS(STRUCT_SIZE, neuron_ws_node_push_states(node, &newer[0].known, 2, wrong[index], NULL));
    STATUS(TOO_BIG, neuron_ws_node_push_states(node, &newer[0].known, SIZE_MAX, stride, NULL));
    STATUS(TOO_BIG, neuron_ws_node_push_states(node, &newer[0].known, NEURON_WS_TAGS_MAX + 1, stride, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_states(node, NULL, 1, stride, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_states(NULL, &newer[0].known, 2, stride, NULL));
    newer[1].known.node = NULL;
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_states(node, &newer[0].known, 2, stride, NULL));
    newer[1].known.node = "";
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_states(node, &newer[0].known, 2, stride, NULL));
    newer[1].known.node = longest;
    STATUS(INVALID_ARGUMENT, neuron_ws_node_push_states(node, &newer[0].known, 2, stride, NULL));
    newer[1].known.node = longest + 1;
    OK(neuron_ws_node_push_states(node, &newer[0].known, 2, stride, NULL));
    STATUS(SKIPPED, neuron_ws_node_push_states(node, NULL, 0, 0, NULL));
    CHECK(metrics_of(node).messages_accepted == 2 && metrics_of(node).messages_skipped == 1);
    neuron_ws_node_destroy(node);
}

void misuse_requests(ports_t ports, double scale)
{
    int count = scale >= 1 ? requests_max : 50;

    wrong_handles(ports);
    strange_states(ports);
    destroy_inside_on_request(ports);
    reply_from_threads(ports, count, false);
    for (int turn = 0; turn < 10; turn++)
        reply_from_threads(ports, 50, true);
}
