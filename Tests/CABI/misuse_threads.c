// SPDX-License-Identifier: Apache-2.0
/* 16 threads push while another makes and destroys nodes of its own, and the settings change while data flows. */
#include "misuse.h"

#include <pthread.h>

enum { pushers = 16 };

typedef struct traffic {
    neuron_ws_node_t *node;
    ports_t ports;
    int each;      /* messages of each thread */
    int pushing;   /* threads still at it */
    int delivered; /* outcomes */
    int dropped;
    uint64_t ids;  /* the sum of the ids of the outcomes */
} traffic_t;

static void on_delivery(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                        void *context)
{
    traffic_t *traffic = (traffic_t *)context;
    (void)node, (void)level;
    __atomic_fetch_add(outcome == NEURON_WS_DELIVERED ? &traffic->delivered : &traffic->dropped, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&traffic->ids, id, __ATOMIC_SEQ_CST);
}

static void *push_many(void *argument)
{
    traffic_t *traffic = (traffic_t *)argument;

    for (int number = 0; number < traffic->each; number++) {
        neuron_ws_tag_t tags[3];
        neuron_ws_group_t group;
        neuron_ws_status_t status;
        tags[0] = int_tag("n", number);
        tags[1] = text_tag("s", "text", NEURON_WS_NUL_TERMINATED);
        tags[2] = int_tag("e", 0);
        tags[2].error = 3001;
        group = group_of(tags, 3);
        while ((status = neuron_ws_node_push(traffic->node, &group, NULL)) == NEURON_WS_QUEUE_FULL)
            sleep_ms(1);
        if (status != NEURON_WS_OK)
            OK(status);
    }
    __atomic_fetch_sub(&traffic->pushing, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *make_and_destroy(void *argument)
{
    traffic_t *traffic = (traffic_t *)argument;
    char settings[256];
    int turn = 0;

    do {
        neuron_ws_node_t *own = NULL;
        settings_for(settings, sizeof settings, turn % 4 == 0 ? traffic->ports.sink : traffic->ports.closed, "");
        if (!OK(neuron_ws_node_create("own", settings, NULL, &own)))
            return NULL;
        OK(neuron_ws_node_start(own));
        OK(neuron_ws_node_send(own, NEURON_WS_TEXT, "x", 1, NULL));
        if (turn % 3 == 0)
            OK(neuron_ws_node_stop(own, 100));
        else if (turn % 3 == 1)
            OK(neuron_ws_node_stop_begin(own, turn % 2 == 0 ? 100 : 0));
        neuron_ws_node_destroy(own);
        turn++;
        sleep_ms(1);
    } while (__atomic_load_n(&traffic->pushing, __ATOMIC_SEQ_CST) > 0);
    return NULL;
}

/* Settings of every kind: some reconnect, some do not, some are refused. */
static void *configure_meanwhile(void *argument)
{
    static const char *const changes[] = {
        ",\"format\":\"tags-format\"", ",\"ping-interval\":3",           ",\"headers\":{\"X-Turn\":\"1\"}",
        ",\"static_tags\":{\"a\":1}",  ",\"user-agent\":\"another/1.0\"", ",\"upload_err\":false",
        ",\"log-level\":\"error\"",    ",\"format\":\"ECP-format\"",     "",
    };
    traffic_t *traffic = (traffic_t *)argument;
    char settings[512];

    for (int turn = 0; __atomic_load_n(&traffic->pushing, __ATOMIC_SEQ_CST) > 0; turn++) {
        const char *change = changes[(size_t)turn % (sizeof changes / sizeof *changes)];
        settings_for(settings, sizeof settings, traffic->ports.sink, change);
        OK(neuron_ws_node_configure(traffic->node, settings));
        STATUS(INVALID_SETTINGS, neuron_ws_node_configure(traffic->node, "{\"url\":\"nonsense\"}"));
        OK(neuron_ws_node_subscribe(traffic->node, "*", "*", turn % 2 ? "{\"static_tags\":{\"b\":2}}" : NULL));
        state_of(traffic->node);
        metrics_of(traffic->node);
        sleep_ms(3);
    }
    return NULL;
}

static void run_traffic(ports_t ports, int each, bool configure)
{
    char settings[256];
    pthread_t threads[pushers], other;
    traffic_t traffic;
    neuron_ws_host_t host;
    uint64_t all = (uint64_t)each * pushers;

    memset(&traffic, 0, sizeof traffic);
    traffic.ports = ports;
    traffic.each = each;
    traffic.pushing = pushers;
    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &traffic;
    host.on_delivery = on_delivery;
    settings_for(settings, sizeof settings, ports.sink, "");
    if (!OK(neuron_ws_node_create("traffic", settings, &host, &traffic.node)))
        return;
    OK(neuron_ws_node_subscribe(traffic.node, "*", "*", NULL));
    OK(neuron_ws_node_start(traffic.node));
    for (int index = 0; index < pushers; index++)
        CHECK(pthread_create(&threads[index], NULL, push_many, &traffic) == 0);
    CHECK(pthread_create(&other, NULL, configure ? configure_meanwhile : make_and_destroy, &traffic) == 0);
    for (int index = 0; index < pushers; index++)
        pthread_join(threads[index], NULL);
    pthread_join(other, NULL);
    OK(neuron_ws_node_flush(traffic.node, NEURON_WS_LEVEL_WRITTEN, 60000));
    neuron_ws_metrics_t metrics = metrics_of(traffic.node);
    CHECK(metrics.messages_accepted == all && metrics.messages_sent == all && metrics.messages_dropped == 0);
    CHECK(metrics.queued_messages == 0);
    OK(neuron_ws_node_stop(traffic.node, 5000));
    neuron_ws_node_destroy(traffic.node);
    /* Exactly one outcome for each: as many as there were, and no id twice. */
    CHECK(traffic.delivered == (int)all && traffic.dropped == 0);
    CHECK(traffic.ids == all * (all + 1) / 2);
}

/* What is queued when a node is destroyed is dropped, each message once. */
static void destroy_with_a_full_queue(ports_t ports)
{
    char settings[256];
    traffic_t traffic;
    neuron_ws_host_t host;

    memset(&traffic, 0, sizeof traffic);
    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.context = &traffic;
    host.on_delivery = on_delivery;
    settings_for(settings, sizeof settings, ports.closed, ",\"queue-max-messages\":1000");
    if (!OK(neuron_ws_node_create("full", settings, &host, &traffic.node)))
        return;
    for (int number = 0; number < 1000; number++)
        OK(neuron_ws_node_send(traffic.node, NEURON_WS_TEXT, "x", 1, NULL));
    STATUS(QUEUE_FULL, neuron_ws_node_send(traffic.node, NEURON_WS_TEXT, "x", 1, NULL));
    CHECK(metrics_of(traffic.node).messages_rejected == 1);
    OK(neuron_ws_node_start(traffic.node));
    neuron_ws_node_destroy(traffic.node);
    CHECK(traffic.dropped == 1000 && traffic.delivered == 0 && traffic.ids == 500500);
}

static void *begin_stops(void *argument)
{
    traffic_t *traffic = (traffic_t *)argument;

    for (int turn = 0; turn < traffic->each; turn++) {
        neuron_ws_status_t status = neuron_ws_node_stop_begin(traffic->node, turn % 2 == 0 ? 0 : 60000);
        CHECK(status == NEURON_WS_OK || status == NEURON_WS_NOT_RUNNING);
    }
    __atomic_fetch_sub(&traffic->pushing, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* Threads begin to stop a node that another starts again and again. */
static void begun_stops_of_many_threads(ports_t ports, int each)
{
    char settings[256];
    pthread_t threads[4];
    traffic_t traffic;

    memset(&traffic, 0, sizeof traffic);
    traffic.each = each;
    traffic.pushing = 4;
    settings_for(settings, sizeof settings, ports.closed, "");
    if (!OK(neuron_ws_node_create("begun", settings, NULL, &traffic.node)))
        return;
    for (int index = 0; index < 4; index++)
        CHECK(pthread_create(&threads[index], NULL, begin_stops, &traffic) == 0);
    while (__atomic_load_n(&traffic.pushing, __ATOMIC_SEQ_CST) > 0)
        OK(neuron_ws_node_start(traffic.node));
    for (int index = 0; index < 4; index++)
        pthread_join(threads[index], NULL);
    OK(neuron_ws_node_stop(traffic.node, 0));
    STATUS(NOT_RUNNING, neuron_ws_node_stop_begin(traffic.node, 0));
    neuron_ws_node_destroy(traffic.node);
}

void misuse_threads(ports_t ports, double scale)
{
    int each = (int)(5000 * scale);

    run_traffic(ports, each, false);
    run_traffic(ports, each, true);
    destroy_with_a_full_queue(ports);
    begun_stops_of_many_threads(ports, each);
}
