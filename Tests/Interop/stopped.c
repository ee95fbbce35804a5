// SPDX-License-Identifier: Apache-2.0
/*
 * A host whose process is stopped (SIGSTOP) and goes on later (SIGCONT).
 *
 * stopped SETTINGS: makes a node, sends a number each 20 ms, and obeys standard input, a line at a time:
 *     open    waits for the connection, and says "open"
 *     ask     asks COMMANDS commands, KINDS in turn, and says "asked"
 *     look    says what the node's counters hold
 *     end     sends no more, waits until all is delivered and each command has its end, and says what came of them
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

#define COMMANDS 40
#define ENDS_MAX 32

/* The server does what the word says. */
static const struct {
    const char *word;
    uint32_t timeout_ms, retries;
} KINDS[] = {
    { "never", 800, 0 },      /* its time is over while the process is stopped */
    { "late", 1200, 0 },      /* the same, and its response lies in the socket when the process goes on */
    { "never", 200, 3 },      /* so are the times of all its tries */
    { "second", 3600000, 9 }, /* answered when it is sent again */
    { "never", 3600000, 0 },  /* its connection ends */
};
#define KINDS_COUNT (sizeof KINDS / sizeof *KINDS)

static neuron_ws_node_t *node;
static atomic_bool is_ending;
static atomic_int sent;
/* By command, and by its end. */
static atomic_int ends[COMMANDS];
static atomic_int how[KINDS_COUNT][ENDS_MAX];

static void nap(int milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000l };
    nanosleep(&time, NULL);
}

static void is_ok(neuron_ws_status_t status, const char *what)
{
    if (status == NEURON_WS_OK) return;
    printf("FAILED %s: %s\n", what, neuron_ws_last_error());
    exit(1);
}

static void ended(neuron_ws_node_t *of, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes, size_t length,
                  void *context)
{
    size_t command = (size_t)(uintptr_t)context;
    (void)of, (void)id, (void)bytes, (void)length;
    ends[command]++;
    how[command % KINDS_COUNT][status < ENDS_MAX ? (size_t)status : 0]++;
}

static void ask(void)
{
    for (size_t number = 0; number < COMMANDS; number++) {
        char text[80], value[16];
        snprintf(value, sizeof value, "%zu", number);
        snprintf(text, sizeof text, "{\"id\":%zu,\"do\":\"%s\"}", number, KINDS[number % KINDS_COUNT].word);
        neuron_ws_command_t command = { .size = sizeof command, .kind = NEURON_WS_TEXT, .bytes = text,
                                        .length = strlen(text), .match_member = "id", .match_value = value,
                                        .timeout_ms = KINDS[number % KINDS_COUNT].timeout_ms,
                                        .retries = KINDS[number % KINDS_COUNT].retries,
                                        .on_response = ended, .context = (void *)(uintptr_t)number };
        is_ok(neuron_ws_node_request(node, &command, NULL), "a command");
    }
}

static void *send_numbers(void *unused)
{
    (void)unused;
    while (!is_ending) {
        char text[16];
        int length = snprintf(text, sizeof text, "%d", sent);
        is_ok(neuron_ws_node_send(node, NEURON_WS_TEXT, text, (size_t)length, NULL), "a number");
        sent++;
        nap(20);
    }
    return NULL;
}

static neuron_ws_state_t state(void)
{
    neuron_ws_state_t state = { .size = sizeof state };
    is_ok(neuron_ws_node_state(node, &state), "the state");
    return state;
}

static neuron_ws_metrics_t metrics(void)
{
    neuron_ws_metrics_t metrics = { .size = sizeof metrics };
    is_ok(neuron_ws_node_metrics(node, &metrics), "the counters");
    return metrics;
}

static void look(void)
{
    neuron_ws_metrics_t now = metrics();
    printf("{\"link\":%d,\"opened\":%llu,\"pings\":%llu,\"reason\":\"%s\"}\n", state().link,
           (unsigned long long)now.connections_opened, (unsigned long long)now.pings_sent,
           neuron_ws_reason_name(state().reason));
}

static void end(void)
{
    neuron_ws_status_t flushed = neuron_ws_node_flush(node, NEURON_WS_LEVEL_PEER_PARSED, 30000);
    for (int waited = 0; metrics().commands_open > 0 && waited < 30000; waited += 20) nap(20);
    neuron_ws_metrics_t last = metrics();
    is_ok(neuron_ws_node_finish(node, 2000), "finish");
    neuron_ws_node_destroy(node);
    int most = 0, least = ENDS_MAX;
    for (int number = 0; number < COMMANDS; number++) {
        if (ends[number] > most) most = ends[number];
        if (ends[number] < least) least = ends[number];
    }
    printf("{\"flushed\":\"%s\"", neuron_ws_status_name(flushed));
    printf(",\"sent\":%d,\"least\":%d,\"most\":%d,\"opened\":%llu,\"counted\":%llu,\"kinds\":[", (int)sent, least, most,
           (unsigned long long)last.connections_opened,
           (unsigned long long)(last.commands_answered + last.commands_timed_out + last.commands_lost));
    for (size_t kind = 0; kind < KINDS_COUNT; kind++)
        printf("%s{\"OK\":%d,\"TIMEOUT\":%d,\"LINK_LOST\":%d}", kind ? "," : "", (int)how[kind][NEURON_WS_OK],
               (int)how[kind][NEURON_WS_TIMEOUT], (int)how[kind][NEURON_WS_LINK_LOST]);
    printf("]}\n");
}

int main(int count, char **words)
{
    char line[32];
    pthread_t thread;
    if (count != 2) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    is_ok(neuron_ws_node_create("stopped", words[1], NULL, &node), "the node");
    is_ok(neuron_ws_node_start(node), "start");
    pthread_create(&thread, NULL, send_numbers, NULL);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "open\n") == 0) {
            while (state().link == 0) nap(5);
            printf("open\n");
        } else if (strcmp(line, "ask\n") == 0) {
            ask();
            printf("asked\n");
        } else if (strcmp(line, "look\n") == 0) {
            look();
        } else {
            is_ending = true;
            pthread_join(thread, NULL);
            end();
            return 0;
        }
    }
    return 3;
}
