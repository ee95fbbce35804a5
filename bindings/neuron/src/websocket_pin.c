// SPDX-License-Identifier: Apache-2.0
#include "websocket_pin.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "websocket_log.h"

/* What Neuron's plugin files must be called. */
#define PREFIX "libplugin-"
/* More plugins than any gateway has. */
#define PATHS_MAX 256

typedef struct {
    char   paths[PATHS_MAX][512];
    size_t count;
} pinned_t;

static int collect(struct dl_phdr_info *info, size_t size, void *context)
{
    pinned_t   *pinned = context;
    const char *name   = strrchr(info->dlpi_name, '/');

    (void) size;
    name = name != NULL ? name + 1 : info->dlpi_name;
    if (strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
        strlen(info->dlpi_name) < sizeof(pinned->paths[0])) {
        strcpy(pinned->paths[pinned->count++], info->dlpi_name);
    }
    return pinned->count == PATHS_MAX;
}

void websocket_pin_plugins(neu_plugin_t *plugin)
{
    pinned_t *pinned = calloc(1, sizeof(*pinned));

    if (pinned == NULL) {
        return;
    }
    /* The loader's lock is held meanwhile: nothing is opened inside. */
    dl_iterate_phdr(collect, pinned);
    for (size_t i = 0; i < pinned->count; i++) {
        void *handle = dlopen(pinned->paths[i],
                              RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
        if (handle == NULL) {
            websocket_log_warn(plugin, "%s cannot be kept loaded: %s",
                               pinned->paths[i], dlerror());
            continue;
        }
        /* The flag stays; the host's count of its uses is as it was. */
        dlclose(handle);
    }
    free(pinned);
}
