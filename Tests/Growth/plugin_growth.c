/*
 * The plugin's list of subscriptions, without a node behind it: what it costs, for callgrind to count.
 *
 *     plugin_growth CASE SIZE      plugin_growth (lists the cases)
 */
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* There is no library, and nobody reads the log. */
websocket_library_t websocket_library;

void websocket_log(neu_plugin_t *it, const char *function, long line, int level, const char *format, ...) {
    (void)it, (void)function, (void)line, (void)level, (void)format;
}

static neu_plugin_t plugin;
static size_t size;

static void subscribe(size_t driver, size_t group) {
    neu_req_subscribe_t request;
    memset(&request, 0, sizeof request);
    snprintf(request.driver, sizeof request.driver, "driver%zu", driver);
    snprintf(request.group, sizeof request.group, "group%zu", group);
    if (websocket_subscribe(&plugin, &request) != 0) exit(1);
}

static void subscribe_groups(void) {
    for (size_t index = 0; index < size; index++) subscribe(0, index);
}

static void subscribe_drivers(void) {
    for (size_t index = 0; index < size; index++) subscribe(index, 0);
}

static void end_groups(void) {
    char name[32];
    for (size_t index = 0; index < size; index++) {
        snprintf(name, sizeof name, "group%zu", index);
        websocket_unsubscribe(&plugin, "driver0", name);
    }
}

static void end_drivers(void) {
    char name[32];
    for (size_t index = 0; index < size; index++) {
        snprintf(name, sizeof name, "driver%zu", index);
        websocket_unsubscribe_driver(&plugin, name);
    }
}

static void rename_driver(void) { websocket_rename_driver(&plugin, "driver0", "renamed"); }
static void nothing(void) {}

static const struct growth_case {
    const char *name;
    size_t size;
    void (*prepare)(void), (*run)(void);
    const char *grows_with;
} cases[] = {
    {"plugin_groups", 4000, nothing, subscribe_groups, "groups of a driver in the plugin"},
    {"plugin_drivers", 4000, nothing, subscribe_drivers, "drivers in the plugin"},
    {"plugin_end_groups", 4000, subscribe_groups, end_groups, "groups that end in the plugin"},
    {"plugin_end_drivers", 4000, subscribe_drivers, end_drivers, "drivers that end in the plugin"},
    {"plugin_rename", 4000, subscribe_groups, rename_driver, "groups of a driver that is renamed in the plugin"},
};

__attribute__((noinline)) void growth_run(const struct growth_case *it) { it->run(); }

int main(int argc, char **argv) {
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        const struct growth_case *it = &cases[index];
        if (argc < 3) {
            printf("%s\t%zu\tlinear\t%s\n", it->name, it->size, it->grows_with);
        } else if (strcmp(argv[1], it->name) == 0) {
            size = (size_t)atoll(argv[2]);
            it->prepare();
            growth_run(it);
            return 0;
        }
    }
    return argc < 3 ? 0 : 2;
}
