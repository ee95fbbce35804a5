// SPDX-License-Identifier: Apache-2.0
#include "websocket_log.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "websocket_plugin_intf.h"
#include "websocket_text.h"

typedef void (*websocket_zlog_t)(zlog_category_t *category, const char *file,
                                 size_t file_length, const char *function,
                                 size_t function_length, long line, int level,
                                 const char *format, ...);
typedef int (*websocket_zlog_enabled_t)(zlog_category_t *category,
                                        const int        level);

/*
 * The host's logger, which is looked up rather than linked: a host without it
 * still loads the plugin, and gets the lines on stderr.
 */
static struct {
    pthread_once_t           once;
    websocket_zlog_t         zlog;
    websocket_zlog_enabled_t enabled;
} host = { .once = PTHREAD_ONCE_INIT };

static void look_up(void)
{
    *(void **) &host.zlog    = dlsym(RTLD_DEFAULT, "zlog");
    *(void **) &host.enabled = dlsym(RTLD_DEFAULT, "zlog_level_enabled");
}

/* A rename of the node changes the category under our hands. */
static zlog_category_t *category_of(neu_plugin_t *plugin)
{
    return __atomic_load_n(&plugin->common.log, __ATOMIC_ACQUIRE);
}

static void write_line(neu_plugin_t *plugin, const char *function, long line,
                       int level, const char *text)
{
    static const char file[]   = "websocket";
    zlog_category_t  *category = category_of(plugin);
    char              shown[2048];

    /* Whatever stands in it, whoever wrote it, makes one line. */
    websocket_text_show(shown, sizeof(shown), text);
    pthread_once(&host.once, look_up);
    if (host.zlog != NULL && category != NULL) {
        host.zlog(category, file, sizeof(file) - 1, function, strlen(function),
                  line, level, "%s", shown);
    } else if (level >= WEBSOCKET_LOG_NOTICE) {
        fprintf(stderr, "WebSocket: %s\n", shown);
    }
}

void websocket_log(neu_plugin_t *plugin, const char *function, long line,
                   int level, const char *format, ...)
{
    char    text[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    write_line(plugin, function, line, level, text);
}

/* A minute. */
static const uint64_t quiet_ms = 60000;

uint64_t websocket_repeated_count(websocket_repeated_t *repeated,
                                  websocket_line_t kind, uint64_t now_ms)
{
    uint64_t *count = &repeated->lines[kind].count;
    uint64_t  last  = __atomic_exchange_n(&repeated->lines[kind].last_ms, now_ms,
                                          __ATOMIC_RELAXED);
    uint64_t  times = 0;

    if (now_ms >= last && now_ms - last >= quiet_ms) {
        __atomic_store_n(count, 0, __ATOMIC_RELAXED);
    }
    times = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
    return (times & (times - 1)) == 0 ? times : 0;
}

void websocket_log_repeated(neu_plugin_t *plugin, websocket_line_t kind,
                            const char *format, ...)
{
    struct timespec now = { 0 };
    char            text[2048];
    va_list         arguments;
    uint64_t        count  = 0;
    size_t          length = 0;

    clock_gettime(CLOCK_MONOTONIC, &now);
    count = websocket_repeated_count(
        &plugin->repeated, kind,
        (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000);
    if (count == 0) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    length = strlen(text);
    if (count > 1) {
        snprintf(text + length, sizeof(text) - length,
                 " (%llu such in a row)", (unsigned long long) count);
    }
    write_line(plugin, "websocket", 0, WEBSOCKET_LOG_WARN, text);
}

void websocket_log_library(neu_plugin_t *plugin, neuron_ws_log_level_t level,
                           const char *text)
{
    static const int levels[] = {
        [NEURON_WS_LOG_DEBUG]  = WEBSOCKET_LOG_DEBUG,
        [NEURON_WS_LOG_INFO]   = WEBSOCKET_LOG_INFO,
        [NEURON_WS_LOG_NOTICE] = WEBSOCKET_LOG_NOTICE,
        [NEURON_WS_LOG_WARN]   = WEBSOCKET_LOG_WARN,
        [NEURON_WS_LOG_ERROR]  = WEBSOCKET_LOG_ERROR,
        [NEURON_WS_LOG_FATAL]  = WEBSOCKET_LOG_FATAL,
    };

    if ((int) level < 0 || (size_t) level >= sizeof(levels) / sizeof(*levels)) {
        level = NEURON_WS_LOG_NOTICE;
    }
    write_line(plugin, "neuron_ws", 0, levels[level], text);
}

bool websocket_log_enabled(neu_plugin_t *plugin, int level)
{
    zlog_category_t *category = category_of(plugin);

    pthread_once(&host.once, look_up);
    return host.enabled != NULL && category != NULL &&
        host.enabled(category, level) != 0;
}
