// SPDX-License-Identifier: Apache-2.0
#include "websocket_subscriptions.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"

/*
 * Drivers in a balanced tree, and the groups of each in one of its own, so
 * that nothing searches through all: a gateway may have tens of thousands.
 * The lists beside the trees are for going through them. Both structs begin
 * with the name that their tree is ordered by.
 */
struct websocket_subscription {
    char                      group[NEU_GROUP_NAME_LEN];
    websocket_driver_t       *driver;
    websocket_subscription_t *previous;
    websocket_subscription_t *next;
    char                     *params;
    char                     *static_tags;
    /* No data of it has come yet. Atomic: data come while the lock is held for
       reading. */
    bool is_new;
};

/* There as long as it has a subscription. */
struct websocket_driver {
    char                      name[NEU_NODE_NAME_LEN];
    websocket_driver_t       *previous;
    websocket_driver_t       *next;
    void                     *groups;
    websocket_subscription_t *first;
};

static int compare(const void *name, const void *other)
{
    return strcmp(name, other);
}

/* Of arrays in messages, whose last byte need not be NUL. */
static void copy_name(char *to, size_t size, const char *name)
{
    size_t length = strnlen(name, size - 1);

    memcpy(to, name, length);
    to[length] = '\0';
}

static websocket_driver_t *find_driver(neu_plugin_t *plugin, const char *name)
{
    char  key[NEU_NODE_NAME_LEN];
    void *found = NULL;

    copy_name(key, sizeof(key), name);
    found = tfind(key, &plugin->subscriptions.drivers, compare);
    return found == NULL ? NULL : *(websocket_driver_t **) found;
}

static websocket_subscription_t *find(neu_plugin_t *plugin, const char *driver,
                                      const char *group)
{
    websocket_driver_t *of    = find_driver(plugin, driver);
    char                key[NEU_GROUP_NAME_LEN];
    void               *found = NULL;

    copy_name(key, sizeof(key), group);
    if (of != NULL) {
        found = tfind(key, &of->groups, compare);
    }
    return found == NULL ? NULL : *(websocket_subscription_t **) found;
}

/* The driver of this name, made if it is not there; NULL without memory. */
static websocket_driver_t *take_driver(neu_plugin_t *plugin, const char *name)
{
    websocket_subscriptions_t *all    = &plugin->subscriptions;
    websocket_driver_t        *driver = find_driver(plugin, name);

    if (driver != NULL) {
        return driver;
    }
    driver = calloc(1, sizeof(*driver));
    if (driver == NULL) {
        return NULL;
    }
    copy_name(driver->name, sizeof(driver->name), name);
    if (tsearch(driver, &all->drivers, compare) == NULL) {
        free(driver);
        return NULL;
    }
    driver->next = all->first;
    if (all->first != NULL) {
        all->first->previous = driver;
    }
    all->first = driver;
    return driver;
}

static void leave_driver(neu_plugin_t *plugin, websocket_driver_t *driver)
{
    websocket_subscriptions_t *all = &plugin->subscriptions;

    if (driver->first != NULL) {
        return;
    }
    tdelete(driver, &all->drivers, compare);
    if (driver->previous == NULL) {
        all->first = driver->next;
    } else {
        driver->previous->next = driver->next;
    }
    if (driver->next != NULL) {
        driver->next->previous = driver->previous;
    }
    free(driver);
}

static void unlink_subscription(websocket_subscription_t *it)
{
    if (it->previous == NULL) {
        it->driver->first = it->next;
    } else {
        it->previous->next = it->next;
    }
    if (it->next != NULL) {
        it->next->previous = it->previous;
    }
}

static void free_subscription(websocket_subscription_t *it)
{
    free(it->params);
    free(it->static_tags);
    free(it);
}

/* Takes the place of one of the same name. False without memory. */
static bool put(websocket_driver_t *driver, websocket_subscription_t *it)
{
    websocket_subscription_t **place =
        (websocket_subscription_t **) tsearch(it, &driver->groups, compare);

    if (place == NULL) {
        return false;
    }
    if (*place != it) {
        websocket_subscription_t *old = *place;
        *place                        = it;
        unlink_subscription(old);
        free_subscription(old);
    }
    it->driver   = driver;
    it->previous = NULL;
    it->next     = driver->first;
    if (driver->first != NULL) {
        driver->first->previous = it;
    }
    driver->first = it;
    return true;
}

static void take_out(websocket_subscription_t *it)
{
    tdelete(it, &it->driver->groups, compare);
    unlink_subscription(it);
}

/* The host wraps the static tags as the library takes them. */
static void tell(neu_plugin_t *plugin, const websocket_subscription_t *it)
{
    const char        *driver = it->driver->name;
    neuron_ws_status_t status;

    if (plugin->node == NULL) {
        return;
    }
    status = websocket_library.node_subscribe(plugin->node, driver, it->group,
                                              it->static_tags);
    if (status == NEURON_WS_INVALID_JSON) {
        websocket_log_error(plugin,
                            "the static tags of %s/%s are left out: %s", driver,
                            it->group, websocket_library.last_error());
        status = websocket_library.node_subscribe(plugin->node, driver,
                                                  it->group, NULL);
    }
    if (status != NEURON_WS_OK) {
        websocket_log_error(plugin, "cannot subscribe %s/%s: %s", driver,
                            it->group, websocket_library.last_error());
    }
}

/* A new one; NULL without memory. */
static websocket_subscription_t *add(neu_plugin_t              *plugin,
                                     const neu_req_subscribe_t *request)
{
    websocket_driver_t       *driver = take_driver(plugin, request->driver);
    websocket_subscription_t *it     = NULL;

    if (driver == NULL) {
        return NULL;
    }
    it = calloc(1, sizeof(*it));
    if (it != NULL) {
        copy_name(it->group, sizeof(it->group), request->group);
        if (put(driver, it)) {
            return it;
        }
        free(it);
    }
    leave_driver(plugin, driver);
    return NULL;
}

int websocket_subscribe(neu_plugin_t              *plugin,
                        const neu_req_subscribe_t *request)
{
    websocket_subscription_t *it =
        find(plugin, request->driver, request->group);

    if (it == NULL) {
        it = add(plugin, request);
        if (it == NULL) {
            /* The texts are lost with it: freeing them here is not ours. */
            return NEU_ERR_EINTERNAL;
        }
    }
    if (it->params != request->params) {
        free(it->params);
    }
    if (it->static_tags != request->static_tags) {
        free(it->static_tags);
    }
    it->params      = request->params;
    it->static_tags = request->static_tags;
    __atomic_store_n(&it->is_new, true, __ATOMIC_RELAXED);
    tell(plugin, it);
    websocket_log_notice(plugin, "subscribed %s/%s", it->driver->name,
                         it->group);
    return 0;
}

bool websocket_subscription_begins(neu_plugin_t *plugin, const char *driver,
                                   const char *group)
{
    websocket_subscription_t *it = find(plugin, driver, group);

    return it != NULL &&
        __atomic_exchange_n(&it->is_new, false, __ATOMIC_RELAXED);
}

/* Its driver stays, with or without another subscription. */
static void end(neu_plugin_t *plugin, websocket_subscription_t *it)
{
    if (plugin->node != NULL) {
        websocket_library.node_unsubscribe(plugin->node, it->driver->name,
                                           it->group);
    }
    websocket_log_notice(plugin, "unsubscribed %s/%s", it->driver->name,
                         it->group);
    take_out(it);
    free_subscription(it);
}

void websocket_unsubscribe(neu_plugin_t *plugin, const char *driver,
                           const char *group)
{
    websocket_subscription_t *it = find(plugin, driver, group);

    if (it != NULL) {
        websocket_driver_t *of = it->driver;
        end(plugin, it);
        leave_driver(plugin, of);
    }
}

void websocket_unsubscribe_driver(neu_plugin_t *plugin, const char *driver)
{
    websocket_driver_t *of = find_driver(plugin, driver);

    if (of == NULL) {
        return;
    }
    while (of->first != NULL) {
        end(plugin, of->first);
    }
    leave_driver(plugin, of);
}

void websocket_rename_driver(neu_plugin_t *plugin, const char *driver,
                             const char *new_driver)
{
    websocket_driver_t *old = find_driver(plugin, driver);
    websocket_driver_t *to  = NULL;

    if (old == NULL || new_driver[0] == '\0') {
        return;
    }
    to = take_driver(plugin, new_driver);
    if (to == NULL || to == old) {
        return;
    }
    if (plugin->node != NULL) {
        websocket_library.node_rename(plugin->node, old->name, NULL, to->name,
                                      NULL);
    }
    while (old->first != NULL) {
        websocket_subscription_t *it = old->first;
        take_out(it);
        if (!put(to, it)) {
            websocket_log_error(plugin, "%s/%s is lost: no memory", to->name,
                                it->group);
            free_subscription(it);
        }
    }
    leave_driver(plugin, old);
    leave_driver(plugin, to);
}

void websocket_rename_group(neu_plugin_t *plugin, const char *driver,
                            const char *group, const char *new_group)
{
    websocket_subscription_t *it = find(plugin, driver, group);
    websocket_driver_t       *of = NULL;
    char                      old[NEU_GROUP_NAME_LEN];

    if (it == NULL || new_group[0] == '\0' ||
        strncmp(it->group, new_group, sizeof(old)) == 0) {
        return;
    }
    of = it->driver;
    take_out(it);
    memcpy(old, it->group, sizeof(old));
    copy_name(it->group, sizeof(it->group), new_group);
    if (plugin->node != NULL) {
        websocket_library.node_rename(plugin->node, of->name, old, of->name,
                                      it->group);
    }
    if (!put(of, it)) {
        websocket_log_error(plugin, "%s/%s is lost: no memory", of->name,
                            it->group);
        free_subscription(it);
        leave_driver(plugin, of);
    }
}

size_t websocket_subscriptions_count(neu_plugin_t *plugin, const char *driver)
{
    const websocket_driver_t       *of    = find_driver(plugin, driver);
    const websocket_subscription_t *it    = of != NULL ? of->first : NULL;
    size_t                          count = 0;

    for (; it != NULL; it = it->next) {
        count++;
    }
    return count;
}

void websocket_subscriptions_names(neu_plugin_t *plugin, const char *driver,
                                   char *names, size_t step)
{
    const websocket_driver_t       *of = find_driver(plugin, driver);
    const websocket_subscription_t *it = of != NULL ? of->first : NULL;

    for (; it != NULL; it = it->next, names += step) {
        memcpy(names, it->group, sizeof(it->group));
    }
}

void websocket_subscriptions_replay(neu_plugin_t *plugin)
{
    websocket_driver_t *driver = plugin->subscriptions.first;

    for (; driver != NULL; driver = driver->next) {
        websocket_subscription_t *it = driver->first;
        for (; it != NULL; it = it->next) {
            tell(plugin, it);
        }
    }
}

void websocket_subscriptions_free(neu_plugin_t *plugin)
{
    while (plugin->subscriptions.first != NULL) {
        websocket_driver_t *driver = plugin->subscriptions.first;
        while (driver->first != NULL) {
            websocket_subscription_t *it = driver->first;
            take_out(it);
            free_subscription(it);
        }
        leave_driver(plugin, driver);
    }
}
