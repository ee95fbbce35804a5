// SPDX-License-Identifier: Apache-2.0
#include "websocket_request.h"

#include <stdlib.h>
#include <string.h>

#include "websocket_command.h"
#include "websocket_library.h"
#include "websocket_operation.h"
#include "websocket_text.h"

static bool copy_names(const neuron_ws_request_info_t *info,
                       websocket_request_t            *request)
{
    size_t size = 0;
    char  *name = NULL;

    if (info->kind != NEURON_WS_REQUEST_READ || info->tag_count == 0 ||
        info->query_name[0] != '\0' || info->query_description[0] != '\0') {
        return true;
    }
    for (size_t i = 0; i < info->tag_count; i++) {
        size += websocket_tag_name_length(websocket_tag_at(info, i)) + 1;
    }
    name = request->names = malloc(size);
    if (name == NULL) {
        return false;
    }
    for (size_t i = 0; i < info->tag_count; i++) {
        const neuron_ws_tag_t *tag    = websocket_tag_at(info, i);
        size_t                 length = websocket_tag_name_length(tag);
        memcpy(name, tag->name, length);
        name[length] = '\0';
        name += length + 1;
    }
    request->name_count = info->tag_count;
    return true;
}

/* Its handle has been answered or dropped, or is the caller's. */
static void free_request(websocket_request_t *request)
{
    websocket_command_free(&request->command);
    websocket_operation_free(request->operation);
    free(request->names);
    free(request->uuid);
    free(request);
}

websocket_request_t *websocket_request_make(neuron_ws_request_t *handle,
                                            const neuron_ws_request_info_t *info)
{
    websocket_request_t *request = calloc(1, sizeof(*request));

    if (request == NULL) {
        return NULL;
    }
    request->handle = handle;
    request->uuid   = strdup(info->uuid);
    if (info->kind == NEURON_WS_REQUEST_OPERATION) {
        request->operation = websocket_operation_make(info);
    }
    if (request->uuid == NULL || !copy_names(info, request) ||
        (info->kind == NEURON_WS_REQUEST_OPERATION &&
         request->operation == NULL)) {
        free_request(request);
        return NULL;
    }
    return request;
}

void websocket_request_answer(websocket_request_t *request, const char *json,
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
        websocket_request_answer(request, text.data, text.length);
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
