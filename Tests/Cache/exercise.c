// SPDX-License-Identifier: Apache-2.0
/*
 * exercise write URL DATA-DIR FIRST COUNT ROUNDS [SETTINGS]: pushes COUNT messages in each of ROUNDS, waits until they
 * are stored, and says "S last" if they are; at the end "O outcome count" for each outcome.
 * exercise drain URL DATA-DIR SETTINGS: runs until nothing waits any more. Says "Q left", and "L lost damages".
 * exercise forget URL DATA-DIR: deletes what lies there.
 * With what went wrong it says "E text", and "W line" with what the log warns of; at the end "M kilobytes", the most
 * memory that it had. In the environment:
 * EXERCISE_USER: it becomes this user (a number) first. EXERCISE_LEVEL: it waits for this level (a number) instead.
 * EXERCISE_THEN: further settings, which it is given behind the first round.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <neuron_ws.h>

static uint64_t outcomes[16];

static void delivered(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                      void *context)
{
    (void)node, (void)id, (void)level, (void)context;
    if ((unsigned)outcome < 16) outcomes[outcome]++;
}

static void logged(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context)
{
    (void)node, (void)context;
    if (level < NEURON_WS_LOG_WARN) return;
    printf("W %s\n", text);
    fflush(stdout);
}

static void say(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

static void failed(const char *what)
{
    printf("E %s: %s\n", what, neuron_ws_last_error());
    fflush(stdout);
}

static void set_settings(char *settings, size_t size, char *const *arguments, const char *more)
{
    snprintf(settings, size,
             "{\"url\":\"%s\",\"offline-cache\":true,\"data-dir\":\"%s\",\"reconnect-min\":0.01,\"reconnect-max\":0.05,"
             "\"delivery\":\"peer-parsed\",\"sync-interval\":0.02%s}",
             arguments[2], arguments[3], more);
}

/* getrusage has what the process was forked from in it. */
static void say_memory(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kilobytes;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kilobytes) == 1) printf("M %ld\n", kilobytes);
    if (status) fclose(status);
}

static void rest(int milliseconds)
{
    const struct timespec time = { .tv_nsec = milliseconds * 1000000L };
    nanosleep(&time, NULL);
}

int main(int count, char **arguments)
{
    if (count < 4) return 2;
    const char *user = getenv("EXERCISE_USER"), *then = getenv("EXERCISE_THEN"), *level = getenv("EXERCISE_LEVEL");
    if (user && (setgid((gid_t)atoi(user)) != 0 || setuid((uid_t)atoi(user)) != 0)) return 3;
    char settings[4096];
    const int writes = strcmp(arguments[1], "write") == 0;
    const char *more = writes ? (count > 7 ? arguments[7] : "") : count > 4 ? arguments[4] : "";
    set_settings(settings, sizeof settings, arguments, more);
    neuron_ws_host_t host = { .size = sizeof host, .on_delivery = delivered, .on_log = logged };
    neuron_ws_node_t *node = NULL;
    if (neuron_ws_node_create("exercise", settings, &host, &node) != NEURON_WS_OK) {
        failed("create");
        return 1;
    }
    if (neuron_ws_node_start(node) != NEURON_WS_OK) failed("start");
    if (writes) {
        long number = atol(arguments[4]);
        for (int round = 0; round < atoi(arguments[6]); round++) {
            if (then && round == 1) {
                set_settings(settings, sizeof settings, arguments, then);
                if (neuron_ws_node_configure(node, settings) != NEURON_WS_OK) failed("configure");
            }
            for (int i = 0; i < atoi(arguments[5]); i++) {
                char text[512];
                const int length = snprintf(text, sizeof text, "{\"number\":%ld,\"rest\":\"%0*d\"}", number,
                                            (int)(number * 37 % 300) + 1, 0);
                if (neuron_ws_node_send(node, NEURON_WS_TEXT, text, (size_t)length, NULL) != NEURON_WS_OK) {
                    failed("send");
                    break;
                }
                number++;
            }
            if (neuron_ws_node_flush(node, level ? (neuron_ws_level_t)atoi(level) : NEURON_WS_LEVEL_STORED, 4000) ==
                NEURON_WS_OK) {
                printf("S %ld\n", number - 1);
                fflush(stdout);
            } else {
                failed("flush");
            }
        }
    } else if (strcmp(arguments[1], "forget") == 0) {
        if (neuron_ws_node_forget(node) != NEURON_WS_OK) failed("forget");
    } else {
        neuron_ws_metrics_t metrics = { .size = sizeof metrics };
        for (int turn = 0; turn < 3000; turn++) {
            neuron_ws_node_metrics(node, &metrics);
            if (metrics.queued_messages == 0 && metrics.cached_bytes == 0) break;
            rest(10);
        }
        printf("Q %" PRIu64 " %" PRIu64 "\nL %" PRIu64 " %" PRIu64 "\n", metrics.queued_messages, metrics.cached_bytes,
               metrics.messages_lost, metrics.cache_errors);
        neuron_ws_state_t state = { .size = sizeof state };
        neuron_ws_node_state(node, &state);
        if (state.cache_error[0]) printf("E state: %s\n", state.cache_error);
    }
    neuron_ws_node_finish(node, 1000);
    neuron_ws_node_destroy(node);
    for (int i = 0; i < 16; i++)
        if (outcomes[i]) printf("O %s %" PRIu64 "\n", neuron_ws_outcome_name((neuron_ws_outcome_t)i), outcomes[i]);
    say_memory();
    say("end");
    return 0;
}
