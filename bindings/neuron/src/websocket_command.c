// SPDX-License-Identifier: Apache-2.0
#include "websocket_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "websocket_host_json.h"
#include "websocket_library.h"

__attribute__((format(printf, 3, 4))) static bool
refuse(websocket_refusal_t *refusal, int error, const char *format, ...)
{
    va_list arguments;

    refusal->error = error;
    va_start(arguments, format);
    vsnprintf(refusal->reason, sizeof(refusal->reason), format, arguments);
    va_end(arguments);
    return false;
}

bool websocket_no_memory(websocket_refusal_t *refusal)
{
    return refuse(refusal, NEU_ERR_EINTERNAL, "no memory");
}

static size_t text_length(const neuron_ws_text_t *text)
{
    return text->length == NEURON_WS_NUL_TERMINATED ? strlen(text->data)
                                                    : text->length;
}

/* The bytes of an array's elements; 0: the type is none of an array of plain
   numbers. */
static size_t element_size(neuron_ws_type_t type)
{
    switch (type) {
    case NEURON_WS_TYPE_ARRAY_INT8:
    case NEURON_WS_TYPE_ARRAY_UINT8:
    case NEURON_WS_TYPE_ARRAY_BOOL:
        return 1;
    case NEURON_WS_TYPE_ARRAY_INT16:
    case NEURON_WS_TYPE_ARRAY_UINT16:
        return 2;
    case NEURON_WS_TYPE_ARRAY_INT32:
    case NEURON_WS_TYPE_ARRAY_UINT32:
    case NEURON_WS_TYPE_ARRAY_FLOAT:
        return 4;
    case NEURON_WS_TYPE_ARRAY_INT64:
    case NEURON_WS_TYPE_ARRAY_UINT64:
    case NEURON_WS_TYPE_ARRAY_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static void free_strings(char **strings, size_t count)
{
    for (size_t i = 0; strings != NULL && i < count; i++) {
        free(strings[i]);
    }
    free(strings);
}

static char **copy_strings(const char *const *strings, size_t count)
{
    char **copies = calloc(count != 0 ? count : 1, sizeof(*copies));

    for (size_t i = 0; copies != NULL && i < count; i++) {
        copies[i] = strdup(strings[i] != NULL ? strings[i] : "");
        if (copies[i] == NULL) {
            free_strings(copies, i);
            return NULL;
        }
    }
    return copies;
}

static bool set_text(const neuron_ws_tag_t *tag, neu_dvalue_t *value,
                     websocket_refusal_t *refusal)
{
    size_t length = text_length(&tag->value.text);

    if (length >= NEU_VALUE_SIZE) {
        return refuse(refusal, NEU_ERR_STRING_TOO_LONG,
                      "a text of %zu bytes; the gateway takes %d", length,
                      NEU_VALUE_SIZE - 1);
    }
    if (length != 0 && memchr(tag->value.text.data, '\0', length) != NULL) {
        return refuse(refusal, NEU_ERR_BODY_IS_WRONG,
                      "a text that holds a NUL character");
    }
    if (length != 0) {
        memcpy(value->value.str, tag->value.text.data, length);
    }
    value->value.str[length] = '\0';
    return true;
}

static bool set_array(const neuron_ws_tag_t *tag, neu_dvalue_t *value,
                      websocket_refusal_t *refusal)
{
    size_t count = tag->value.array.count;
    size_t size  = element_size(tag->type);
    void  *copy  = NULL;

    if (tag->type == NEURON_WS_TYPE_ARRAY_STRING) {
        copy = copy_strings(tag->value.array.data, count);
    } else {
        copy = calloc(count != 0 ? count : 1, size);
        if (copy != NULL && count != 0) {
            memcpy(copy, tag->value.array.data, count * size);
        }
    }
    if (copy == NULL) {
        return websocket_no_memory(refusal);
    }
    /* All arrays are a pointer and a count; assertions hold them to it. A
       request has no more than NEURON_WS_REQUEST_BYTES_MAX bytes. */
    value->value.u8s.u8s    = copy;
    value->value.u8s.length = (uint32_t) count;
    return true;
}

static bool set_custom(const neuron_ws_tag_t *tag, neu_dvalue_t *value,
                       websocket_refusal_t *refusal)
{
    value->value.json = websocket_host_json_value(
        tag->value.text.data, text_length(&tag->value.text));
    return value->value.json != NULL ||
        refuse(refusal, NEU_ERR_PLUGIN_TYPE_NOT_SUPPORT,
               "the gateway takes no objects as values");
}

/* The value's JSON type has decided its type, which has the host's number. */
static bool set_value(const neuron_ws_tag_t *tag, neu_dvalue_t *value,
                      websocket_refusal_t *refusal)
{
    value->type      = (neu_type_e) tag->type;
    value->precision = tag->precision;
    switch (tag->type) {
    case NEURON_WS_TYPE_INT64:
    case NEURON_WS_TYPE_UINT64:
    case NEURON_WS_TYPE_DOUBLE:
    case NEURON_WS_TYPE_BOOL:
        memcpy(&value->value, &tag->value, sizeof(uint64_t));
        return true;
    case NEURON_WS_TYPE_STRING:
        return set_text(tag, value, refusal);
    case NEURON_WS_TYPE_CUSTOM:
        return set_custom(tag, value, refusal);
    default:
        if (element_size(tag->type) != 0 ||
            tag->type == NEURON_WS_TYPE_ARRAY_STRING) {
            return set_array(tag, value, refusal);
        }
        return refuse(refusal, NEU_ERR_BODY_IS_WRONG,
                      "a value of a type that cannot be written");
    }
}

static void free_value(neu_dvalue_t *value)
{
    if (element_size((neuron_ws_type_t) value->type) != 0) {
        free(value->value.u8s.u8s);
    } else if (value->type == NEU_TYPE_ARRAY_STRING) {
        free_strings(value->value.strs.strs, value->value.strs.length);
    } else if (value->type == NEU_TYPE_CUSTOM) {
        websocket_host_json_free(value->value.json);
    }
    memset(value, 0, sizeof(*value));
}

static char *copy_name(const neuron_ws_tag_t *tag)
{
    return strndup(tag->name, websocket_tag_name_length(tag));
}

static bool check_names(const neuron_ws_request_info_t *info,
                        websocket_refusal_t            *refusal)
{
    if (strlen(info->driver) >= NEU_NODE_NAME_LEN) {
        return refuse(refusal, NEU_ERR_NODE_NAME_TOO_LONG,
                      "the node's name has more than %d bytes",
                      NEU_NODE_NAME_LEN - 1);
    }
    if (info->group != NULL && strlen(info->group) >= NEU_GROUP_NAME_LEN) {
        return refuse(refusal, NEU_ERR_GROUP_NAME_TOO_LONG,
                      "the group's name has more than %d bytes",
                      NEU_GROUP_NAME_LEN - 1);
    }
    for (size_t i = 0; i < info->tag_count; i++) {
        const neuron_ws_tag_t *tag = websocket_tag_at(info, i);
        if (websocket_tag_name_length(tag) >= NEU_TAG_NAME_LEN) {
            return refuse(refusal, NEU_ERR_TAG_NAME_TOO_LONG,
                          "a tag's name has more than %d bytes",
                          NEU_TAG_NAME_LEN - 1);
        }
    }
    return true;
}

/* A filter that is not given is NULL to the host. */
static bool set_filter(const char *text, char **filter)
{
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    *filter = strdup(text);
    return *filter != NULL;
}

static bool make_read(const neuron_ws_request_info_t *info,
                      websocket_command_t            *command,
                      websocket_refusal_t            *refusal)
{
    neu_req_read_group_t *read = &command->data.read;

    if (info->tag_count > UINT16_MAX) {
        return refuse(refusal, NEU_ERR_PARAM_IS_WRONG,
                      "%zu tags; the gateway takes %d", info->tag_count,
                      UINT16_MAX);
    }
    command->type = NEU_REQ_READ_GROUP;
    read->sync    = info->sync;
    read->driver  = strdup(info->driver);
    read->group   = strdup(info->group);
    if (read->driver == NULL || read->group == NULL ||
        !set_filter(info->query_name, &read->name) ||
        !set_filter(info->query_description, &read->desc)) {
        return websocket_no_memory(refusal);
    }
    if (info->tag_count == 0) {
        return true;
    }
    read->tags = calloc(info->tag_count, sizeof(*read->tags));
    if (read->tags == NULL) {
        return websocket_no_memory(refusal);
    }
    for (; read->n_tag < info->tag_count; read->n_tag++) {
        read->tags[read->n_tag] = copy_name(websocket_tag_at(info, read->n_tag));
        if (read->tags[read->n_tag] == NULL) {
            return websocket_no_memory(refusal);
        }
    }
    return true;
}

/* For one tag that came by itself; not every driver takes a list. */
static bool make_write(const neuron_ws_request_info_t *info,
                       websocket_command_t            *command,
                       websocket_refusal_t            *refusal)
{
    neu_req_write_tag_t *write = &command->data.write;

    command->type = NEU_REQ_WRITE_TAG;
    write->driver = strdup(info->driver);
    write->group  = strdup(info->group);
    write->tag    = copy_name(websocket_tag_at(info, 0));
    if (write->driver == NULL || write->group == NULL || write->tag == NULL) {
        return websocket_no_memory(refusal);
    }
    return set_value(websocket_tag_at(info, 0), &write->value, refusal);
}

static bool make_writes(const neuron_ws_request_info_t *info,
                        websocket_command_t            *command,
                        websocket_refusal_t            *refusal)
{
    neu_req_write_tags_t *writes = &command->data.writes;

    if (info->tag_count > UINT16_MAX) {
        return refuse(refusal, NEU_ERR_PARAM_IS_WRONG,
                      "%zu tags; the gateway takes %d", info->tag_count,
                      UINT16_MAX);
    }
    command->type  = NEU_REQ_WRITE_TAGS;
    writes->driver = strdup(info->driver);
    writes->group  = strdup(info->group);
    writes->tags   = calloc(info->tag_count, sizeof(*writes->tags));
    if (writes->driver == NULL || writes->group == NULL ||
        writes->tags == NULL) {
        return websocket_no_memory(refusal);
    }
    for (size_t i = 0; i < info->tag_count; i++) {
        const neuron_ws_tag_t *tag = websocket_tag_at(info, i);
        memcpy(writes->tags[i].tag, tag->name, websocket_tag_name_length(tag));
        if (!set_value(tag, &writes->tags[i].value, refusal)) {
            /* Nothing of it is the host's to free. */
            memset(&writes->tags[i].value, 0, sizeof(neu_dvalue_t));
            return false;
        }
        writes->n_tag++;
    }
    return true;
}

static bool make_action(const neuron_ws_request_info_t *info,
                        websocket_command_t            *command,
                        websocket_refusal_t            *refusal)
{
    neu_req_driver_action_t *action = &command->data.action;

    command->type = NEU_REQ_DRIVER_ACTION;
    snprintf(action->driver, sizeof(action->driver), "%s", info->driver);
    action->action = strdup(info->action);
    return action->action != NULL || websocket_no_memory(refusal);
}

bool websocket_command_make(const neuron_ws_request_info_t *info,
                            websocket_command_t            *command,
                            websocket_refusal_t            *refusal)
{
    bool made = false;

    memset(command, 0, sizeof(*command));
    memset(refusal, 0, sizeof(*refusal));
    if (!check_names(info, refusal)) {
        return false;
    }
    switch (info->kind) {
    case NEURON_WS_REQUEST_READ:
        made = make_read(info, command, refusal);
        break;
    case NEURON_WS_REQUEST_WRITE:
        made = info->tag_count == 0
            ? refuse(refusal, NEU_ERR_BODY_IS_WRONG, "nothing to write")
            : info->tag_list ? make_writes(info, command, refusal)
                             : make_write(info, command, refusal);
        break;
    case NEURON_WS_REQUEST_ACTION:
        made = make_action(info, command, refusal);
        break;
    default:
        made = refuse(refusal, NEU_ERR_BODY_IS_WRONG,
                      "the gateway knows no such request");
        break;
    }
    if (!made && command->type != 0) {
        websocket_command_free(command);
    }
    return made;
}

static void free_writes(neu_req_write_tags_t *writes)
{
    for (int i = 0; writes->tags != NULL && i < writes->n_tag; i++) {
        free_value(&writes->tags[i].value);
    }
    free(writes->tags);
    free(writes->driver);
    free(writes->group);
}

void websocket_command_free(websocket_command_t *command)
{
    switch (command->type) {
    case NEU_REQ_READ_GROUP:
        free_strings(command->data.read.tags, command->data.read.n_tag);
        free(command->data.read.driver);
        free(command->data.read.group);
        free(command->data.read.name);
        free(command->data.read.desc);
        break;
    case NEU_REQ_WRITE_TAG:
        free_value(&command->data.write.value);
        free(command->data.write.driver);
        free(command->data.write.group);
        free(command->data.write.tag);
        break;
    case NEU_REQ_WRITE_TAGS:
        free_writes(&command->data.writes);
        break;
    case NEU_REQ_DRIVER_ACTION:
        free(command->data.action.action);
        break;
    default:
        break;
    }
    memset(command, 0, sizeof(*command));
}
