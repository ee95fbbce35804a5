// SPDX-License-Identifier: Apache-2.0
/*
 * journald - a node whose log lines reach the journal with their priorities.
 *
 * A service of systemd writes lines to stderr; one that begins with "<N>" has the priority N of syslog there
 * (sd-daemon(3)), which needs no library: journalctl -p warning then shows what deserves it.
 *
 *     journald SETTINGS.json      until SIGTERM or SIGINT
 */
#define _GNU_SOURCE
#include <neuron_ws.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Syslog's priorities, RFC 5424 §6.2.1. */
enum { critical = 2, error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

static int priority_of(neuron_ws_log_level_t level)
{
    switch (level) {
    case NEURON_WS_LOG_DEBUG: return debug;
    case NEURON_WS_LOG_INFO: return info;
    case NEURON_WS_LOG_NOTICE: return notice;
    case NEURON_WS_LOG_WARN: return warning;
    case NEURON_WS_LOG_ERROR: return error;
    case NEURON_WS_LOG_FATAL: return critical;
    default: return error; /* a level of a later version */
    }
}

/* The text is one line and ends with NUL. The category without what all of them begin with: "TLS". */
static void write_line(const char *node, const neuron_ws_event_t *event)
{
    const char *category = neuron_ws_log_category_name(event->log_category);
    const char *prefix = "NEURON_WS_CATEGORY_";

    if (strncmp(category, prefix, strlen(prefix)) == 0)
        category += strlen(prefix);
    fprintf(stderr, "<%d>%s [%s]: %s\n", priority_of(event->log_level), node, category, (const char *)event->bytes);
}

static void write_waiting_lines(neuron_ws_node_t *node, const char *name)
{
    neuron_ws_event_t event = {.size = sizeof event};

    while (neuron_ws_node_next_event(node, &event) == NEURON_WS_OK)
        if (event.kind == NEURON_WS_EVENT_LOG)
            write_line(name, &event);
}

static void on_fault(const char *key, const char *text, void *context)
{
    (void)key;
    fprintf(stderr, "<%d>%s: %s\n", error, (const char *)context, text);
}

/* 0: not read, which was said. */
static size_t read_settings(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t length;

    if (file == NULL) {
        fprintf(stderr, "<%d>%s: %s\n", error, path, strerror(errno));
        return 0;
    }
    length = fread(text, 1, size - 1, file);
    if (ferror(file) || length == 0 || length == size - 1) {
        fprintf(stderr, "<%d>%s: it cannot be read, is empty, or has more than %zu bytes\n", error, path, size - 2);
        length = 0;
    }
    fclose(file);
    text[length] = '\0';
    return length;
}

int main(int count, char **arguments)
{
    static char settings[1 << 20];
    const char *name = "line-1";
    neuron_ws_node_t *node = NULL;
    int32_t events = -1;
    sigset_t signals;

    if (count != 2) {
        fprintf(stderr, "usage: journald SETTINGS.json\n");
        return 2;
    }
    size_t length = read_settings(arguments[1], settings, sizeof settings);
    if (length == 0 || neuron_ws_settings_check(settings, length, on_fault, arguments[1]) != NEURON_WS_OK)
        return 1;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int stop = signalfd(-1, &signals, SFD_CLOEXEC);

    if (stop < 0 || neuron_ws_node_create(name, settings, NULL, &node) != NEURON_WS_OK ||
        neuron_ws_node_event_fd(node, NEURON_WS_EVENT_LOG, &events) != NEURON_WS_OK ||
        neuron_ws_node_start(node) != NEURON_WS_OK) {
        fprintf(stderr, "<%d>%s: %s\n", critical, name, neuron_ws_last_error());
        neuron_ws_node_destroy(node);
        return 1;
    }
    struct pollfd waiting[] = {{.fd = events, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
    while (waiting[1].revents == 0) {
        if (poll(waiting, 2, -1) < 0 && errno != EINTR)
            break;
        if (waiting[0].revents != 0)
            write_waiting_lines(node, name);
    }
    neuron_ws_node_finish(node, 5000);
    write_waiting_lines(node, name);
    neuron_ws_node_destroy(node);
    close(stop);
    return 0;
}
