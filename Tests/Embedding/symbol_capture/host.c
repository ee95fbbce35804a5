// SPDX-License-Identifier: Apache-2.0
/*
 * A host that exports functions named like jansson's and OpenSSL's, as the Neuron gateway does, and loads the library.
 * The foreign functions (made by test_symbol_capture.py) call foreign_called; none of them may be reached.
 *
 * host LIBRARY PORT CA deepbind|plain|bare - prints "foreign N NAME…", exits 0 if all went well and N is 0, 3 if N is
 * not. bare is deepbind in a process that has cleared its environment, so that environ is NULL.
 */
#define _GNU_SOURCE
#include <neuron_ws.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *called[16];
static int calls;

long foreign_called(const char *name);

long foreign_called(const char *name)
{
    int number = __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
    if (number < 16)
        called[number] = name;
    return 0;
}

static void *library;

/* ISO C knows no conversion from an object pointer to a function pointer; POSIX does. */
#define FUNCTION(name) __typeof__(name) *name##_loaded; *(void **)&name##_loaded = dlsym(library, #name)

static int fail(const char *what)
{
    FUNCTION(neuron_ws_last_error);
    fprintf(stderr, "%s: %s\n", what, neuron_ws_last_error_loaded());
    return 1;
}

static int encode_reals(void)
{
    static const char options[] = "{\"static_tags\":{\"real\":2.5,\"text\":\"x\"},\"upload_err\":true}";
    static const char wanted[] = "{\"d\":21.5,\"f\":0.1,\"real\":2.5,\"text\":\"x\"}";
    char buffer[512];
    size_t length = 0;
    neuron_ws_tag_t tags[2];
    neuron_ws_group_t group;
    FUNCTION(neuron_ws_encode);

    memset(tags, 0, sizeof tags);
    memset(&group, 0, sizeof group);
    tags[0].name = "d";
    tags[0].type = NEURON_WS_TYPE_DOUBLE;
    tags[0].value.d64 = 21.5;
    tags[1].name = "f";
    tags[1].type = NEURON_WS_TYPE_FLOAT;
    tags[1].value.f32 = 0.1f;
    group.size = sizeof group;
    group.driver = "plc1";
    group.group = "fast";
    group.tags = tags;
    group.tag_count = 2;
    group.tag_size = sizeof *tags;
    if (neuron_ws_encode_loaded(NEURON_WS_FORMAT_VALUES, options, &group, buffer, sizeof buffer - 1, &length) !=
        NEURON_WS_OK)
        return fail("encode");
    buffer[length] = '\0';
    if (strstr(buffer, wanted) == NULL) {
        fprintf(stderr, "encode: %s\nlacks %s\n", buffer, wanted);
        return 1;
    }
    return 0;
}

static int connect_over_tls(const char *port, const char *authority)
{
    char settings[512];
    neuron_ws_node_t *node = NULL;
    neuron_ws_state_t state;
    int result = 0;
    FUNCTION(neuron_ws_node_create);
    FUNCTION(neuron_ws_node_start);
    FUNCTION(neuron_ws_node_push_json);
    FUNCTION(neuron_ws_node_subscribe);
    FUNCTION(neuron_ws_node_flush);
    FUNCTION(neuron_ws_node_state);
    FUNCTION(neuron_ws_node_stop);
    FUNCTION(neuron_ws_node_destroy);
    static const char json[] = "{\"node\":\"d\",\"group\":\"g\",\"timestamp\":1,\"values\":{\"real\":2.5}}";

    snprintf(settings, sizeof settings, "{\"url\":\"wss://localhost:%s/\",\"ca\":\"%s\"}", port, authority);
    if (neuron_ws_node_create_loaded("capture", settings, NULL, &node) != NEURON_WS_OK)
        return fail("create");
    memset(&state, 0, sizeof state);
    state.size = sizeof state;
    if (neuron_ws_node_subscribe_loaded(node, "*", "*", NULL) != NEURON_WS_OK ||
        neuron_ws_node_start_loaded(node) != NEURON_WS_OK ||
        neuron_ws_node_push_json_loaded(node, json, strlen(json), NULL) != NEURON_WS_OK ||
        neuron_ws_node_flush_loaded(node, NEURON_WS_LEVEL_WRITTEN, 5000) != NEURON_WS_OK)
        result = fail("push");
    neuron_ws_node_state_loaded(node, &state);
    if (result != 0 || !state.tls || !state.tls_verified) {
        fprintf(stderr, "state: %s\n", state.message);
        result = 1;
    }
    neuron_ws_node_stop_loaded(node, 2000);
    neuron_ws_node_destroy_loaded(node);
    return result;
}

int main(int count, char **arguments)
{
    int mode = RTLD_NOW | RTLD_LOCAL, result;

    /* A program that names environ has it within itself (a copy relocation), and libc's own stays NULL: that is what a
       library loaded with RTLD_DEEPBIND finds. Debian's Python is such a program. */
    if (count != 5 || environ == NULL)
        return 2;
    if (strcmp(arguments[4], "plain") != 0)
        mode |= RTLD_DEEPBIND;
    if (strcmp(arguments[4], "bare") == 0)
        clearenv();
    library = dlopen(arguments[1], mode);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    result = encode_reals();
    result |= connect_over_tls(arguments[2], arguments[3]);
    printf("foreign %d", calls);
    for (int index = 0; index < calls && index < 16; index++)
        printf(" %s", called[index]);
    printf("\n");
    fflush(stdout);
    /* What runs at exit is not under test; foreign functions may be called from other libraries' there. */
    _exit(calls > 0 ? 3 : result);
}
