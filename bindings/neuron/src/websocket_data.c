// SPDX-License-Identifier: Apache-2.0
#include "websocket_data.h"

#include <stdlib.h>
#include <string.h>

#include "websocket_host_json.h"
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"

static neuron_ws_text_t text_of(const char *data, size_t length)
{
    return (neuron_ws_text_t) { .data = data, .length = length };
}

static neuron_ws_array_t array_of(const void *data, size_t count)
{
    return (neuron_ws_array_t) { .data  = data,
                                 .count = data != NULL ? count : 0 };
}

/* Its type takes a value that lies in an array of its own. */
static neuron_ws_array_t elements_of(const neu_dvalue_t *value)
{
    /* All arrays are a pointer and a count; assertions hold them to it. */
    return array_of(value->value.u8s.u8s, value->value.u8s.length);
}

static void set_custom(const neu_dvalue_t *value, neuron_ws_tag_t *tag,
                       websocket_tags_t *tags)
{
    char *text = websocket_host_json_text(value->value.json);

    if (text == NULL) {
        tag->error = NEU_ERR_PLUGIN_TYPE_NOT_SUPPORT;
        return;
    }
    tags->texts[tags->text_count++] = text;
    tag->value.text                 = text_of(text, NEURON_WS_NUL_TERMINATED);
}

/* The host's types have the numbers of the library's. */
static void set_value(const neu_dvalue_t *value, neuron_ws_tag_t *tag,
                      websocket_tags_t *tags)
{
    tag->type      = (neuron_ws_type_t) value->type;
    tag->precision = value->precision;
    switch (value->type) {
    case NEU_TYPE_INT8:
    case NEU_TYPE_UINT8:
    case NEU_TYPE_INT16:
    case NEU_TYPE_UINT16:
    case NEU_TYPE_INT32:
    case NEU_TYPE_UINT32:
    case NEU_TYPE_INT64:
    case NEU_TYPE_UINT64:
    case NEU_TYPE_FLOAT:
    case NEU_TYPE_DOUBLE:
    case NEU_TYPE_BIT:
    case NEU_TYPE_BOOL:
    case NEU_TYPE_ERROR:
    case NEU_TYPE_WORD:
    case NEU_TYPE_DWORD:
    case NEU_TYPE_LWORD:
        memcpy(&tag->value, &value->value, sizeof(uint64_t));
        break;
    case NEU_TYPE_STRING:
    case NEU_TYPE_TIME:
    case NEU_TYPE_DATA_AND_TIME:
    case NEU_TYPE_ARRAY_CHAR:
        tag->value.text = text_of(
            value->value.str, strnlen(value->value.str, NEU_VALUE_SIZE));
        break;
    case NEU_TYPE_PTR:
        tag->value.text =
            text_of((const char *) value->value.ptr.ptr,
                    value->value.ptr.ptr != NULL ? value->value.ptr.length : 0);
        break;
    case NEU_TYPE_BYTES:
        tag->value.array =
            array_of(value->value.bytes.bytes, value->value.bytes.length);
        break;
    case NEU_TYPE_ARRAY_INT8:
    case NEU_TYPE_ARRAY_UINT8:
    case NEU_TYPE_ARRAY_INT16:
    case NEU_TYPE_ARRAY_UINT16:
    case NEU_TYPE_ARRAY_INT32:
    case NEU_TYPE_ARRAY_UINT32:
    case NEU_TYPE_ARRAY_INT64:
    case NEU_TYPE_ARRAY_UINT64:
    case NEU_TYPE_ARRAY_FLOAT:
    case NEU_TYPE_ARRAY_DOUBLE:
    case NEU_TYPE_ARRAY_BOOL:
    case NEU_TYPE_ARRAY_STRING:
        tag->value.array = elements_of(value);
        break;
    case NEU_TYPE_CUSTOM:
        set_custom(value, tag, tags);
        break;
    default:
        /* A type of a later Neuron: this tag alone is lost, and says so. */
        tag->error = NEU_ERR_PLUGIN_TYPE_NOT_SUPPORT;
        break;
    }
}

static void set_name(const char *name, neuron_ws_tag_t *tag)
{
    tag->name        = name;
    tag->name_length = strnlen(name, NEU_TAG_NAME_LEN);
}

static size_t meta_count_of(const neu_resp_tag_value_meta_t *value)
{
    if (value->metas == NULL || value->n_meta <= 0) {
        return 0;
    }
    return value->n_meta < NEURON_WS_METAS_MAX ? (size_t) value->n_meta
                                               : NEURON_WS_METAS_MAX;
}

/* How many texts of type CUSTOM, and how many metas, an array holds. */
static void count(const neu_resp_tag_value_meta_t *values, size_t n,
                  size_t *metas, size_t *customs)
{
    *metas   = 0;
    *customs = 0;
    for (size_t i = 0; i < n; i++) {
        size_t meta_count = meta_count_of(&values[i]);
        *metas += meta_count;
        *customs += values[i].value.type == NEU_TYPE_CUSTOM;
        for (size_t k = 0; k < meta_count; k++) {
            *customs += values[i].metas[k].value.type == NEU_TYPE_CUSTOM;
        }
    }
}

int websocket_tags_make(neu_plugin_t *plugin, const UT_array *array,
                        websocket_tags_t *tags)
{
    const neu_resp_tag_value_meta_t *values  = NULL;
    size_t                           n       = 0;
    size_t                           metas   = 0;
    size_t                           customs = 0;
    neuron_ws_tag_t                 *meta    = NULL;

    memset(tags, 0, sizeof(*tags));
    if (array != NULL && array->i > 0) {
        if (array->icd.sz != sizeof(*values) || array->d == NULL) {
            websocket_log_repeated(plugin, WEBSOCKET_LINE_VALUE_SIZE,
                                   "a value takes %zu bytes and not %zu: this "
                                   "plugin is for Neuron 2.%d",
                                   array->icd.sz, sizeof(*values),
                                   NEURON_VERSION_MINOR);
            return NEU_ERR_EINTERNAL;
        }
        values = (const neu_resp_tag_value_meta_t *) array->d;
        n      = array->i;
    }
    count(values, n, &metas, &customs);
    tags->tags  = calloc(n + metas + 1, sizeof(*tags->tags));
    tags->texts = calloc(customs + 1, sizeof(*tags->texts));
    if (tags->tags == NULL || tags->texts == NULL) {
        websocket_tags_free(tags);
        return NEU_ERR_EINTERNAL;
    }
    tags->count = n;
    meta        = tags->tags + n;
    for (size_t i = 0; i < n; i++) {
        neuron_ws_tag_t *tag = &tags->tags[i];
        set_name(values[i].tag, tag);
        set_value(&values[i].value, tag, tags);
        tag->metas      = meta;
        tag->meta_count = meta_count_of(&values[i]);
        for (size_t k = 0; k < tag->meta_count; k++, meta++) {
            set_name(values[i].metas[k].name, meta);
            set_value(&values[i].metas[k].value, meta, tags);
        }
    }
    return 0;
}

void websocket_tags_replace(websocket_tags_t *tags, neuron_ws_tag_t *by,
                            size_t count)
{
    tags->before = tags->tags;
    tags->tags   = by;
    tags->count  = count;
}

/* A byte of a text becomes six at most, \u00XX. */
#define ESCAPED_SIZE 6
/* A number with its decimals: a sign, 309 digits, a point, 17 more. */
#define NUMBER_SIZE 352
/* An element of an array that is no text, and its comma. */
#define ELEMENT_SIZE 32
/* What stands around a name and its value. */
#define ENTRY_SIZE 64

static size_t text_size_max(const neuron_ws_text_t *text)
{
    size_t length = text->length == NEURON_WS_NUL_TERMINATED
        ? strlen(text->data)
        : text->length;

    return length < NEURON_WS_MESSAGE_MAX ? length * ESCAPED_SIZE
                                          : NEURON_WS_MESSAGE_MAX;
}

static size_t array_size_max(const neuron_ws_tag_t *tag)
{
    const char *const *texts = tag->value.array.data;
    size_t             count = tag->value.array.count;
    size_t             size  = 0;

    if (count > NEURON_WS_MESSAGE_MAX) {
        return NEURON_WS_MESSAGE_MAX;
    }
    if (tag->type == NEURON_WS_TYPE_ARRAY_STRING) {
        for (size_t i = 0; i < count; i++) {
            size += texts[i] != NULL ? strlen(texts[i]) * ESCAPED_SIZE : 0;
        }
    }
    return size + count * ELEMENT_SIZE;
}

static size_t entry_size_max(const neuron_ws_tag_t *tag)
{
    size_t name = websocket_tag_name_length(tag);
    size_t size = ENTRY_SIZE + name * ESCAPED_SIZE;

    if (tag->error != 0) {
        return size;
    }
    switch (tag->type) {
    case NEURON_WS_TYPE_STRING:
    case NEURON_WS_TYPE_PTR:
    case NEURON_WS_TYPE_TIME:
    case NEURON_WS_TYPE_DATA_AND_TIME:
    case NEURON_WS_TYPE_ARRAY_CHAR:
    case NEURON_WS_TYPE_CUSTOM:
        return size + text_size_max(&tag->value.text);
    case NEURON_WS_TYPE_BYTES:
    case NEURON_WS_TYPE_ARRAY_INT8:
    case NEURON_WS_TYPE_ARRAY_UINT8:
    case NEURON_WS_TYPE_ARRAY_INT16:
    case NEURON_WS_TYPE_ARRAY_UINT16:
    case NEURON_WS_TYPE_ARRAY_INT32:
    case NEURON_WS_TYPE_ARRAY_UINT32:
    case NEURON_WS_TYPE_ARRAY_INT64:
    case NEURON_WS_TYPE_ARRAY_UINT64:
    case NEURON_WS_TYPE_ARRAY_FLOAT:
    case NEURON_WS_TYPE_ARRAY_DOUBLE:
    case NEURON_WS_TYPE_ARRAY_BOOL:
    case NEURON_WS_TYPE_ARRAY_STRING:
        return size + array_size_max(tag);
    default:
        return size + NUMBER_SIZE;
    }
}

size_t websocket_tags_size_max(const websocket_tags_t *tags)
{
    size_t size = ENTRY_SIZE;

    for (size_t i = 0; i < tags->count; i++) {
        const neuron_ws_tag_t *tag = &tags->tags[i];
        size += entry_size_max(tag);
        for (size_t k = 0; k < tag->meta_count; k++) {
            size += entry_size_max(&tag->metas[k]);
        }
    }
    return size < NEURON_WS_MESSAGE_MAX ? size : NEURON_WS_MESSAGE_MAX;
}

void websocket_tags_free(websocket_tags_t *tags)
{
    for (size_t i = 0; i < tags->text_count; i++) {
        free(tags->texts[i]);
    }
    free(tags->texts);
    free(tags->before);
    free(tags->tags);
    memset(tags, 0, sizeof(*tags));
}

/* A line when pushing begins to fail, and one when it works again. */
static void log_status(neu_plugin_t *plugin, neuron_ws_status_t status,
                       const char *driver, const char *group)
{
    if (status == NEURON_WS_SKIPPED || status == NEURON_WS_NOT_SUBSCRIBED) {
        return;
    }
    if (status != NEURON_WS_OK) {
        plugin->push_failures++;
        if (plugin->push_status != (int32_t) status) {
            websocket_log_repeated(plugin, WEBSOCKET_LINE_NOT_SENT,
                                   "%s/%s is not sent: %s", driver, group,
                                   websocket_library.last_error());
        }
    } else if (plugin->push_status != NEURON_WS_OK) {
        websocket_log_notice(plugin,
                             "data is sent again; %llu messages were lost",
                             (unsigned long long) plugin->push_failures);
        plugin->push_failures = 0;
    }
    plugin->push_status = (int32_t) status;
}

/* The gateway's number for a tag that was never read. */
#define TAG_NOT_READY 3011

/*
 * Right after a subscription the host hands over what it has, which is nothing
 * where nothing was read yet: no news, and no error of the device's.
 */
static bool is_nothing_yet(const websocket_tags_t *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (tags->tags[i].type != NEURON_WS_TYPE_ERROR ||
            tags->tags[i].value.i32 != TAG_NOT_READY) {
            return false;
        }
    }
    return tags->count != 0;
}

int websocket_trans_data(neu_plugin_t                   *plugin,
                         const neu_reqresp_trans_data_t *data,
                         int64_t                         timestamp_ms)
{
    neuron_ws_group_t  group  = { .size = sizeof(group) };
    websocket_tags_t   tags   = { 0 };
    neuron_ws_status_t status = NEURON_WS_OK;
    int                error  = 0;

    if (plugin->node == NULL) {
        return NEU_ERR_NODE_NOT_READY;
    }
    if (data->driver == NULL || data->group == NULL) {
        websocket_log_repeated(plugin, WEBSOCKET_LINE_NO_GROUP,
                               "data of no driver or no group is left");
        return NEU_ERR_PARAM_IS_WRONG;
    }
    __atomic_fetch_add(&plugin->metrics.data, 1, __ATOMIC_RELAXED);
    error = websocket_tags_make(plugin, data->tags, &tags);
    if (error != 0) {
        return error;
    }
    if (websocket_subscription_begins(plugin, data->driver, data->group) &&
        is_nothing_yet(&tags)) {
        websocket_tags_free(&tags);
        return 0;
    }
    group.driver       = data->driver;
    group.group        = data->group;
    group.timestamp_ms = timestamp_ms;
    group.tags         = tags.tags;
    group.tag_count    = tags.count;
    group.tag_size     = sizeof(*tags.tags);
    status = websocket_library.node_push(plugin->node, &group, NULL);
    log_status(plugin, status, data->driver, data->group);
    websocket_tags_free(&tags);
    return status == NEURON_WS_OK || status == NEURON_WS_SKIPPED ||
            status == NEURON_WS_NOT_SUBSCRIBED
        ? 0
        : NEU_ERR_EINTERNAL;
}
