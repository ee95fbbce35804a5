// SPDX-License-Identifier: Apache-2.0
#include "websocket_variables.h"

#include <stdlib.h>
#include <string.h>

#include "websocket_library.h"
#include "websocket_plugin_intf.h"

/* Which bytes of a name are its group's; 0: it has none. */
static size_t group_length(const websocket_variable_t *variable)
{
    const char *slash = memchr(variable->asked, '/', variable->asked_length);
    size_t      length = slash == NULL ? 0 : (size_t) (slash - variable->asked);

    return length < NEU_GROUP_NAME_LEN && length + 1 < variable->asked_length
        ? length
        : 0;
}

static int compare_groups(const void *left, const void *right)
{
    return strcmp(((const websocket_group_t *) left)->name,
                  ((const websocket_group_t *) right)->name);
}

static int compare_names(const void *left, const void *right)
{
    const websocket_variable_t *one = left;
    const websocket_variable_t *two = right;
    size_t ones   = one->tag.name_length;
    size_t twos   = two->tag.name_length;
    size_t length = ones < twos ? ones : twos;
    int    order  = memcmp(one->tag.name, two->tag.name, length);

    return order != 0 ? order : (ones > twos) - (ones < twos);
}

static int compare_variables(const void *left, const void *right)
{
    const websocket_variable_t *one = left;
    const websocket_variable_t *two = right;

    if (one->group != two->group) {
        return one->group < two->group ? -1 : 1;
    }
    return compare_names(left, right);
}

static void read_names(const neuron_ws_request_info_t *info,
                       websocket_variables_t          *variables)
{
    for (size_t i = 0; i < info->tag_count; i++) {
        websocket_variable_t  *variable = &variables->all[i];
        const neuron_ws_tag_t *tag      = websocket_tag_at(info, i);
        size_t                 length   = 0;

        variable->tag          = *tag;
        variable->asked        = tag->name;
        variable->asked_length = websocket_tag_name_length(tag);
        length                 = group_length(variable);
        if (length != 0) {
            variable->tag.name += length + 1;
            variable->tag.name_length = variable->asked_length - length - 1;
        } else {
            variable->tag.name_length = variable->asked_length;
            variables->open++;
        }
        variable->group = WEBSOCKET_NO_GROUP;
        variable->other = WEBSOCKET_NO_GROUP;
    }
}

/* The groups that names begin with, and those that are subscribed where these
   are needed: each once, by name. */
static bool make_groups(neu_plugin_t *plugin, const char *driver,
                        bool needs_subscribed, websocket_variables_t *variables)
{
    size_t count    = variables->count - variables->open;
    size_t capacity = count +
        (needs_subscribed ? websocket_subscriptions_count(plugin, driver) : 0);
    websocket_group_t *groups = calloc(capacity + 1, sizeof(*groups));
    size_t             kept   = 0;

    if (groups == NULL) {
        return false;
    }
    count = 0;
    for (size_t i = 0; i < variables->count; i++) {
        size_t length = group_length(&variables->all[i]);
        if (length != 0) {
            memcpy(groups[count++].name, variables->all[i].asked, length);
        }
    }
    if (needs_subscribed) {
        websocket_subscriptions_names(plugin, driver, groups[count].name,
                                      sizeof(*groups));
    }
    for (; count < capacity; count++) {
        groups[count].is_subscribed = true;
    }
    qsort(groups, count, sizeof(*groups), compare_groups);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare_groups(&groups[kept - 1], &groups[i]) != 0) {
            groups[kept++] = groups[i];
        } else if (groups[i].is_subscribed) {
            groups[kept - 1].is_subscribed = true;
        }
    }
    variables->groups      = groups;
    variables->group_count = kept;
    for (size_t i = 0; i < kept; i++) {
        variables->subscribed_count += groups[i].is_subscribed;
    }
    return true;
}

static void set_groups(websocket_variables_t *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        websocket_variable_t *variable = &variables->all[i];
        size_t                length   = group_length(variable);
        websocket_group_t     key      = { 0 };

        if (length != 0) {
            const websocket_group_t *found = NULL;
            memcpy(key.name, variable->asked, length);
            found = bsearch(&key, variables->groups, variables->group_count,
                            sizeof(key), compare_groups);
            variable->group = (size_t) (found - variables->groups);
        }
    }
}

bool websocket_variables_make(neu_plugin_t                   *plugin,
                              const neuron_ws_request_info_t *info,
                              websocket_variables_t          *variables)
{
    memset(variables, 0, sizeof(*variables));
    variables->count = info->tag_count;
    variables->all   = calloc(info->tag_count + 1, sizeof(*variables->all));
    if (variables->all == NULL) {
        return false;
    }
    read_names(info, variables);
    if (!make_groups(plugin, info->driver,
                     variables->open != 0 || variables->count == 0,
                     variables)) {
        websocket_variables_free(variables);
        return false;
    }
    set_groups(variables);
    websocket_variables_sort(variables);
    return true;
}

void websocket_variables_settle(websocket_variables_t *variables, size_t group)
{
    for (size_t i = 0; i < variables->count; i++) {
        if (variables->all[i].group == WEBSOCKET_NO_GROUP) {
            variables->all[i].group = group;
        }
    }
}

void websocket_variables_found(websocket_variables_t *variables, size_t group,
                               const UT_array *tags)
{
    const neu_resp_tag_value_meta_t *values = NULL;
    websocket_variable_t *open = variables->all + variables->count -
        variables->open;
    const websocket_variable_t *end = variables->all + variables->count;

    if (tags == NULL || tags->d == NULL || tags->icd.sz != sizeof(*values)) {
        return;
    }
    values = (const neu_resp_tag_value_meta_t *) tags->d;
    for (unsigned i = 0; i < tags->i; i++) {
        websocket_variable_t key = {
            .tag = { .name        = values[i].tag,
                     .name_length = strnlen(values[i].tag, NEU_TAG_NAME_LEN) }
        };
        websocket_variable_t *found = bsearch(&key, open, variables->open,
                                              sizeof(key), compare_names);
        if (found == NULL) {
            continue;
        }
        /* It may have been named twice. */
        while (found > open && compare_names(found - 1, &key) == 0) {
            found--;
        }
        for (; found < end && compare_names(found, &key) == 0; found++) {
            if (found->group == WEBSOCKET_NO_GROUP) {
                found->group = group;
            } else if (found->group != group) {
                found->other = group;
            }
        }
    }
}

void websocket_variables_sort(websocket_variables_t *variables)
{
    qsort(variables->all, variables->count, sizeof(*variables->all),
          compare_variables);
}

void websocket_variables_free(websocket_variables_t *variables)
{
    free(variables->all);
    free(variables->groups);
    memset(variables, 0, sizeof(*variables));
}
