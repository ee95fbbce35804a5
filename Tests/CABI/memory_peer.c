// SPDX-License-Identifier: Apache-2.0
/*
 * memory_peer PORT - little memory while a server sends large messages, each case in a child of its own.
 *
 * The server is large_peer.py: a child gets one large message, and a small one behind it or on its next connection.
 * Wherever memory ends, the child lives, and comes to the small one: with the large one before it, or after its
 * connection ended with close code 1009 and a text that names memory, or broke off for want of a buffer. Or it sends
 * commands, and each that is taken has one outcome when the server has ended the connection.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

int checks_passed;
int checks_failed;

/* ------------------------------------------------------------------------------------------------- the allocator */

/* As the header says: below this an allocation may end the process. */
enum { large = 64 * 1024, none = 0 };

/* Of every thread, once the connection is open. */
static bool armed;
static size_t size_max;
static long fails_at;
static long counted;
static bool failed;

static bool fails(size_t size)
{
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST) || size < large)
        return false;
    if (size_max != none ? size <= size_max : __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST) != fails_at)
        return false;
    __atomic_store_n(&failed, true, __ATOMIC_SEQ_CST);
    errno = ENOMEM;
    return true;
}

static void *account(void *memory, long sign)
{
    (void)sign;
    return memory;
}

#include "allocator.h"

/* ---------------------------------------------------------------------------------------------------- the children */

enum ending { took_it, ended_1009, broke_off, never_failed, wrong, died };

/* How memory is little. */
struct shortage {
    size_t size_max;
    long fails_at;
    /* Of address space, beyond what the process has when the connection opens. */
    size_t bytes_more;
    /* From the attempt to connect on, until the node has said so: there is no buffer to send from. */
    bool from_connecting;
};

static struct shortage shortage;
static bool opened, got_large, got_small, said_memory, lost;

static void limit_address_space(size_t bytes_more)
{
    struct rlimit limit;
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        _exit(wrong);
    fclose(file);
    limit.rlim_cur = limit.rlim_max = pages * (size_t)sysconf(_SC_PAGESIZE) + bytes_more;
    setrlimit(RLIMIT_AS, &limit);
}

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context)
{
    (void)node, (void)context;
    if (state->system_error == ENOMEM && strstr(state->message, "memory") != NULL) {
        lost = true;
        __atomic_store_n(&armed, false, __ATOMIC_SEQ_CST);
    }
    if (state->phase == (shortage.from_connecting ? NEURON_WS_PHASE_CONNECTING : NEURON_WS_PHASE_OPEN) && !opened) {
        opened = true;
        if (shortage.bytes_more != none)
            limit_address_space(shortage.bytes_more);
        size_max = shortage.size_max;
        fails_at = shortage.fails_at;
        __atomic_store_n(&armed, size_max != none || fails_at != 0, __ATOMIC_SEQ_CST);
    }
    if (state->phase != NEURON_WS_PHASE_OPEN && opened && state->reason != NEURON_WS_REASON_NONE) {
        lost = true;
        if (state->close_code == 1009 && strstr(state->message, "memory") != NULL)
            said_memory = true;
    }
}

static void on_message(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context)
{
    (void)node, (void)kind, (void)bytes, (void)context;
    if (length == 5)
        __atomic_store_n(&got_small, true, __ATOMIC_SEQ_CST);
    else
        got_large = true;
}

static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context)
{
    (void)node, (void)info, (void)context;
    got_large = true;
    neuron_ws_request_drop(request);
}

/* ---------------------------------------------------------------------------------------------------- commands */

static long commands_taken, commands_ended;

static void on_response(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context)
{
    (void)node, (void)id, (void)status, (void)bytes, (void)context;
    __atomic_add_fetch(&commands_ended, 1, __ATOMIC_SEQ_CST);
    if (length == 5)
        __atomic_store_n(&got_small, true, __ATOMIC_SEQ_CST);
}

static bool send_commands(neuron_ws_node_t *node, size_t count)
{
    neuron_ws_command_t command;

    memset(&command, 0, sizeof command);
    command.size = sizeof command;
    command.kind = NEURON_WS_TEXT;
    command.bytes = "do";
    command.length = 2;
    command.timeout_ms = 60000;
    command.on_response = on_response;
    WAIT_UNTIL(__atomic_load_n(&opened, __ATOMIC_SEQ_CST));
    for (size_t index = 0; index < count; index++) {
        neuron_ws_status_t status;
        command.match_member = index % 2 == 0 ? NULL : "id";
        status = neuron_ws_node_request(node, &command, NULL);
        if (status != NEURON_WS_OK && status != NEURON_WS_NO_MEMORY)
            return false;
        commands_taken += status == NEURON_WS_OK;
    }
    return true;
}

/* With a loop of its own the host gets copies. */
static void take_events(neuron_ws_node_t *node)
{
    neuron_ws_event_t event;

    memset(&event, 0, sizeof event);
    event.size = sizeof event;
    while (neuron_ws_node_next_event(node, &event) == NEURON_WS_OK) {
        if (event.kind == NEURON_WS_EVENT_MESSAGE)
            on_message(node, event.message_kind, event.bytes, event.length, NULL);
        if (event.kind == NEURON_WS_EVENT_REQUEST) {
            got_large = true;
            neuron_ws_request_drop(event.request);
        }
        event.size = sizeof event;
    }
}

static void child(int port, const char *kind, size_t size, bool by_events)
{
    char settings[512];
    neuron_ws_host_t host;
    neuron_ws_node_t *node = NULL;
    int turns_left = 6000;

    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(wrong);
    alarm(120);
    memset(&host, 0, sizeof host);
    host.size = sizeof host;
    host.on_state = on_state;
    host.on_message = on_message;
    host.on_request = on_request;
    snprintf(settings, sizeof settings,
             "{\"url\":\"ws://127.0.0.1:%d/%s/%zu/%ld\",\"reconnect-min\":0.05,\"reconnect-max\":0.1,"
             "\"allow-requests\":\"all\",\"compression\":\"%s\"}",
             port, kind, size, (long)getpid(), strcmp(kind, "deflated") == 0 ? "on" : "off");
    if (neuron_ws_node_create("memory", settings, &host, &node) != NEURON_WS_OK)
        _exit(wrong);
    if (by_events) {
        int32_t descriptor = -1;
        if (neuron_ws_node_event_fd(node, NEURON_WS_EVENT_MESSAGE | NEURON_WS_EVENT_REQUEST, &descriptor)
            != NEURON_WS_OK)
            _exit(wrong);
    }
    if (neuron_ws_node_start(node) != NEURON_WS_OK)
        _exit(wrong);
    if (strcmp(kind, "commands") == 0 && !send_commands(node, size))
        _exit(wrong);
    while (!__atomic_load_n(&got_small, __ATOMIC_SEQ_CST) && turns_left-- > 0) {
        sleep_ms(5);
        if (by_events)
            take_events(node);
    }
    if (!got_small)
        _exit(wrong);
    __atomic_store_n(&armed, false, __ATOMIC_SEQ_CST);
    neuron_ws_node_destroy(node);
    if (commands_ended != commands_taken)
        _exit(wrong);
    if (shortage.bytes_more == none && !failed)
        _exit(never_failed);
    _exit(said_memory ? ended_1009 : lost ? broke_off : took_it);
}

static enum ending run(int port, const char *kind, size_t size, bool by_events, struct shortage with)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        shortage = with;
        child(port, kind, size, by_events);
    }
    if (!CHECK(pid > 0) || !CHECK(waitpid(pid, &status, 0) == pid))
        return wrong;
    return WIFEXITED(status) ? (enum ending)WEXITSTATUS(status) : died;
}

/* The n-th large allocation fails, for every n. */
static void every_allocation(int port, const char *kind, size_t size, bool by_events)
{
    long endings[died + 1] = {0};
    struct shortage with = {none, 1, none, false};
    enum ending ending;

    while ((ending = run(port, kind, size, by_events, with)) != never_failed && with.fails_at < 500) {
        endings[ending]++;
        with.fails_at++;
    }
    printf("%-9s %-9s %3ld taken all the same, %3ld ended with 1009, %3ld broke off, %3ld wrong, %3ld died\n", kind,
           by_events ? "events" : "callbacks", endings[took_it], endings[ended_1009], endings[broke_off],
           endings[wrong], endings[died]);
    CHECK(with.fails_at > 1 && endings[died] == 0 && endings[wrong] == 0);
}

/* Large messages under a limit: 1009, and then another connection. */
static void under_limit(int port, const char *kind, size_t size, bool by_events, struct shortage with)
{
    enum ending ending = run(port, kind, size, by_events, with);

    if (!CHECK(ending == ended_1009))
        fprintf(stderr, "    %s: %s\n", kind,
                ending == died ? "died" : ending == took_it ? "was taken" : ending == broke_off ? "broke off"
                                                                                                : "wrong");
}

/* ------------------------------------------------------------------------------------------------- the host's side */

static char text[16 << 20];

static void push_and_send_under_limit(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        neuron_ws_node_t *node = NULL;
        neuron_ws_tag_t tag;
        neuron_ws_group_t group;
        memset(text, 'x', sizeof text);
        if (neuron_ws_node_create("memory", "{\"url\":\"ws://127.0.0.1:1/\",\"queue-max-bytes\":1000000000}", NULL,
                                  &node) != NEURON_WS_OK ||
            neuron_ws_node_subscribe(node, "*", "*", NULL) != NEURON_WS_OK)
            _exit(wrong);
        limit_address_space(4 << 20);
        tag = text_tag("t", text, sizeof text);
        group = group_of(&tag, 1);
        if (neuron_ws_node_send(node, NEURON_WS_TEXT, text, sizeof text, NULL) != NEURON_WS_NO_MEMORY ||
            neuron_ws_node_push(node, &group, NULL) != NEURON_WS_NO_MEMORY ||
            neuron_ws_node_send(node, NEURON_WS_TEXT, text, 1, NULL) != NEURON_WS_OK)
            _exit(wrong);
        neuron_ws_node_destroy(node);
        _exit(took_it);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == took_it);
}

int main(int count, char **arguments)
{
    const char *const kinds[] = {"whole", "frames", "deflated", "request"};
    const struct shortage refused = {1 << 20, 0, none, false}, limited = {none, 0, 6 << 20, false};
    const struct shortage unable_to_send = {large, 0, none, true};
    int port = count > 1 ? atoi(arguments[1]) : 0;

    /* One arena: another thread's would have address space in reserve. */
    mallopt(M_ARENA_MAX, 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    push_and_send_under_limit();
    CHECK(run(port, "whole", 1000, false, unable_to_send) == broke_off);
    every_allocation(port, "commands", 6000, false);
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
        bool is_request = strcmp(kinds[index], "request") == 0;
        every_allocation(port, kinds[index], 3 << 20, false);
        every_allocation(port, kinds[index], 3 << 20, true);
        under_limit(port, kinds[index], is_request ? 4 << 20 : 16 << 20, is_request, refused);
        if (!is_request)
            under_limit(port, kinds[index], 16 << 20, false, limited);
    }
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
