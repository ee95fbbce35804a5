#include "websocket_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
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
        snprintf(reason, size, "%s", error != NULL ? error : path);
        return false;
    }
    lacking = resolve(handle, &library);
    if (library.abi_version != NULL &&
        library.abi_version() != NEURON_WS_ABI_VERSION) {
        snprintf(reason, size, "%s has the binary interface %u, not %u", path,
                 library.abi_version(), NEURON_WS_ABI_VERSION);
    } else if (lacking != NULL) {
        snprintf(reason, size, "%s is too old: it lacks %s", path, lacking);
    } else {
        snprintf(library.path, sizeof(library.path), "%s", path);
        websocket_library = library;
        return true;
    }
    dlclose(handle);
    return false;
}

static bool load(char *reason, size_t size)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 64];

    own_folder(folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/" FILE_NAME, folder);
    if (try_path(path, reason, size)) {
        return true;
    }
    snprintf(path, sizeof(path), "%s/../lib/" FILE_NAME, folder);
    if (try_path(path, reason, size)) {
        return true;
    }
    return try_path(FILE_NAME, reason, size);
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
