// SPDX-License-Identifier: Apache-2.0
#include "websocket_host_json.h"

#include <dlfcn.h>
#include <pthread.h>

/* jansson's flags: no spaces; any value, not only arrays and objects. */
#define COMPACT 0x20
#define ENCODE_ANY 0x200
#define DECODE_ANY 0x4

/* The host's own count of references goes first in its values. */
typedef struct {
    int             type;
    volatile size_t references;
} websocket_json_head_t;

static struct {
    pthread_once_t once;
    char *(*dumps)(const json_t *value, size_t flags);
    json_t *(*loadb)(const char *text, size_t length, size_t flags,
                     void *error);
    void (*delete)(json_t *value);
} host = { .once = PTHREAD_ONCE_INIT };

static void look_up(void)
{
    *(void **) &host.dumps  = dlsym(RTLD_DEFAULT, "json_dumps");
    *(void **) &host.loadb  = dlsym(RTLD_DEFAULT, "json_loadb");
    *(void **) &host.delete = dlsym(RTLD_DEFAULT, "json_delete");
}

char *websocket_host_json_text(const json_t *value)
{
    pthread_once(&host.once, look_up);
    if (value == NULL || host.dumps == NULL) {
        return NULL;
    }
    return host.dumps(value, COMPACT | ENCODE_ANY);
}

json_t *websocket_host_json_value(const char *text, size_t length)
{
    pthread_once(&host.once, look_up);
    if (host.loadb == NULL || host.delete == NULL) {
        return NULL;
    }
    return host.loadb(text, length, DECODE_ANY, NULL);
}

void websocket_host_json_free(json_t *value)
{
    websocket_json_head_t *head = (websocket_json_head_t *) value;

    if (value != NULL && head->references != (size_t) -1 &&
        __atomic_sub_fetch(&head->references, 1, __ATOMIC_ACQ_REL) == 0) {
        host.delete(value);
    }
}
