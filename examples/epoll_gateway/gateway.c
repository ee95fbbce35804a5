// SPDX-License-Identifier: Apache-2.0
/*
 * A gateway with a loop of its own: three nodes in one epoll set with a timer and the signals.
 *
 * gateway URL [MS]   pushes what a simulated press measures every MS milliseconds (1000) by each node; SIGTERM or
 *                    SIGINT ends it: all nodes are stopped side by side, so that three take no longer than one.
 *
 * Nothing blocks but epoll_wait, no second thread is the program's, and there are no callbacks: what the nodes have to
 * say comes as events.
 */
#define _GNU_SOURCE
#include <neuron_ws.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LINES = 3, TIMER = LINES, SIGNALS, SOURCES, STOP_MS = 2000 };

struct line {
    char name[16];
    neuron_ws_node_t *node;
    uint64_t delivered;
    uint64_t dropped;
    bool running; /* its end was not told yet */
};

struct gateway {
    struct line lines[LINES];
    int loop;
    int timer;
    int signals;
    int64_t strokes;
    bool ending;
};

/* Says what failed, with the library's sentence about it. */
static bool failed(const char *what, neuron_ws_status_t status)
{
    if (status == NEURON_WS_OK)
        return false;
    fprintf(stderr, "%s: %s (%s)\n", what, neuron_ws_last_error(), neuron_ws_status_name(status));
    return true;
}

static bool watch(struct gateway *gateway, int descriptor, uint32_t source)
{
    struct epoll_event interest = {.events = EPOLLIN, .data = {.u32 = source}};
    if (epoll_ctl(gateway->loop, EPOLL_CTL_ADD, descriptor, &interest) == 0)
        return true;
    perror("epoll_ctl");
    return false;
}

/* A text as it stands between quotes in JSON; false where it does not fit. */
static bool quote(const char *text, char *quoted, size_t size)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        const bool escaped = *text == '"' || *text == '\\';
        if (length + 3 > size || (unsigned char)*text < 0x20)
            return false;
        if (escaped)
            quoted[length++] = '\\';
        quoted[length++] = *text;
    }
    quoted[length] = '\0';
    return true;
}

static bool open_line(struct gateway *gateway, uint32_t number, const char *url)
{
    const uint32_t kinds = NEURON_WS_EVENT_STATE | NEURON_WS_EVENT_DELIVERY | NEURON_WS_EVENT_MESSAGE |
                           NEURON_WS_EVENT_LOG;
    struct line *line = &gateway->lines[number];
    char settings[2048], quoted[1024];
    int32_t descriptor = -1;
    if (!quote(url, quoted, sizeof quoted)) {
        fprintf(stderr, "the URL is too long, or has control characters\n");
        return false;
    }
    snprintf(settings, sizeof settings, "{\"url\":\"%s\"}", quoted);
    snprintf(line->name, sizeof line->name, "line-%u", (unsigned)(number + 1));
    if (failed("create", neuron_ws_node_create(line->name, settings, NULL, &line->node)) ||
        failed("event_fd", neuron_ws_node_event_fd(line->node, kinds, &descriptor)) ||
        failed("subscribe", neuron_ws_node_subscribe(line->node, "*", "*", NULL)) ||
        !watch(gateway, descriptor, number) || failed("start", neuron_ws_node_start(line->node)))
        return false;
    line->running = true;
    return true;
}

static bool open_timer(struct gateway *gateway, long milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    const struct itimerspec interval = {.it_interval = time, .it_value = time};
    gateway->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (gateway->timer >= 0 && timerfd_settime(gateway->timer, 0, &interval, NULL) == 0)
        return watch(gateway, gateway->timer, TIMER);
    perror("timerfd");
    return false;
}

/* Before the first node, whose threads are then born with these signals blocked, as the library blocks all of them. */
static bool open_signals(struct gateway *gateway)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    gateway->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (gateway->signals >= 0)
        return watch(gateway, gateway->signals, SIGNALS);
    perror("signalfd");
    return false;
}

/* Where a reading of each device would be taken. */
static void measure(struct gateway *gateway)
{
    uint64_t turns;
    if (read(gateway->timer, &turns, sizeof turns) != (ssize_t)sizeof turns || gateway->ending)
        return;
    gateway->strokes++;
    const neuron_ws_tag_t tags[] = {
        {.name = "strokes", .type = NEURON_WS_TYPE_INT64, .value = {.i64 = gateway->strokes}},
        {.name = "force", .type = NEURON_WS_TYPE_DOUBLE, .precision = 1, .value = {.d64 = 180.0}},
        {.name = "vibration", .error = 3002},
    };
    for (int number = 0; number < LINES; number++) {
        const neuron_ws_group_t group = {
            .size = sizeof group, .driver = gateway->lines[number].name, .group = "fast",
            .tags = tags, .tag_count = sizeof tags / sizeof tags[0], .tag_size = sizeof tags[0],
        };
        neuron_ws_status_t status = neuron_ws_node_push(gateway->lines[number].node, &group, NULL);
        if (status == NEURON_WS_QUEUE_FULL)
            gateway->lines[number].dropped++; /* the server has been away for long: this reading is lost */
        else
            failed("push", status);
    }
}

static void handle(struct line *line, const neuron_ws_event_t *event)
{
    switch (event->kind) {
    case NEURON_WS_EVENT_STATE:
        fprintf(stderr, "%s: %s, %s\n", line->name, neuron_ws_phase_name(event->phase),
                neuron_ws_reason_name(event->reason));
        break;
    case NEURON_WS_EVENT_DELIVERY:
        if (event->outcome == NEURON_WS_DELIVERED)
            line->delivered += event->count;
        else
            line->dropped += event->count;
        break;
    case NEURON_WS_EVENT_MESSAGE:
        fprintf(stderr, "%s: the server says %.*s\n", line->name, (int)event->length, (const char *)event->bytes);
        break;
    case NEURON_WS_EVENT_LOG:
        fprintf(stderr, "%s: %.*s\n", line->name, (int)event->length, (const char *)event->bytes);
        break;
    default:
        break; /* kinds of later versions */
    }
}

static void drain(struct gateway *gateway, struct line *line)
{
    neuron_ws_event_t event = {.size = sizeof event};
    while (neuron_ws_node_next_event(line->node, &event) == NEURON_WS_OK) {
        handle(line, &event);
        if (event.kind == NEURON_WS_EVENT_STATE && event.phase == NEURON_WS_PHASE_IDLE && gateway->ending)
            line->running = false;
        event.size = sizeof event;
    }
}

/* Begins to stop all nodes at once; the loop goes on until each has told that it is idle. A second signal hurries. */
static void end(struct gateway *gateway)
{
    struct signalfd_siginfo signal;
    while (read(gateway->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        const uint32_t timeout_ms = gateway->ending ? 0 : STOP_MS;
        gateway->ending = true;
        for (int number = 0; number < LINES; number++) {
            neuron_ws_status_t status = neuron_ws_node_stop_begin(gateway->lines[number].node, timeout_ms);
            if (status != NEURON_WS_OK)
                gateway->lines[number].running = false; /* NOT_RUNNING: there is no end to wait for */
        }
    }
}

static bool any_runs(const struct gateway *gateway)
{
    for (int number = 0; number < LINES; number++)
        if (gateway->lines[number].running)
            return true;
    return false;
}

static void run(struct gateway *gateway)
{
    while (!gateway->ending || any_runs(gateway)) {
        struct epoll_event ready[SOURCES];
        const int count = epoll_wait(gateway->loop, ready, SOURCES, -1);
        for (int index = 0; index < count; index++) {
            if (ready[index].data.u32 == TIMER)
                measure(gateway);
            else if (ready[index].data.u32 == SIGNALS)
                end(gateway);
            else
                drain(gateway, &gateway->lines[ready[index].data.u32]);
        }
    }
}

/* What is still queued gets its outcome, which is read before the node goes. */
static void close_all(struct gateway *gateway)
{
    for (int number = 0; number < LINES; number++) {
        struct line *line = &gateway->lines[number];
        if (line->node == NULL)
            continue;
        neuron_ws_node_finish(line->node, 0);
        drain(gateway, line);
        printf("%s: %" PRIu64 " delivered, %" PRIu64 " dropped\n", line->name, line->delivered, line->dropped);
        neuron_ws_node_destroy(line->node);
    }
    if (gateway->timer >= 0)
        close(gateway->timer);
    if (gateway->signals >= 0)
        close(gateway->signals);
    if (gateway->loop >= 0)
        close(gateway->loop);
}

int main(int count, char **arguments)
{
    struct gateway gateway = {.loop = epoll_create1(EPOLL_CLOEXEC), .timer = -1, .signals = -1};
    const long milliseconds = count > 2 ? atol(arguments[2]) : 1000;
    if (count < 2 || count > 3 || milliseconds < 1) {
        fprintf(stderr, "gateway URL [MS]: MS is 1 or more\n");
        return 2;
    }
    bool good = gateway.loop >= 0 && open_signals(&gateway) && open_timer(&gateway, milliseconds);
    for (uint32_t number = 0; number < LINES && good; number++)
        good = open_line(&gateway, number, arguments[1]);
    if (good)
        run(&gateway);
    close_all(&gateway);
    return good ? 0 : 1;
}
