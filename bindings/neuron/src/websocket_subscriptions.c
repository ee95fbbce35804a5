#include "websocket_subscriptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"

struct websocket_subscription {
    websocket_subscription_t *next;
    char                      driver[NEU_NODE_NAME_LEN];
    char                      group[NEU_GROUP_NAME_LEN];
    char                     *params;
    char                     *static_tags;
};

/* Of arrays in messages, whose last byte need not be NUL. */
static void copy_name(char *to, size_t size, const char *name)
{
    size_t length = strnlen(name, size - 1);

    memcpy(to, name, length);
    to[length] = '\0';
}

static bool same(const char *name, const char *other)
{
    return strncmp(name, other, NEU_NODE_NAME_LEN) == 0;
}

static websocket_subscription_t *find(neu_plugin_t *plugin, const char *driver,
                                      const char *group)
{
    websocket_subscription_t *it = plugin->subscriptions.first;

    while (it != NULL &&
           !(same(it->driver, driver) && same(it->group, group))) {
        it = it->next;
    }
    return it;
}

/* The host wraps the static tags as the library takes them. */
static void tell(neu_plugin_t *plugin, const websocket_subscription_t *it)
{
    neuron_ws_status_t status;

    if (plugin->node == NULL) {
        return;
    }
    status = websocket_library.node_subscribe(plugin->node, it->driver,
                                              it->group, it->static_tags);
    if (status == NEURON_WS_INVALID_JSON) {
        websocket_log_error(plugin,
                            "the static tags of %s/%s are left out: %s",
                            it->driver, it->group,
                            websocket_library.last_error());
        status = websocket_library.node_subscribe(plugin->node, it->driver,
                                                  it->group, NULL);
    }
    if (status != NEURON_WS_OK) {
        websocket_log_error(plugin, "cannot subscribe %s/%s: %s", it->driver,
                            it->group, websocket_library.last_error());
    }
}

static void free_subscription(websocket_subscription_t *it)
{
    free(it->params);
    free(it->static_tags);
    free(it);
}

int websocket_subscribe(neu_plugin_t              *plugin,
                        const neu_req_subscribe_t *request)
{
    websocket_subscription_t *it =
        find(plugin, request->driver, request->group);

    if (it == NULL) {
        it = calloc(1, sizeof(*it));
        if (it == NULL) {
            /* The texts are lost with it: freeing them here is not ours. */
            return NEU_ERR_EINTERNAL;
        }
        copy_name(it->driver, sizeof(it->driver), request->driver);
        copy_name(it->group, sizeof(it->group), request->group);
        it->next                    = plugin->subscriptions.first;
        plugin->subscriptions.first = it;
    }
    if (it->params != request->params) {
        free(it->params);
    }
    if (it->static_tags != request->static_tags) {
        free(it->static_tags);
    }
    it->params      = request->params;
    it->static_tags = request->static_tags;
    tell(plugin, it);
    websocket_log_notice(plugin, "subscribed %s/%s", it->driver, it->group);
    return 0;
}

/* Ends those of `driver` whose group is `group`, or all of them for NULL. */
static void end(neu_plugin_t *plugin, const char *driver, const char *group)
{
    websocket_subscription_t **link = &plugin->subscriptions.first;

    while (*link != NULL) {
        websocket_subscription_t *it = *link;
        if (!same(it->driver, driver) ||
            (group != NULL && !same(it->group, group))) {
            link = &it->next;
            continue;
        }
        *link = it->next;
        if (plugin->node != NULL) {
            websocket_library.node_unsubscribe(plugin->node, it->driver,
                                               it->group);
        }
        websocket_log_notice(plugin, "unsubscribed %s/%s", it->driver,
                             it->group);
        free_subscription(it);
    }
}

void websocket_unsubscribe(neu_plugin_t *plugin, const char *driver,
                           const char *group)
{
    end(plugin, driver, group);
}

void websocket_unsubscribe_driver(neu_plugin_t *plugin, const char *driver)
{
    end(plugin, driver, NULL);
}

void websocket_rename_driver(neu_plugin_t *plugin, const char *driver,
                             const char *new_driver)
{
    websocket_subscription_t *it    = plugin->subscriptions.first;
    bool                      found = false;
    char                      old[NEU_NODE_NAME_LEN];
    char                      new_name[NEU_NODE_NAME_LEN];

    copy_name(old, sizeof(old), driver);
    copy_name(new_name, sizeof(new_name), new_driver);
    if (new_name[0] == '\0' || same(old, new_name)) {
        return;
    }
    for (; it != NULL; it = it->next) {
        if (same(it->driver, old)) {
            memcpy(it->driver, new_name, sizeof(new_name));
            found = true;
        }
    }
    if (found && plugin->node != NULL) {
        websocket_library.node_rename(plugin->node, old, NULL, new_name, NULL);
    }
}

void websocket_rename_group(neu_plugin_t *plugin, const char *driver,
                            const char *group, const char *new_group)
{
    websocket_subscription_t *it = find(plugin, driver, group);
    char                      old[NEU_GROUP_NAME_LEN];

    if (it == NULL || new_group[0] == '\0' || same(group, new_group)) {
        return;
    }
    memcpy(old, it->group, sizeof(old));
    copy_name(it->group, sizeof(it->group), new_group);
    if (plugin->node != NULL) {
        websocket_library.node_rename(plugin->node, it->driver, old,
                                      it->driver, it->group);
    }
}

void websocket_subscriptions_replay(neu_plugin_t *plugin)
{
    websocket_subscription_t *it = plugin->subscriptions.first;

    for (; it != NULL; it = it->next) {
        tell(plugin, it);
    }
}

void websocket_subscriptions_free(websocket_subscriptions_t *subscriptions)
{
    while (subscriptions->first != NULL) {
        websocket_subscription_t *it = subscriptions->first;
        subscriptions->first         = it->next;
        free_subscription(it);
    }
}
