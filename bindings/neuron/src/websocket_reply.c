// SPDX-License-Identifier: Apache-2.0
#include "websocket_reply.h"

#include <stdlib.h>
#include <string.h>

#include "websocket_data.h"
#include "websocket_library.h"
#include "websocket_operation.h"
#include "websocket_plugin_intf.h"
#include "websocket_text.h"

/* There is more to ask for an operation, or it is over: the worker knows. */
static void go_on(neu_plugin_t *plugin, websocket_request_t *request)
{
    request->failures = 0;
    if (!websocket_worker_queue(&plugin->worker, request,
                                request->operation->info.driver)) {
        websocket_request_refuse(request, NEU_ERR_IS_BUSY,
                                 "too many requests wait for the gateway");
    }
}

/*
 * Answers with what the library makes of a group, in one go: there is room for
 * all that it may become, of which the system gives what is written to. An
 * operation takes it in.
 */
static void answer_read(neu_plugin_t *plugin, websocket_request_t *request,
                        const char              *options,
                        const neuron_ws_group_t *group,
                        const websocket_tags_t *tags, const UT_array *values)
{
    size_t             size   = strlen(options) + websocket_tags_size_max(tags);
    char              *json   = malloc(size);
    size_t             length = 0;
    neuron_ws_status_t status = NEURON_WS_NO_MEMORY;

    if (json != NULL) {
        status =
            websocket_library.encode(NEURON_WS_FORMAT_READ_RESPONSE, options,
                                     group, json, size, &length);
    }
    if (status == NEURON_WS_OK && request->operation != NULL) {
        websocket_operation_read(request->operation, values, json, length);
        go_on(plugin, request);
    } else if (status == NEURON_WS_OK) {
        websocket_request_answer(request, json, length);
    } else {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL,
                                 json != NULL ? websocket_library.last_error()
                                              : NULL);
    }
    free(json);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *) left, *(const char *const *) right);
}

/* The names of tags, copied into `text` and sorted. */
static const char **sorted_names(const websocket_tags_t *tags, char *text)
{
    const char **names = calloc(tags->count + 1, sizeof(*names));

    for (size_t i = 0; names != NULL && i < tags->count; i++) {
        names[i] = text;
        memcpy(text, tags->tags[i].name, tags->tags[i].name_length);
        text += tags->tags[i].name_length + 1;
    }
    if (names != NULL) {
        qsort(names, tags->count, sizeof(*names), compare_names);
    }
    return names;
}

/*
 * The host says nothing of a tag that it does not know: each name that was
 * asked for and has no entry gets one, with an error. False: no memory.
 */
static bool add_unknown(const websocket_request_t *request,
                        websocket_tags_t          *tags)
{
    size_t           size  = 1;
    size_t           count = tags->count;
    char            *text  = NULL;
    const char     **names = NULL;
    neuron_ws_tag_t *all   = NULL;
    const char      *name  = request->names;

    if (request->name_count == 0) {
        return true;
    }
    for (size_t i = 0; i < tags->count; i++) {
        size += tags->tags[i].name_length + 1;
    }
    text = calloc(size, 1);
    if (text != NULL) {
        names = sorted_names(tags, text);
        all   = calloc(tags->count + request->name_count + 1, sizeof(*all));
    }
    if (names == NULL || all == NULL) {
        free(text);
        free(names);
        free(all);
        return false;
    }
    memcpy(all, tags->tags, tags->count * sizeof(*all));
    for (size_t i = 0; i < request->name_count; i++) {
        if (bsearch(&name, names, tags->count, sizeof(*names),
                    compare_names) == NULL) {
            all[count++] = (neuron_ws_tag_t) { .name  = name,
                                               .error = NEU_ERR_TAG_NOT_EXIST };
        }
        name += strlen(name) + 1;
    }
    free(text);
    free(names);
    websocket_tags_replace(tags, all, count);
    return true;
}

void websocket_reply_read(neu_plugin_t *plugin, uint64_t id,
                          const neu_resp_read_group_t *reply)
{
    websocket_request_t *request = websocket_worker_take(&plugin->worker, id);
    neuron_ws_group_t    group   = { .size = sizeof(group) };
    websocket_tags_t     tags    = { 0 };
    websocket_text_t     options = { 0 };
    int                  error   = 0;

    if (request == NULL) {
        return;
    }
    error = websocket_tags_make(plugin, reply->tags, &tags);
    websocket_text_add(&options, "{\"uuid\":");
    websocket_text_add_string(&options, request->uuid, SIZE_MAX);
    websocket_text_add(&options, "}");
    if (error != 0 || options.failed || reply->driver == NULL ||
        reply->group == NULL || !add_unknown(request, &tags)) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, NULL);
    } else {
        group.driver    = reply->driver;
        group.group     = reply->group;
        group.tags      = tags.tags;
        group.tag_count = tags.count;
        group.tag_size  = sizeof(*tags.tags);
        answer_read(plugin, request, options.data, &group, &tags, reply->tags);
    }
    websocket_text_free(&options);
    websocket_tags_free(&tags);
}

void websocket_reply_error(neu_plugin_t *plugin, uint64_t id, int error)
{
    websocket_request_t *request = websocket_worker_take(&plugin->worker, id);

    if (request == NULL) {
        return;
    }
    if (request->operation != NULL) {
        websocket_operation_error(request->operation, error);
        go_on(plugin, request);
    } else {
        websocket_request_refuse(request, error, NULL);
    }
}

void websocket_reply_writes(neu_plugin_t *plugin, uint64_t id,
                            const UT_array *results)
{
    websocket_request_t *request = websocket_worker_take(&plugin->worker, id);
    const neu_resp_write_tags_ele_t *result = NULL;
    websocket_text_t                 answer = { 0 };

    if (request == NULL) {
        return;
    }
    if (results == NULL || results->icd.sz != sizeof(*result)) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, NULL);
        return;
    }
    if (request->operation != NULL) {
        websocket_operation_written(request->operation, results);
        go_on(plugin, request);
        return;
    }
    result = (const neu_resp_write_tags_ele_t *) results->d;
    websocket_text_add(&answer, "{\"uuid\":");
    websocket_text_add_string(&answer, request->uuid, SIZE_MAX);
    websocket_text_add(&answer, ",\"tags\":[");
    for (unsigned i = 0; i < results->i; i++) {
        websocket_text_add(&answer, i == 0 ? "{\"group\":" : ",{\"group\":");
        websocket_text_add_string(&answer, result[i].group, NEU_GROUP_NAME_LEN);
        websocket_text_add(&answer, ",\"name\":");
        websocket_text_add_string(&answer, result[i].tag, NEU_TAG_NAME_LEN);
        websocket_text_add(&answer, ",\"error\":%d}", result[i].error);
    }
    websocket_text_add(&answer, "]}");
    if (answer.failed) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, NULL);
    } else {
        websocket_request_answer(request, answer.data, answer.length);
    }
    websocket_text_free(&answer);
}
