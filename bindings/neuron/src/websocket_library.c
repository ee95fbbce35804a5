// SPDX-License-Identifier: Apache-2.0
#include "websocket_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neuron_host.h"

#define FILE_NAME "libneuron_ws.so.1"

extern const neu_plugin_module_t neu_plugin_module;

websocket_library_t websocket_library;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool            loaded;

/* The folder of this plugin's own file; "." if it was opened by a bare name. */
static void own_folder(char *folder, size_t size)
{
    Dl_info     info  = { 0 };
    const char *slash = NULL;

    snprintf(folder, size, ".");
    if (dladdr(&neu_plugin_module, &info) == 0 || info.dli_fname == NULL) {
        return;
    }
    slash = strrchr(info.dli_fname, '/');
    if (slash != NULL) {
        snprintf(folder, size, "%.*s", (int) (slash - info.dli_fname),
                 info.dli_fname);
    }
}

/* A sanitizer's runtime stops the process at RTLD_DEEPBIND. */
static int open_mode(void)
{
    static const char *const runtimes[] = { "__asan_init", "__tsan_init",
                                            "__msan_init" };
    int                      mode       = RTLD_NOW | RTLD_LOCAL;

    for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
        if (dlsym(RTLD_DEFAULT, runtimes[i]) != NULL) {
            return mode;
        }
    }
    return mode | RTLD_DEEPBIND;
}

/* The name of the first function that the library lacks, or NULL. */
static const char *resolve(void *handle, websocket_library_t *library)
{
#define RESOLVE(name)                                                      \
    if ((*(void **) &library->name = dlsym(handle, "neuron_ws_" #name)) == \
        NULL) {                                                            \
        return "neuron_ws_" #name;                                         \
    }
    WEBSOCKET_LIBRARY_FUNCTIONS(RESOLVE)
#undef RESOLVE
    return NULL;
}

static bool try_path(const char *path, char *reason, size_t size)
{
    websocket_library_t library = { 0 };
    const char         *lacking = NULL;
    void               *handle  = NULL;

    if (strchr(path, '/') != NULL && access(path, F_OK) != 0) {
        return false;
    }
    handle = dlopen(path, open_mode());
    if (handle == NULL) {
        const char *error = dlerror();
        snprintf(reason, size, "%.500s", error != NULL ? error : path);
        return false;
    }
    lacking = resolve(handle, &library);
    if (library.abi_version != NULL &&
        library.abi_version() != NEURON_WS_ABI_VERSION) {
        snprintf(reason, size, "%.300s has the binary interface %u, not %u",
                 path, library.abi_version(), NEURON_WS_ABI_VERSION);
    } else if (lacking != NULL) {
        snprintf(reason, size, "%.300s is too old: it lacks %s", path,
                 lacking);
    } else {
        snprintf(library.path, sizeof(library.path), "%.*s",
                 (int) sizeof(library.path) - 1, path);
        websocket_library = library;
        return true;
    }
    dlclose(handle);
    return false;
}

/* The first reason stays: a library that is there and does not fit says more
   than that there is none elsewhere. */
static bool try_place(const char *folder, const char *between, char *reason,
                      size_t size)
{
    char path[PATH_MAX + 64];
    char why[512] = { 0 };

    snprintf(path, sizeof(path), "%s%s" FILE_NAME, folder, between);
    if (try_path(path, why, sizeof(why))) {
        return true;
    }
    if (reason[0] == '\0') {
        snprintf(reason, size, "%s", why);
    }
    return false;
}

static bool load(char *reason, size_t size)
{
    char folder[PATH_MAX];

    own_folder(folder, sizeof(folder));
    return try_place(folder, "/", reason, size) ||
        try_place(folder, "/../lib/", reason, size) ||
        try_place("", "", reason, size);
}

const char *websocket_library_load(char *reason, size_t size)
{
    char why[512] = { 0 };
    bool is_there = false;

    pthread_mutex_lock(&mutex);
    if (!loaded) {
        loaded = load(why, sizeof(why));
    }
    is_there = loaded;
    pthread_mutex_unlock(&mutex);
    if (is_there) {
        return NULL;
    }
    snprintf(reason, size,
             "cannot use " FILE_NAME " (%s): install the package "
             "libneuron-ws1, version %d.%d or newer, or put " FILE_NAME
             " beside libplugin-websocket.so",
             why, NEURON_WS_VERSION_MAJOR, NEURON_WS_VERSION_MINOR);
    return reason;
}

const neuron_ws_tag_t *websocket_tag_at(const neuron_ws_request_info_t *info,
                                        size_t                          index)
{
    bool   says = info->size > offsetof(neuron_ws_request_info_t, tag_size);
    size_t step = says ? info->tag_size : sizeof(*info->tags);
    return (const void *) ((const char *) info->tags + index * step);
}

size_t websocket_tag_name_length(const neuron_ws_tag_t *tag)
{
    return tag->name_length != 0 ? tag->name_length : strlen(tag->name);
}
