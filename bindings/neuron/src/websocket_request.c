#include "websocket_request.h"

#include <stdlib.h>
#include <string.h>

#include "websocket_command.h"
#include "websocket_data.h"
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_plugin_intf.h"
#include "websocket_text.h"

void websocket_pending_add(websocket_pending_t *pending,
                           websocket_request_t *request)
{
    websocket_request_t **bucket =
        &pending->buckets[request->id % WEBSOCKET_PENDING_BUCKETS];

    request->next = *bucket;
    *bucket       = request;
    pending->count++;
    pending->busy += request->busy_until_ms != 0;
}

static void unlink_request(websocket_pending_t  *pending,
                           websocket_request_t **link)
{
    websocket_request_t *request = *link;

    *link         = request->next;
    request->next = NULL;
    pending->count--;
    pending->busy -= request->busy_until_ms != 0;
    request->busy_until_ms = 0;
}

websocket_request_t *websocket_pending_take(websocket_pending_t *pending,
                                            uint64_t             id)
{
    websocket_request_t **link =
        &pending->buckets[id % WEBSOCKET_PENDING_BUCKETS];
    websocket_request_t *request = NULL;

    while (*link != NULL && (*link)->id != id) {
        link = &(*link)->next;
    }
    request = *link;
    if (request != NULL) {
        unlink_request(pending, link);
    }
    return request;
}

void websocket_pending_give_up(websocket_pending_t *pending, int64_t now_ms)
{
    for (size_t i = 0; i < WEBSOCKET_PENDING_BUCKETS; i++) {
        websocket_request_t *request = pending->buckets[i];
        for (; request != NULL; request = request->next) {
            if (request->busy_until_ms != 0 &&
                request->busy_until_ms <= now_ms) {
                request->busy_until_ms = 0;
                pending->busy--;
            }
        }
    }
}

websocket_request_t *websocket_pending_take_old(websocket_pending_t *pending,
                                                int64_t              now_ms)
{
    websocket_request_t *old = NULL;

    for (size_t i = 0; i < WEBSOCKET_PENDING_BUCKETS; i++) {
        websocket_request_t **link = &pending->buckets[i];
        while (*link != NULL) {
            websocket_request_t *request = *link;
            if (request->forget_ms > now_ms) {
                link = &request->next;
                continue;
            }
            unlink_request(pending, link);
            request->next = old;
            old           = request;
        }
    }
    return old;
}

int websocket_command_send(neu_plugin_t *plugin, uint64_t id,
                           websocket_command_t *command)
{
    neu_reqresp_head_t head = { .type = command->type,
                                .ctx  = (void *) (uintptr_t) id };

    return plugin->common.adapter_callbacks->command(plugin->common.adapter,
                                                     head, &command->data);
}

/* Frees the request; its handle has been answered or dropped. */
static void free_request(websocket_request_t *request)
{
    websocket_command_free(&request->command);
    free(request->uuid);
    free(request);
}

static void answer(websocket_request_t *request, const char *json,
                   size_t length)
{
    if (websocket_library.request_reply(request->handle, json, length) !=
        NEURON_WS_OK) {
        websocket_library.request_drop(request->handle);
    }
    free_request(request);
}

void websocket_request_refuse(websocket_request_t *request, int error,
                              const char *reason)
{
    websocket_text_t text = { 0 };

    websocket_text_add(&text, "{\"uuid\":");
    websocket_text_add_string(&text, request->uuid, SIZE_MAX);
    websocket_text_add(&text, ",\"error\":%d", error);
    if (reason != NULL) {
        websocket_text_add(&text, ",\"reason\":");
        websocket_text_add_string(&text, reason, SIZE_MAX);
    }
    websocket_text_add(&text, "}");
    if (text.failed) {
        websocket_library.request_drop(request->handle);
        free_request(request);
    } else {
        answer(request, text.data, text.length);
    }
    websocket_text_free(&text);
}

bool websocket_request_is_late(const websocket_request_t *request)
{
    neuron_ws_request_info_t info = { .size = sizeof(info) };

    return websocket_library.request_info(request->handle, &info) !=
        NEURON_WS_OK;
}

void websocket_request_drop_all(websocket_request_t *request)
{
    while (request != NULL) {
        websocket_request_t *next = request->next;
        websocket_library.request_drop(request->handle);
        free_request(request);
        request = next;
    }
}

/* On the library's loop thread: nothing here waits, and the node's lock is not
   taken. */
void websocket_on_request(neuron_ws_node_t *node, neuron_ws_request_t *handle,
                          const neuron_ws_request_info_t *info, void *context)
{
    neu_plugin_t        *plugin  = context;
    websocket_request_t *request = calloc(1, sizeof(*request));
    websocket_refusal_t  refusal;

    (void) node;
    if (request == NULL || (request->uuid = strdup(info->uuid)) == NULL) {
        free(request);
        websocket_library.request_drop(handle);
        return;
    }
    request->handle = handle;
    if (!websocket_command_make(info, &request->command, &refusal)) {
        websocket_log_warn(plugin, "request %.64s is refused: %s", info->uuid,
                           refusal.reason);
        websocket_request_refuse(request, refusal.error, refusal.reason);
    } else if (!websocket_worker_queue(&plugin->worker, request)) {
        websocket_request_refuse(request, NEU_ERR_IS_BUSY,
                                 "too many requests wait for the gateway");
    }
}

/* Answers with what the library makes of a group or of options. */
static void answer_encoded(websocket_request_t *request,
                           neuron_ws_format_t format, const char *options,
                           const neuron_ws_group_t *group)
{
    size_t             size   = 0;
    size_t             length = 0;
    char              *buffer = NULL;
    neuron_ws_status_t status = NEURON_WS_OK;

    status = websocket_library.encode(format, options, group, NULL, 0, &size);
    if (status == NEURON_WS_BUFFER_TOO_SMALL) {
        buffer = malloc(size);
        status = buffer == NULL
            ? NEURON_WS_NO_MEMORY
            : websocket_library.encode(format, options, group, buffer, size,
                                       &length);
    }
    if (status == NEURON_WS_OK && buffer != NULL) {
        answer(request, buffer, length);
    } else {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL,
                                 websocket_library.last_error());
    }
    free(buffer);
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
        reply->group == NULL) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, NULL);
    } else {
        group.driver    = reply->driver;
        group.group     = reply->group;
        group.tags      = tags.tags;
        group.tag_count = tags.count;
        group.tag_size  = sizeof(*tags.tags);
        answer_encoded(request, NEURON_WS_FORMAT_READ_RESPONSE, options.data,
                       &group);
    }
    websocket_text_free(&options);
    websocket_tags_free(&tags);
}

void websocket_reply_error(neu_plugin_t *plugin, uint64_t id, int error)
{
    websocket_request_t *request = websocket_worker_take(&plugin->worker, id);

    if (request != NULL) {
        websocket_request_refuse(request, error, NULL);
    }
}

void websocket_reply_writes(neu_plugin_t *plugin, uint64_t id,
                            const UT_array *results)
{
    websocket_request_t *request = websocket_worker_take(&plugin->worker, id);
    const neu_resp_write_tags_ele_t *result  = NULL;
    websocket_text_t                 options = { 0 };

    if (request == NULL) {
        return;
    }
    if (results == NULL || results->icd.sz != sizeof(*result)) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, NULL);
        return;
    }
    result = (const neu_resp_write_tags_ele_t *) results->d;
    websocket_text_add(&options, "{\"uuid\":");
    websocket_text_add_string(&options, request->uuid, SIZE_MAX);
    websocket_text_add(&options, ",\"tags\":[");
    for (unsigned i = 0; i < results->i; i++) {
        websocket_text_add(&options, i == 0 ? "{\"group\":" : ",{\"group\":");
        websocket_text_add_string(&options, result[i].group,
                                  NEU_GROUP_NAME_LEN);
        websocket_text_add(&options, ",\"name\":");
        websocket_text_add_string(&options, result[i].tag, NEU_TAG_NAME_LEN);
        websocket_text_add(&options, ",\"error\":%d}", result[i].error);
    }
    websocket_text_add(&options, "]}");
    if (options.failed) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, NULL);
    } else {
        answer_encoded(request, NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE,
                       options.data, NULL);
    }
    websocket_text_free(&options);
}

void websocket_states_ask(neu_plugin_t *plugin)
{
    neu_reqresp_head_t head    = { .type = NEU_REQ_GET_NODES_STATE };
    char               nothing = 0;

    plugin->common.adapter_callbacks->command(plugin->common.adapter, head,
                                              &nothing);
}

void websocket_states_push(neu_plugin_t *plugin, const UT_array *states)
{
    const neu_nodes_state_t  *from = NULL;
    neuron_ws_driver_state_t *to   = NULL;
    char(*names)[NEU_NODE_NAME_LEN + 1];

    if (plugin->node == NULL || states == NULL || states->i == 0 ||
        states->d == NULL || states->icd.sz != sizeof(*from)) {
        return;
    }
    from  = (const neu_nodes_state_t *) states->d;
    to    = calloc(states->i, sizeof(*to));
    names = calloc(states->i, sizeof(*names));
    for (unsigned i = 0; to != NULL && names != NULL && i < states->i; i++) {
        memcpy(names[i], from[i].node, NEU_NODE_NAME_LEN);
        to[i].node      = names[i];
        to[i].link      = (int32_t) from[i].state.link;
        to[i].running   = (int32_t) from[i].state.running;
        to[i].is_driver = from[i].is_driver;
    }
    if (to != NULL && names != NULL) {
        websocket_library.node_push_states(plugin->node, to, states->i,
                                           sizeof(*to), NULL);
    }
    free(to);
    free(names);
}

void websocket_array_free(UT_array *array)
{
    if (array == NULL) {
        return;
    }
    if (array->d != NULL && array->icd.dtor != NULL) {
        for (unsigned i = 0; i < array->i; i++) {
            array->icd.dtor(array->d + i * array->icd.sz);
        }
    }
    free(array->d);
    free(array);
}
