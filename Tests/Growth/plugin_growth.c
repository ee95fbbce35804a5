// SPDX-License-Identifier: Apache-2.0
/*
 * The plugin's list of subscriptions, without a node behind it: what it costs, for callgrind to count.
 */
#include "growth_case.h"
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"

/* There is no library, and nobody reads the log. */
websocket_library_t websocket_library;

void websocket_log(neu_plugin_t *it, const char *function, long line, int level, const char *format, ...) {
    (void)it, (void)function, (void)line, (void)level, (void)format;
}

static neu_plugin_t plugin;

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

static const struct growth_case cases[] = {
    {"plugin_groups", 4000, LINEAR, nothing, subscribe_groups, "groups of a driver in the plugin"},
    {"plugin_drivers", 4000, LINEAR, nothing, subscribe_drivers, "drivers in the plugin"},
    {"plugin_end_groups", 4000, LINEAR, subscribe_groups, end_groups, "groups that end in the plugin"},
    {"plugin_end_drivers", 4000, LINEAR, subscribe_drivers, end_drivers, "drivers that end in the plugin"},
    {"plugin_rename", 4000, LINEAR, subscribe_groups, rename_driver, "groups of a renamed driver in the plugin"},
};

int main(int argc, char **argv) { return growth_main(cases, sizeof cases / sizeof *cases, argc, argv); }
