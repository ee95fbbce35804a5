/*
 * memory [STEP] - calls with little memory, each in a child of its own.
 *
 * First the large allocations together have a limit, from nothing up to where the call succeeds: whatever the limit,
 * the call must answer NO_MEMORY. Then the n-th large allocation fails, for every n, which pushing and sending must
 * live through too. With STEP then any allocation, each STEP-th: the small ones are Swift's own, which ends the
 * process; what becomes of them is counted and printed.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int checks_passed;
int checks_failed;

/* ------------------------------------------------------------------------------------------------- the allocator */

enum { large = 64 * 1024 };

/* Of this thread alone: the loop thread and the others go on. 0: nothing fails. */
static __thread long fails_at;
static __thread size_t counts_from;
static __thread long counted;
static __thread bool failed;
/* Bytes that large allocations may have together; < 0: there is no limit. */
static __thread long limit = -1;
static __thread long used;

static bool fails(size_t size)
{
    if (size < counts_from)
        return false;
    if (limit >= 0 ? used + (long)size <= limit : fails_at == 0 || ++counted != fails_at)
        return false;
    failed = true;
    errno = ENOMEM;
    return true;
}

/* What was given or taken back counts. */
static void *account(void *memory, long sign)
{
    size_t size = memory != NULL && limit >= 0 ? malloc_usable_size(memory) : 0;
    if (size >= large)
        used += sign * (long)size;
    return memory;
}

#include "allocator.h"

/* ------------------------------------------------------------------------------------------------------ the calls */

enum { text_bytes = 1 << 20, states = 20000, tags = 20000 };

/* Filled once, before anything fails. */
static char text[text_bytes];
static char json_text[text_bytes];
static char settings[text_bytes];
static char parameters[text_bytes];
static neuron_ws_driver_state_t driver_states[states];
static neuron_ws_tag_t tag_list[tags];

static void fill(void)
{
    size_t length;

    memset(text, 'x', sizeof text);
    length = (size_t)sprintf(json_text, "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"a\":[1");
    while (length < sizeof json_text / 2)
        length += (size_t)sprintf(json_text + length, ",%d", (int)(length % 10));
    length += (size_t)sprintf(json_text + length, "],\"o\":{\"s\":\"");
    while (length < sizeof json_text - 64)
        json_text[length++] = 'y';
    sprintf(json_text + length, "\"}}}");
    length = (size_t)sprintf(parameters, "{\"static_tags\":{\"s\":\"");
    while (length < sizeof parameters / 2)
        parameters[length++] = 'z';
    sprintf(parameters + length, "\"}}");
    length = (size_t)sprintf(settings, "{\"url\":\"ws://127.0.0.1:1/\",\"static_tags\":{\"s\":\"");
    while (length < sizeof settings / 2)
        settings[length++] = 'z';
    sprintf(settings + length, "\"}}");
    for (int index = 0; index < states; index++) {
        driver_states[index].node = "driver";
        driver_states[index].is_driver = true;
    }
    for (int index = 0; index < tags; index++)
        tag_list[index] = text_tag("tag", "some text of its value", NEURON_WS_NUL_TERMINATED);
}

static neuron_ws_status_t call_create(neuron_ws_node_t *node)
{
    neuron_ws_node_t *other = NULL;
    (void)node;
    return neuron_ws_node_create("other", settings, NULL, &other);
}

static neuron_ws_status_t call_configure(neuron_ws_node_t *node)
{
    return neuron_ws_node_configure(node, settings);
}

static neuron_ws_status_t call_subscribe(neuron_ws_node_t *node)
{
    return neuron_ws_node_subscribe(node, "driver", "group", parameters);
}

static neuron_ws_status_t call_push(neuron_ws_node_t *node)
{
    neuron_ws_group_t group = group_of(tag_list, tags);
    return neuron_ws_node_push(node, &group, NULL);
}

static neuron_ws_status_t call_push_json(neuron_ws_node_t *node)
{
    return neuron_ws_node_push_json(node, json_text, strlen(json_text), NULL);
}

static neuron_ws_status_t call_send(neuron_ws_node_t *node)
{
    return neuron_ws_node_send(node, NEURON_WS_TEXT, text, sizeof text, NULL);
}

static neuron_ws_status_t call_push_states(neuron_ws_node_t *node)
{
    return neuron_ws_node_push_states(node, driver_states, states, sizeof *driver_states, NULL);
}

static neuron_ws_status_t call_encode(neuron_ws_node_t *node)
{
    neuron_ws_group_t group = group_of(tag_list, tags);
    size_t length = 0;
    neuron_ws_status_t status = neuron_ws_encode(NEURON_WS_FORMAT_TAGS, parameters, &group, NULL, 0, &length);
    (void)node;
    return status == NEURON_WS_BUFFER_TOO_SMALL ? NEURON_WS_OK : status;
}

static neuron_ws_status_t call_encode_json(neuron_ws_node_t *node)
{
    size_t length = 0;
    neuron_ws_status_t status =
        neuron_ws_encode_json(NEURON_WS_FORMAT_TAGS, parameters, json_text, strlen(json_text), NULL, 0, &length);
    (void)node;
    return status == NEURON_WS_BUFFER_TOO_SMALL ? NEURON_WS_OK : status;
}

static neuron_ws_status_t call_start(neuron_ws_node_t *node)
{
    return neuron_ws_node_start(node);
}

static neuron_ws_status_t call_flush(neuron_ws_node_t *node)
{
    neuron_ws_status_t status = neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 0);
    return status == NEURON_WS_NOT_RUNNING || status == NEURON_WS_TIMEOUT ? NEURON_WS_OK : status;
}

static const struct {
    const char *name;
    neuron_ws_status_t (*call)(neuron_ws_node_t *node);
} calls[] = {
    {"create", call_create},       {"configure", call_configure},     {"subscribe", call_subscribe},
    {"push", call_push},           {"push_json", call_push_json},     {"send", call_send},
    {"encode", call_encode},       {"push_states", call_push_states}, {"start", call_start},
    {"flush", call_flush},         {"encode_json", call_encode_json},
};

/* --------------------------------------------------------------------------------------------------- the children */

enum ending { ended_well, ended_no_memory, ended_otherwise, never_failed, died };

static void child(size_t index, long n, size_t from, long bytes)
{
    neuron_ws_node_t *node = NULL;
    neuron_ws_status_t status;

    /* What Swift says when it dies is known. */
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(ended_otherwise);
    alarm(60);
    if (neuron_ws_node_create("memory", "{\"url\":\"ws://127.0.0.1:1/\",\"queue-max-bytes\":1000000000}", NULL,
                              &node) != NEURON_WS_OK ||
        neuron_ws_node_subscribe(node, "*", "*", NULL) != NEURON_WS_OK ||
        neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL) != NEURON_WS_OK)
        _exit(ended_otherwise);
    counts_from = from;
    counted = 0;
    fails_at = n;
    used = 0;
    limit = bytes;
    status = calls[index].call(node);
    fails_at = 0;
    limit = -1;
    if (!failed)
        _exit(never_failed);
    /* It goes on with what it has. */
    if (neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL) != NEURON_WS_OK)
        _exit(ended_otherwise);
    neuron_ws_node_destroy(node);
    _exit(status == NEURON_WS_OK ? ended_well : status == NEURON_WS_NO_MEMORY ? ended_no_memory : ended_otherwise);
}

static enum ending run(size_t index, long n, size_t from, long bytes)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        child(index, n, from, bytes);
    if (!CHECK(pid > 0) || !CHECK(waitpid(pid, &status, 0) == pid))
        return ended_otherwise;
    return WIFEXITED(status) ? (enum ending)WEXITSTATUS(status) : died;
}

static void every_limit(size_t index)
{
    long endings[died + 1] = {0};
    enum ending ending;
    long bytes = 0;

    while ((ending = run(index, 0, large, bytes)) != never_failed && bytes < 256L << 20) {
        endings[ending]++;
        if (ending == died || ending == ended_otherwise)
            fprintf(stderr, "    %s with %ld bytes %s\n", calls[index].name, bytes,
                    ending == died ? "died" : "had another status");
        bytes += 128 * 1024;
    }
    printf("%-12s limits %5ld no memory, %5ld done all the same, %3ld other statuses, %5ld died\n", calls[index].name,
           endings[ended_no_memory], endings[ended_well], endings[ended_otherwise], endings[died]);
    CHECK(endings[died] == 0 && endings[ended_otherwise] == 0);
}

static void every_allocation(size_t index, size_t from, long step)
{
    long endings[died + 1] = {0};
    enum ending ending;
    long n = 1;

    while ((ending = run(index, n, from, -1)) != never_failed && n < 200000) {
        endings[ending]++;
        n += step;
    }
    printf("%-12s %-6s %5ld no memory, %5ld done all the same, %3ld other statuses, %5ld died\n", calls[index].name,
           from == large ? "large" : "any", endings[ended_no_memory], endings[ended_well], endings[ended_otherwise],
           endings[died]);
    if (from == large && (calls[index].call == call_push || calls[index].call == call_send))
        CHECK(endings[died] == 0 && endings[ended_otherwise] == 0);
}

int main(int count, char **arguments)
{
    fill();
    for (size_t index = 0; index < sizeof calls / sizeof *calls; index++)
        every_limit(index);
    for (size_t index = 0; index < sizeof calls / sizeof *calls; index++)
        every_allocation(index, large, 1);
    /* Any allocation: thousands in some calls, of which each so many-th is tried. */
    if (count > 1)
        for (size_t index = 0; index < sizeof calls / sizeof *calls; index++)
            every_allocation(index, 0, atol(arguments[1]));
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
