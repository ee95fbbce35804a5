// SPDX-License-Identifier: Apache-2.0
/*
 * Lines in the node's own category of Neuron's log, at the node's level.
 */
#ifndef WEBSOCKET_LOG_H
#define WEBSOCKET_LOG_H

#include "neuron_host.h"

#include <neuron_ws.h>

/* zlog's numbers. */
#define WEBSOCKET_LOG_DEBUG 20
#define WEBSOCKET_LOG_INFO 40
#define WEBSOCKET_LOG_NOTICE 60
#define WEBSOCKET_LOG_WARN 80
#define WEBSOCKET_LOG_ERROR 100
#define WEBSOCKET_LOG_FATAL 120

void websocket_log(neu_plugin_t *plugin, const char *function, long line,
                   int level, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#define websocket_log_debug(plugin, ...)                           \
    websocket_log(plugin, __func__, __LINE__, WEBSOCKET_LOG_DEBUG, \
                  __VA_ARGS__)
#define websocket_log_notice(plugin, ...)                           \
    websocket_log(plugin, __func__, __LINE__, WEBSOCKET_LOG_NOTICE, \
                  __VA_ARGS__)
#define websocket_log_warn(plugin, ...)                           \
    websocket_log(plugin, __func__, __LINE__, WEBSOCKET_LOG_WARN, \
                  __VA_ARGS__)
#define websocket_log_error(plugin, ...)                           \
    websocket_log(plugin, __func__, __LINE__, WEBSOCKET_LOG_ERROR, \
                  __VA_ARGS__)

/* Lines of which many may come. */
typedef enum {
    WEBSOCKET_LINE_REFUSED, /* a request that the gateway cannot take */
    WEBSOCKET_LINE_NO_GROUP,
    WEBSOCKET_LINE_VALUE_SIZE,
    WEBSOCKET_LINE_NOT_SENT,
    WEBSOCKET_LINE_RENAMED,
    WEBSOCKET_LINES
} websocket_line_t;

/* How often each has come since it was quiet, and when it came last. */
typedef struct {
    struct {
        uint64_t count;
        uint64_t last_ms;
    } lines[WEBSOCKET_LINES];
} websocket_repeated_t;

/*
 * The count if a line of this kind is to be told, as the library does it: the
 * first, the 2nd, 4th, 8th…, and anew after a quiet minute; else 0. Any thread.
 */
uint64_t websocket_repeated_count(websocket_repeated_t *repeated,
                                  websocket_line_t kind, uint64_t now_ms);

/* A warning of which many may come. */
void websocket_log_repeated(neu_plugin_t *plugin, websocket_line_t kind,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line of the library's. */
void websocket_log_library(neu_plugin_t *plugin, neuron_ws_log_level_t level,
                           const char *text);

/* Whether the node's category takes lines of this level. */
bool websocket_log_enabled(neu_plugin_t *plugin, int level);

#endif
