// SPDX-License-Identifier: Apache-2.0
/*
 * memory FILES PKCS12 [STEP [CALL]] - calls with little memory, each in a child of its own. The two files hold settings
 * whose certificates and keys are large. CALL: those alone whose name begins so.
 *
 * First the n-th large allocation fails, for every n: the call answers NO_MEMORY, or is done as if nothing had been.
 * Then the large allocations together have a limit, from nothing up to where the call succeeds. With STEP then any
 * allocation, each STEP-th: the small ones are Swift's own, which ends the process; what becomes of them is counted
 * and printed.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int checks_passed, checks_failed;

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

/* Of all threads, while a call asks for it: the n-th large allocation and those behind it. */
enum { failing_in_a_row = 25 };
static long fails_everywhere_at;
static long counted_everywhere;
static bool failed_everywhere;

static bool fails_with_others(size_t size)
{
    long at = __atomic_load_n(&fails_everywhere_at, __ATOMIC_SEQ_CST), number;

    if (at == 0 || size < large)
        return false;
    number = __atomic_add_fetch(&counted_everywhere, 1, __ATOMIC_SEQ_CST);
    if (number < at || number >= at + failing_in_a_row)
        return false;
    __atomic_store_n(&failed_everywhere, true, __ATOMIC_SEQ_CST);
    errno = ENOMEM;
    return true;
}

static bool fails(size_t size)
{
    if (fails_with_others(size))
        return true;
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

/* What was to fail on this thread alone does so on all of them, 25 times in a row. */
static void fail_everywhere(void)
{
    if (limit < 0 && counts_from == large)
        __atomic_store_n(&fails_everywhere_at, fails_at, __ATOMIC_SEQ_CST);
    fails_at = limit < 0 && counts_from == large ? 0 : fails_at;
}

static void fail_nowhere(void)
{
    __atomic_store_n(&fails_everywhere_at, 0, __ATOMIC_SEQ_CST);
    fails_at = 0;
    limit = -1;
    failed = failed || __atomic_load_n(&failed_everywhere, __ATOMIC_SEQ_CST);
}

/* ------------------------------------------------------------------------------------------------------ the calls */

#include "memory_cache.h"
#include "memory_documents.h"
#include "memory_opengate.h"
#include "memory_tables.h"

static neuron_ws_status_t created(const char *document)
{
    neuron_ws_node_t *other = NULL;
    return neuron_ws_node_create("other", document, NULL, &other);
}

static neuron_ws_status_t call_create(neuron_ws_node_t *node)
{
    (void)node;
    return created(settings);
}

static neuron_ws_status_t call_create_many(neuron_ws_node_t *node)
{
    (void)node;
    return created(settings_of_many);
}

static neuron_ws_status_t call_create_texts(neuron_ws_node_t *node)
{
    (void)node;
    return created(settings_in_texts);
}

static neuron_ws_status_t call_create_files(neuron_ws_node_t *node)
{
    (void)node;
    return created(settings_of_files);
}

static neuron_ws_status_t call_create_pkcs12(neuron_ws_node_t *node)
{
    (void)node;
    return created(settings_of_pkcs12);
}

static neuron_ws_status_t call_configure(neuron_ws_node_t *node)
{
    return neuron_ws_node_configure(node, settings);
}

static neuron_ws_status_t call_subscribe(neuron_ws_node_t *node)
{
    return neuron_ws_node_subscribe(node, "driver", "group", parameters);
}

static neuron_ws_status_t call_subscribe_tags(neuron_ws_node_t *node)
{
    return neuron_ws_node_subscribe(node, "driver", "group", parameters_of_many);
}

/* So many that their table grows. */
static neuron_ws_status_t call_subscribe_many(neuron_ws_node_t *node)
{
    char name[16];

    for (int index = 0; index < groups; index++) {
        neuron_ws_status_t status;
        sprintf(name, "group%d", index);
        status = neuron_ws_node_subscribe(node, "driver", name, NULL);
        if (status != NEURON_WS_OK)
            return status;
    }
    return neuron_ws_node_rename(node, "driver", NULL, "another", NULL);
}

static neuron_ws_status_t call_push(neuron_ws_node_t *node)
{
    neuron_ws_group_t group = group_of(tag_list, tags);
    return neuron_ws_node_push(node, &group, NULL);
}

static neuron_ws_status_t call_push_custom(neuron_ws_node_t *node)
{
    neuron_ws_group_t group = group_of(&custom_tag, 1);
    return neuron_ws_node_push(node, &group, NULL);
}

static neuron_ws_status_t call_push_json(neuron_ws_node_t *node)
{
    return neuron_ws_node_push_json(node, json_text, strlen(json_text), NULL);
}

static neuron_ws_status_t call_push_json_tags(neuron_ws_node_t *node)
{
    return neuron_ws_node_push_json(node, json_tags, strlen(json_tags), NULL);
}

static neuron_ws_status_t call_send(neuron_ws_node_t *node)
{
    return neuron_ws_node_send(node, NEURON_WS_TEXT, text, sizeof text, NULL);
}

static neuron_ws_status_t call_push_states(neuron_ws_node_t *node)
{
    return neuron_ws_node_push_states(node, driver_states, states, sizeof *driver_states, NULL);
}

/* What was written is what is written where there is memory enough: nothing of it was lost on the way. */
static neuron_ws_status_t same(neuron_ws_status_t (*encode)(char *buffer, size_t size, size_t *length))
{
    static char got[8 << 20], expected[8 << 20];
    size_t length = 0, expected_length = 0;
    long n = fails_at, bytes = limit;
    neuron_ws_status_t status = encode(got, sizeof got, &length);

    fails_at = 0;
    limit = -1;
    if (status == NEURON_WS_OK &&
        (encode(expected, sizeof expected, &expected_length) != NEURON_WS_OK || length != expected_length ||
         memcmp(got, expected, length) != 0))
        status = NEURON_WS_SYSTEM;
    fails_at = n;
    limit = bytes;
    return status;
}

#define ENCODES(name, ...)                                                                                             \
    static neuron_ws_status_t name##_into(char *buffer, size_t size, size_t *length)                                   \
    {                                                                                                                  \
        neuron_ws_group_t group = group_of(tag_list, tags), custom_group = group_of(&custom_tag, 1);                  \
        group.timestamp_ms = custom_group.timestamp_ms = 1;                                                            \
        (void)group, (void)custom_group;                                                                               \
        return __VA_ARGS__;                                                                                            \
    }                                                                                                                  \
    static neuron_ws_status_t name(neuron_ws_node_t *node)                                                             \
    {                                                                                                                  \
        (void)node;                                                                                                    \
        return same(name##_into);                                                                                      \
    }

ENCODES(call_encode, neuron_ws_encode(NEURON_WS_FORMAT_TAGS, parameters, &group, buffer, size, length))
ENCODES(call_encode_many, neuron_ws_encode(NEURON_WS_FORMAT_ECP, parameters_of_many, &group, buffer, size, length))
ENCODES(call_encode_template, neuron_ws_encode(NEURON_WS_FORMAT_CUSTOM, template, &group, buffer, size, length))
ENCODES(call_encode_custom, neuron_ws_encode(NEURON_WS_FORMAT_ECP, NULL, &custom_group, buffer, size, length))
ENCODES(call_encode_states, neuron_ws_encode(NEURON_WS_FORMAT_STATES, reports, NULL, buffer, size, length))
ENCODES(call_encode_written, neuron_ws_encode(NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE, reports, NULL, buffer, size,
                                              length))
ENCODES(call_encode_json, neuron_ws_encode_json(NEURON_WS_FORMAT_TAGS, parameters, json_tags, strlen(json_tags),
                                                buffer, size, length))

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
    {"create", call_create},
    {"  many values", call_create_many},
    {"  in texts", call_create_texts},
    {"  files", call_create_files},
    {"  PKCS #12", call_create_pkcs12},
    {"configure", call_configure},
    {"subscribe", call_subscribe},
    {"  many values", call_subscribe_tags},
    {"  many groups", call_subscribe_many},
    {"push", call_push},
    {"  CUSTOM", call_push_custom},
    {"push_json", call_push_json},
    {"  tags", call_push_json_tags},
    {"send", call_send},
    {"encode", call_encode},
    {"  many values", call_encode_many},
    {"  template", call_encode_template},
    {"  CUSTOM, ECP", call_encode_custom},
    {"  states", call_encode_states},
    {"  written tags", call_encode_written},
    {"encode_json", call_encode_json},
    {"push_states", call_push_states},
    {"start", call_start},
    {"flush", call_flush},
    {"push, gathered", call_gather},
    {"node_reply", call_node_reply},
    {"  values", call_reply_values},
    {"  a reason", call_reply_reason},
    {"from_oda", call_from_oda},
    {"settings_check", call_check},
    {"request, many", call_request_many},
    {"  in order", call_request_in_order},
    {"push, groups", call_push_groups},
    {"metrics_text", call_metrics_of_many},
    {"cache", call_cache},
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
        _exit(status == NEURON_WS_OK ? never_failed : ended_otherwise);
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

    while ((ending = run(index, 0, large, bytes)) != never_failed && bytes < 256L << 20 &&
           endings[ended_otherwise] < 10) {
        endings[ending]++;
        if (ending == died || ending == ended_otherwise)
            fprintf(stderr, "    %s with %ld bytes %s\n", calls[index].name, bytes,
                    ending == died ? "died" : "had another status");
        bytes += bytes < 1 << 20 ? 128 * 1024 : 1 << 20;
    }
    printf("%-14s limits %5ld no memory, %5ld done all the same, %3ld other statuses, %5ld died\n", calls[index].name,
           endings[ended_no_memory], endings[ended_well], endings[ended_otherwise], endings[died]);
    CHECK(endings[died] == 0 && endings[ended_otherwise] == 0);
}

static void every_allocation(size_t index, size_t from, long step)
{
    long endings[died + 1] = {0};
    enum ending ending;
    long n = 1;

    while ((ending = run(index, n, from, -1)) != never_failed && n < 200000 && endings[ended_otherwise] < 10) {
        endings[ending]++;
        n += step;
    }
    printf("%-14s %-6s %5ld no memory, %5ld done all the same, %3ld other statuses, %5ld died\n", calls[index].name,
           from == large ? "large" : "any", endings[ended_no_memory], endings[ended_well], endings[ended_otherwise],
           endings[died]);
    if (from == large)
        CHECK(endings[died] == 0 && endings[ended_otherwise] == 0);
}

int main(int count, char **arguments)
{
    const size_t call_count = sizeof calls / sizeof *calls;
    const char *only = count > 4 ? arguments[4] : "";
    long step = count > 3 ? atol(arguments[3]) : 0;

    if (count < 3 || !fill_from(arguments[1], settings_of_files, sizeof settings_of_files)
        || !fill_from(arguments[2], settings_of_pkcs12, sizeof settings_of_pkcs12))
        return 2;
    fill();
    fill_opengate();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t index = 0; index < call_count; index++)
        if (strncmp(calls[index].name, only, strlen(only)) == 0) {
            every_allocation(index, large, 1);
            every_limit(index);
        }
    /* Any allocation: thousands in some calls, of which each so many-th is tried. */
    for (size_t index = 0; index < call_count && step > 0; index++)
        if (strncmp(calls[index].name, only, strlen(only)) == 0)
            every_allocation(index, 0, step);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
