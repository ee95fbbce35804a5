// SPDX-License-Identifier: Apache-2.0
/* Two nodes in one process: one whose server attacks it, and a quiet one whose server sends it the time every
 * millisecond. Prints as JSON how long the quiet one waited.
 *
 *     host ATTACKED-SETTINGS QUIET-SETTINGS SECONDS WHAT BYTES
 *
 * WHAT the host does with the attacked node: listen, requests (it answers each), text or noise (it sends messages of
 * BYTES bytes, compressible or not), many (it keeps the queue full of messages of BYTES bytes, and hears the outcome
 * of each by callback), hold (it answers no request), trace (it has the connection traced), groups (it pushes a value
 * of BYTES groups in turn), large (it pushes a text of BYTES bytes), members and functions (BYTES commands wait for a
 * response that never comes, known by a member or by what the host says), values, retries and ends (as many commands
 * wait as may, each for a value of its own of BYTES bytes, and where one ends another is asked; each is tried a
 * thousand times; to hear of an end takes 50 us), told (groups, and to hear of an outcome takes 50 us).
 *
 * A wait is the time from the server's send to the callback, or the processor time that the loop's thread has used
 * since the last callback before that send, whichever is less: that the system did not let the loop run is nobody's
 * fault.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <neuron_ws.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000000

/* Times in milliseconds: when the callback came, by the clock and by the loop thread's processor time, and the rest. */
struct sample {
    double wall;
    double cpu;
    double wait;
    double latency;
};

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
/* The last callback that came before the present message was sent. */
static size_t before;
static unsigned long long attacked_messages, attacked_bytes, attacked_outcomes, attacked_lines;

static double clock_ms(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static void quiet_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                          void *context)
{
    (void) node;
    (void) kind;
    (void) context;
    char text[32] = {0};
    memcpy(text, bytes, length < sizeof text - 1 ? length : sizeof text - 1);
    if (sample_count == SAMPLES_MAX)
        return;
    struct sample *now = &samples[sample_count];
    now->wall = clock_ms(CLOCK_MONOTONIC);
    now->cpu = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    double sent = strtod(text, NULL) / 1e6;
    while (before + 1 < sample_count && samples[before + 1].wall <= sent)
        before++;
    double used = sample_count > 0 ? now->cpu - samples[before].cpu : 0;
    now->latency = now->wall - sent;
    now->wait = now->latency < used ? now->latency : used;
    sample_count++;
}

static void attacked_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                             void *context)
{
    (void) node;
    (void) kind;
    (void) bytes;
    (void) context;
    attacked_messages++;
    attacked_bytes += length;
}

static void attacked_request(neuron_ws_node_t *node, neuron_ws_request_t *request,
                             const neuron_ws_request_info_t *info, void *context)
{
    (void) node;
    (void) info;
    (void) context;
    if (neuron_ws_request_reply(request, "{\"error\":0}", 11) != NEURON_WS_OK)
        neuron_ws_request_drop(request);
}

static void held_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                         void *context)
{
    (void) node;
    (void) request;
    (void) info;
    (void) context;
}

static void attacked_line(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context)
{
    (void) node;
    (void) level;
    (void) text;
    (void) context;
    attacked_lines++;
}

static void attacked_outcome(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome,
                             neuron_ws_level_t level, void *context)
{
    (void) node;
    (void) id;
    (void) outcome;
    (void) level;
    attacked_outcomes++;
    /* As a host that writes each one down. */
    if (context) {
        double begin = clock_ms(CLOCK_MONOTONIC);
        while (clock_ms(CLOCK_MONOTONIC) < begin + 0.05)
            ;
    }
}

static int by_wait(const void *left, const void *right)
{
    double difference = ((const struct sample *) left)->wait - ((const struct sample *) right)->wait;
    return difference < 0 ? -1 : difference > 0;
}

static int by_latency(const void *left, const void *right)
{
    double difference = ((const struct sample *) left)->latency - ((const struct sample *) right)->latency;
    return difference < 0 ? -1 : difference > 0;
}

/* The most memory this program has had; that of getrusage begins with its parent's. */
static double peak_megabytes(void)
{
    char line[256];
    double kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmHWM:", 6))
            kilobytes = strtod(line + 6, NULL);
    if (file)
        fclose(file);
    return kilobytes / 1024;
}

static neuron_ws_node_t *start(const char *name, const char *settings, const neuron_ws_host_t *host)
{
    neuron_ws_node_t *node = NULL;
    if (neuron_ws_node_create(name, settings, host, &node) != NEURON_WS_OK || neuron_ws_node_start(node)) {
        fprintf(stderr, "%s: %s\n", name, neuron_ws_last_error());
        exit(2);
    }
    return node;
}

static bool never(const uint8_t *bytes, size_t length, void *context)
{
    (void) bytes;
    (void) length;
    (void) context;
    return false;
}

static void unanswered(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                       size_t length, void *context)
{
    (void) node;
    (void) id;
    (void) status;
    (void) bytes;
    (void) length;
    (void) context;
}

/* Commands that wait for their response to the end. */
static void ask(neuron_ws_node_t *node, bool by_member, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        char name[64];
        snprintf(name, sizeof name, index % 2 ? "/member3/member%zu" : "member%zu", index);
        neuron_ws_command_t command = {.size = sizeof command, .kind = NEURON_WS_TEXT, .bytes = "do", .length = 2,
                                       .timeout_ms = NEURON_WS_COMMAND_TIMEOUT_MAX_MS,
                                       .on_response = unanswered};
        if (by_member) {
            command.match_member = name;
            command.match_value = "never";
        } else {
            command.matches = never;
        }
        if (neuron_ws_node_request(node, &command, NULL) != NEURON_WS_OK) {
            fprintf(stderr, "a command: %s\n", neuron_ws_last_error());
            exit(2);
        }
    }
}

static void ended(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes, size_t length,
                  void *context)
{
    (void) node;
    (void) id;
    (void) status;
    (void) bytes;
    (void) length;
    attacked_outcomes++;
    if (context) {
        double begin = clock_ms(CLOCK_MONOTONIC);
        while (clock_ms(CLOCK_MONOTONIC) < begin + 0.05)
            ;
    }
}

/* As many commands as may wait, until the time is over. */
static void ask_until(double end, neuron_ws_node_t *node, const char *what, size_t length)
{
    char value[NEURON_WS_NAME_MAX + 1];
    int retries = !strcmp(what, "retries");
    neuron_ws_command_t command = {.size = sizeof command, .kind = NEURON_WS_TEXT, .bytes = "do", .length = 2,
                                   .timeout_ms = retries ? 100 : 3600000, .retries = retries ? 1000 : 0,
                                   .match_member = "id", .match_value = value, .on_response = ended,
                                   .context = strcmp(what, "ends") ? NULL : value};
    for (size_t index = 0; clock_ms(CLOCK_MONOTONIC) < end; index++) {
        snprintf(value, sizeof value, "%0*zu", (int) length, index);
        if (neuron_ws_node_request(node, &command, NULL) != NEURON_WS_OK)
            usleep(1000);
    }
}

/* Pushes one value of one group after the other until the time is over; the value may be a text. */
static void push_until(double end, neuron_ws_node_t *node, size_t groups, const uint8_t *text, size_t length)
{
    neuron_ws_tag_t tag = {.name = "tag", .type = NEURON_WS_TYPE_INT64};
    char name[32];
    neuron_ws_group_t group = {.size = sizeof group, .driver = "driver", .group = name, .tags = &tag, .tag_count = 1,
                               .tag_size = sizeof tag};
    if (text) {
        tag.type = NEURON_WS_TYPE_STRING;
        tag.value.text.data = (const char *) text;
        tag.value.text.length = length;
    }
    neuron_ws_node_subscribe(node, "*", "*", NULL);
    for (size_t index = 0; clock_ms(CLOCK_MONOTONIC) < end; index++) {
        snprintf(name, sizeof name, "group%zu", index % groups);
        if (neuron_ws_node_push(node, &group, NULL) != NEURON_WS_OK)
            usleep(1000);
    }
}

/* Sends what the host is to send until the time is over. */
static void send_until(double end, neuron_ws_node_t *node, const char *what, size_t length)
{
    uint8_t *bytes = malloc(length + 8);
    unsigned seed = 1;
    if (!strcmp(what, "values") || !strcmp(what, "retries") || !strcmp(what, "ends"))
        ask_until(end, node, what, length);
    if (!strcmp(what, "groups") || !strcmp(what, "told"))
        push_until(end, node, length, NULL, 0);
    for (size_t index = 0; index < length; index++) {
        seed = seed * 1664525 + 1013904223;
        bytes[index] = strcmp(what, "noise") ? (uint8_t) "temperature: "[(seed >> 28) ? index % 13 : seed >> 27]
                                             : (uint8_t) (seed >> 24);
    }
    int asks = !strcmp(what, "members") || !strcmp(what, "functions");
    if (asks)
        ask(node, !strcmp(what, "members"), length);
    if (!strcmp(what, "large"))
        push_until(end, node, 1, bytes, length);
    int sends = !strcmp(what, "text") || !strcmp(what, "noise") || !strcmp(what, "many");
    while (clock_ms(CLOCK_MONOTONIC) < end) {
        if (!sends || neuron_ws_node_send(node, NEURON_WS_BINARY, bytes, length, NULL) != NEURON_WS_OK)
            usleep(1000);
    }
    free(bytes);
}

int main(int count, char **words)
{
    if (count != 6) {
        fputs("host ATTACKED-SETTINGS QUIET-SETTINGS SECONDS WHAT BYTES\n", stderr);
        return 2;
    }
    double seconds = strtod(words[3], NULL);
    const char *what = words[4];
    neuron_ws_host_t quiet_host = {.size = sizeof quiet_host, .on_message = quiet_message};
    neuron_ws_host_t attacked_host = {.size = sizeof attacked_host, .on_message = attacked_message};
    if (!strcmp(what, "requests"))
        attacked_host.on_request = attacked_request;
    if (!strcmp(what, "hold"))
        attacked_host.on_request = held_request;
    if (!strcmp(what, "many") || !strcmp(what, "told"))
        attacked_host.on_delivery = attacked_outcome;
    if (!strcmp(what, "told"))
        attacked_host.context = &attacked_host;
    /* At the level "off" none comes. */
    if (!strcmp(what, "trace") || !strcmp(what, "requests"))
        attacked_host.on_log = attacked_line;
    neuron_ws_node_t *quiet = start("quiet", words[2], &quiet_host);
    usleep(200000);
    neuron_ws_node_t *attacked = start("attacked", words[1], &attacked_host);
    if (!strcmp(what, "trace"))
        neuron_ws_node_trace(attacked, UINT32_MAX);
    double begin = clock_ms(CLOCK_MONOTONIC);
    send_until(begin + seconds * 1e3, attacked, what, strtoul(words[5], NULL, 10));
    double lasted = clock_ms(CLOCK_MONOTONIC) - begin;
    neuron_ws_metrics_t metrics = {.size = sizeof metrics};
    neuron_ws_node_metrics(attacked, &metrics);
    neuron_ws_node_destroy(quiet);
    size_t heard = sample_count;
    neuron_ws_node_destroy(attacked);
    struct sample none = {.wait = -1}, *all = heard ? samples : &none;
    size_t last = heard ? heard - 1 : 0, p99 = heard * 99 / 100;
    qsort(samples, heard, sizeof *samples, by_latency);
    double latency_p99 = all[p99].latency, latency_max = all[last].latency;
    qsort(samples, heard, sizeof *samples, by_wait);
    printf("{\"seconds\": %.3f, \"heard\": %zu, \"wait_p50\": %.3f, \"wait_p99\": %.3f, \"wait_max\": %.3f, "
           "\"latency_p99\": %.3f, \"latency_max\": %.3f, \"peak_mb\": %.1f, \"messages\": %llu, \"bytes\": %llu, "
           "\"outcomes\": %llu, \"wire_received\": %llu, \"wire_sent\": %llu, \"sent\": %llu, \"pings\": %llu, "
           "\"pongs\": %llu, \"requests\": %llu, \"malformed\": %llu, \"opened\": %llu, \"lines\": %llu, "
           "\"accepted\": %llu, \"acknowledgements\": %llu}\n",
           lasted / 1e3, heard, all[heard / 2 < last ? heard / 2 : last].wait, all[p99].wait, all[last].wait,
           latency_p99, latency_max, peak_megabytes(), attacked_messages, attacked_bytes,
           attacked_outcomes, (unsigned long long) metrics.wire_bytes_received,
           (unsigned long long) metrics.wire_bytes_sent, (unsigned long long) metrics.messages_sent,
           (unsigned long long) metrics.pings_received, (unsigned long long) metrics.pongs_received,
           (unsigned long long) metrics.requests_received, (unsigned long long) metrics.requests_malformed,
           (unsigned long long) metrics.connections_opened, attacked_lines,
           (unsigned long long) metrics.messages_accepted, (unsigned long long) metrics.acknowledgements_received);
    return 0;
}
