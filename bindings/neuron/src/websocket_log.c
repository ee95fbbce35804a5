#include "websocket_log.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "websocket_plugin_intf.h"

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

    pthread_once(&host.once, look_up);
    if (host.zlog != NULL && category != NULL) {
        host.zlog(category, file, sizeof(file) - 1, function, strlen(function),
                  line, level, "%s", text);
    } else if (level >= WEBSOCKET_LOG_NOTICE) {
        fprintf(stderr, "WebSocket: %s\n", text);
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
