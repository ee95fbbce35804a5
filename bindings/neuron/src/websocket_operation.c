#include "websocket_operation.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char get[] = "GET_DEVICE_PARAMETERS";
static const char set[] = "SET_DEVICE_PARAMETERS";

static bool refuse(websocket_operation_t *operation,
                   websocket_refusal_t *refusal, int error, const char *reason)
{
    refusal->error = error;
    snprintf(refusal->reason, sizeof(refusal->reason), "%s", reason);
    websocket_operation_close(operation);
    return false;
}

bool websocket_operation_is_known(const neuron_ws_request_info_t *info)
{
    return info->kind != NEURON_WS_REQUEST_OPERATION ||
        strcmp(info->action, get) == 0 || strcmp(info->action, set) == 0;
}

/* A newer library's tags are longer. */
static const neuron_ws_tag_t *tag_at(const neuron_ws_request_info_t *info,
                                     size_t                          index)
{
    return (const void *) ((const char *) info->tags + index * info->tag_size);
}

/* Copies a tag without the group before its name. False: it has none, or that
   of another group. */
static bool take_tag(const neuron_ws_tag_t *tag, neuron_ws_tag_t *copy,
                     char **group)
{
    size_t length =
        tag->name_length != 0 ? tag->name_length : strlen(tag->name);
    const char *slash = memchr(tag->name, '/', length);
    size_t      head  = slash == NULL ? 0 : (size_t) (slash - tag->name);

    if (head == 0 || head + 1 == length) {
        return false;
    }
    if (*group == NULL) {
        *group = strndup(tag->name, head);
    }
    if (*group == NULL || strlen(*group) != head ||
        memcmp(*group, tag->name, head) != 0) {
        return false;
    }
    *copy             = *tag;
    copy->name        = slash + 1;
    copy->name_length = length - head - 1;
    return true;
}

bool websocket_operation_open(const neuron_ws_request_info_t *info,
                              websocket_operation_t          *operation,
                              websocket_refusal_t            *refusal)
{
    memset(operation, 0, sizeof(*operation));
    memset(refusal, 0, sizeof(*refusal));
    operation->info = *info;
    if (info->kind != NEURON_WS_REQUEST_OPERATION) {
        return true;
    }
    operation->tags = calloc(info->tag_count + 1, sizeof(*operation->tags));
    if (operation->tags == NULL) {
        return refuse(operation, refusal, NEU_ERR_EINTERNAL, "no memory");
    }
    for (size_t i = 0; i < info->tag_count; i++) {
        if (!take_tag(tag_at(info, i), &operation->tags[i],
                      &operation->group)) {
            return refuse(operation, refusal, NEU_ERR_BODY_IS_WRONG,
                          "the gateway takes the variables of one group, "
                          "named group/tag");
        }
    }
    operation->info.kind     = strcmp(info->action, set) == 0
            ? NEURON_WS_REQUEST_WRITE
            : NEURON_WS_REQUEST_READ;
    operation->info.group    = operation->group;
    operation->info.tags     = operation->tags;
    operation->info.tag_size = sizeof(*operation->tags);
    return true;
}

void websocket_operation_close(websocket_operation_t *operation)
{
    free(operation->group);
    free(operation->tags);
    memset(operation, 0, sizeof(*operation));
}
