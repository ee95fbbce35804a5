// SPDX-License-Identifier: Apache-2.0
#include "websocket_operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "websocket_plugin_intf.h"

static const char get[]     = "GET_DEVICE_PARAMETERS";
static const char set[]     = "SET_DEVICE_PARAMETERS";
static const char refresh[] = "REFRESH_INFO";

bool websocket_operation_is_known(const neuron_ws_request_info_t *info)
{
    return info->kind != NEURON_WS_REQUEST_OPERATION ||
        strcmp(info->action, get) == 0 || strcmp(info->action, set) == 0 ||
        strcmp(info->action, refresh) == 0;
}

websocket_operation_t *
websocket_operation_make(const neuron_ws_request_info_t *info)
{
    websocket_operation_t *operation = calloc(1, sizeof(*operation));

    if (operation != NULL) {
        operation->info = *info;
    }
    return operation;
}

static const char *group_name(const websocket_operation_t *operation)
{
    return operation->variables.groups[operation->group].name;
}

static void begin_element(websocket_operation_t *operation)
{
    if (operation->answer.length != 0) {
        websocket_text_add(&operation->answer, ",");
    }
}

static void add_error(websocket_operation_t *operation, int error,
                      const char *reason)
{
    websocket_text_add(&operation->answer, "\"error\":%d", error);
    if (reason != NULL) {
        websocket_text_add(&operation->answer, ",\"reason\":");
        websocket_text_add_string(&operation->answer, reason, SIZE_MAX);
    }
    websocket_text_add(&operation->answer, "}");
}

/* What became of a variable that was to be written. */
static void add_written(websocket_operation_t      *operation,
                        const websocket_variable_t *variable, int error,
                        const char *reason)
{
    begin_element(operation);
    websocket_text_add(&operation->answer, "{\"name\":");
    websocket_text_add_string(&operation->answer, variable->asked,
                              variable->asked_length);
    websocket_text_add(&operation->answer, ",");
    add_error(operation, error, reason);
}

/* Of a group that could not be read. */
static void add_failed_group(websocket_operation_t *operation, int error,
                             const char *reason)
{
    begin_element(operation);
    websocket_text_add(&operation->answer, "{\"group\":");
    websocket_text_add_string(&operation->answer, group_name(operation),
                              SIZE_MAX);
    websocket_text_add(&operation->answer, ",");
    add_error(operation, error, reason);
}

/* ------------------------------------------------------------------------- */

static bool begin(neu_plugin_t *plugin, websocket_operation_t *operation)
{
    websocket_variables_t *variables = &operation->variables;
    bool                   made      = false;

    pthread_rwlock_rdlock(&plugin->lock);
    made = websocket_variables_make(plugin, &operation->info, variables);
    pthread_rwlock_unlock(&plugin->lock);
    if (!made) {
        return false;
    }
    if (strcmp(operation->info.action, set) != 0) {
        operation->phase = WEBSOCKET_OPERATION_READS;
    } else if (variables->open != 0 && variables->subscribed_count > 1) {
        operation->phase = WEBSOCKET_OPERATION_FINDS;
        operation->first = operation->end = variables->count - variables->open;
    } else {
        operation->phase = WEBSOCKET_OPERATION_WRITES;
        for (size_t i = 0; i < variables->group_count; i++) {
            if (variables->groups[i].is_subscribed) {
                websocket_variables_settle(variables, i);
            }
        }
        websocket_variables_sort(variables);
    }
    return true;
}

/* The group's own variables, and where it is subscribed those without one. */
static bool make_read(websocket_operation_t *operation,
                      websocket_command_t   *command,
                      websocket_refusal_t   *refusal)
{
    websocket_variables_t   *variables = &operation->variables;
    neuron_ws_request_info_t info      = operation->info;
    bool                     asks_open =
        variables->groups[operation->group].is_subscribed;
    size_t own   = operation->end - operation->first;
    size_t count = own + (asks_open ? variables->open : 0);
    bool   made  = false;

    neuron_ws_tag_t *tags = calloc(count + 1, sizeof(*tags));
    if (tags == NULL) {
        return websocket_no_memory(refusal);
    }
    for (size_t i = 0; i < count; i++) {
        size_t place = i < own ? operation->first + i
                               : variables->count - variables->open + i - own;
        tags[i]      = variables->all[place].tag;
    }
    info.kind      = NEURON_WS_REQUEST_READ;
    info.group     = group_name(operation);
    info.tags      = tags;
    info.tag_count = count;
    info.tag_size  = sizeof(*tags);
    made           = websocket_command_make(&info, command, refusal);
    free(tags);
    return made;
}

/* The next group of which something is to be read. */
static bool next_read(websocket_operation_t *operation,
                      websocket_command_t   *command)
{
    websocket_variables_t *variables = &operation->variables;
    websocket_refusal_t    refusal;

    for (; operation->group < variables->group_count; operation->group++) {
        size_t end = operation->first = operation->end;
        while (end < variables->count &&
               variables->all[end].group == operation->group) {
            end++;
        }
        if (operation->phase != WEBSOCKET_OPERATION_FINDS) {
            operation->end = end;
        }
        if (operation->end == operation->first &&
            !variables->groups[operation->group].is_subscribed) {
            continue;
        }
        if (make_read(operation, command, &refusal)) {
            return true;
        }
        add_failed_group(operation, refusal.error, refusal.reason);
    }
    return false;
}

/* ------------------------------------------------------------------------- */

static bool make_write(websocket_operation_t *operation,
                       websocket_command_t   *command,
                       websocket_refusal_t   *refusal)
{
    const websocket_variable_t *first =
        &operation->variables.all[operation->first];
    neuron_ws_request_info_t info  = operation->info;
    size_t                   count = operation->end - operation->first;
    neuron_ws_tag_t         *tags  = calloc(count, sizeof(*tags));
    bool                     made  = false;

    if (tags == NULL) {
        return websocket_no_memory(refusal);
    }
    for (size_t i = 0; i < count; i++) {
        tags[i] = first[i].tag;
    }
    info.kind      = NEURON_WS_REQUEST_WRITE;
    info.group     = operation->variables.groups[first->group].name;
    info.tags      = tags;
    info.tag_count = count;
    info.tag_size  = sizeof(*tags);
    /* Not every driver takes a list. */
    info.tag_list = count > 1;
    made          = websocket_command_make(&info, command, refusal);
    free(tags);
    return made;
}

/* Of one that is in no group, or in two. */
static bool is_lost(websocket_operation_t      *operation,
                    const websocket_variable_t *variable)
{
    char reason[2 * NEU_GROUP_NAME_LEN + 96];

    if (variable->group == WEBSOCKET_NO_GROUP) {
        add_written(operation, variable, NEU_ERR_TAG_NOT_EXIST,
                    "no subscribed group of the device has a tag of this name "
                    "that can be read: name it group/tag");
        return true;
    }
    if (variable->other == WEBSOCKET_NO_GROUP) {
        return false;
    }
    snprintf(reason, sizeof(reason),
             "the groups %s and %s have a tag of this name: name it group/tag",
             operation->variables.groups[variable->group].name,
             operation->variables.groups[variable->other].name);
    add_written(operation, variable, NEU_ERR_PARAM_IS_WRONG, reason);
    return true;
}

/* One group at a time; where that does not do, one tag. */
static bool next_write(websocket_operation_t *operation,
                       websocket_command_t   *command)
{
    websocket_variables_t *variables = &operation->variables;
    websocket_refusal_t    refusal;

    while (operation->first < variables->count) {
        const websocket_variable_t *variable =
            &variables->all[operation->first];

        operation->end = operation->first + 1;
        if (is_lost(operation, variable)) {
            operation->first++;
            continue;
        }
        while (operation->first >= operation->single_end &&
               operation->end < variables->count &&
               variables->all[operation->end].group == variable->group &&
               variables->all[operation->end].other == WEBSOCKET_NO_GROUP) {
            operation->end++;
        }
        if (make_write(operation, command, &refusal)) {
            return true;
        }
        if (operation->end - operation->first > 1) {
            operation->single_end = operation->end;
        } else {
            add_written(operation, variable, refusal.error, refusal.reason);
            operation->first++;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------- */

static void write_answer(websocket_operation_t *operation,
                         websocket_text_t      *answer)
{
    if (operation->error != 0) {
        websocket_text_add(answer, "{\"error\":%d}", operation->error);
        return;
    }
    if (operation->phase == WEBSOCKET_OPERATION_READS &&
        operation->variables.group_count == 0) {
        websocket_text_add(answer,
                           "{\"error\":%d,\"reason\":\"no group of the device "
                           "is subscribed by this node\"}",
                           NEU_ERR_GROUP_NOT_EXIST);
        return;
    }
    websocket_text_add(answer,
                       operation->phase == WEBSOCKET_OPERATION_WRITES
                           ? "{\"tags\":["
                           : "{\"groups\":[");
    websocket_text_add_bytes(answer, operation->answer.data,
                             operation->answer.length);
    websocket_text_add(answer, "]}");
    answer->failed = answer->failed || operation->answer.failed;
}

bool websocket_operation_next(neu_plugin_t          *plugin,
                              websocket_operation_t *operation,
                              websocket_command_t   *command,
                              websocket_text_t      *answer)
{
    bool is_more = false;

    if (operation->phase == WEBSOCKET_OPERATION_NEW &&
        !begin(plugin, operation)) {
        operation->error = NEU_ERR_EINTERNAL;
    }
    if (operation->error == 0 &&
        operation->phase != WEBSOCKET_OPERATION_WRITES) {
        is_more = next_read(operation, command);
    }
    if (!is_more && operation->phase == WEBSOCKET_OPERATION_FINDS) {
        websocket_text_free(&operation->answer);
        websocket_variables_sort(&operation->variables);
        operation->phase = WEBSOCKET_OPERATION_WRITES;
        operation->first = 0;
    }
    if (operation->error == 0 &&
        operation->phase == WEBSOCKET_OPERATION_WRITES) {
        is_more = next_write(operation, command);
    }
    if (!is_more) {
        write_answer(operation, answer);
    }
    return is_more;
}

static void add_all_written(websocket_operation_t *operation, int error)
{
    for (; operation->first < operation->end; operation->first++) {
        add_written(operation, &operation->variables.all[operation->first],
                    error, NULL);
    }
}

void websocket_operation_error(websocket_operation_t *operation, int error)
{
    bool is_group = operation->end - operation->first > 1;

    if (error == NEU_ERR_NODE_NOT_EXIST) {
        operation->error = error;
    } else if (operation->phase != WEBSOCKET_OPERATION_WRITES) {
        add_failed_group(operation, error, NULL);
        operation->group++;
    } else if (is_group && error != 0 && error != NEU_ERR_GROUP_NOT_EXIST) {
        /* Which of them is to blame only each by itself can tell. */
        operation->single_end = operation->end;
    } else {
        add_all_written(operation, error);
    }
}

void websocket_operation_read(websocket_operation_t *operation,
                              const UT_array *values, const char *tags,
                              size_t length)
{
    if (operation->phase == WEBSOCKET_OPERATION_FINDS) {
        websocket_variables_found(&operation->variables, operation->group,
                                  values);
    } else {
        begin_element(operation);
        websocket_text_add(&operation->answer, "{\"group\":");
        websocket_text_add_string(&operation->answer, group_name(operation),
                                  SIZE_MAX);
        websocket_text_add(&operation->answer, ",");
        websocket_text_add_bytes(&operation->answer, tags + 1, length - 1);
    }
    operation->group++;
}

void websocket_operation_written(websocket_operation_t *operation,
                                 const UT_array        *results)
{
    const neu_resp_write_tags_ele_t *all =
        (const neu_resp_write_tags_ele_t *) results->d;
    unsigned place = 0;

    /* They come in their order, as far as the host has something to say. */
    for (; operation->first < operation->end; operation->first++) {
        const websocket_variable_t *variable =
            &operation->variables.all[operation->first];
        unsigned tried = 0;
        for (; tried < results->i; tried++, place++) {
            place %= results->i;
            if (strnlen(all[place].tag, NEU_TAG_NAME_LEN) ==
                    variable->tag.name_length &&
                memcmp(all[place].tag, variable->tag.name,
                       variable->tag.name_length) == 0) {
                break;
            }
        }
        if (tried < results->i) {
            add_written(operation, variable, all[place].error, NULL);
        } else {
            add_written(operation, variable, NEU_ERR_EINTERNAL,
                        "the gateway did not say what became of it");
        }
    }
}

void websocket_operation_free(websocket_operation_t *operation)
{
    if (operation != NULL) {
        websocket_text_free(&operation->answer);
        websocket_variables_free(&operation->variables);
        free(operation);
    }
}
