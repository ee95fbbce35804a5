// SPDX-License-Identifier: Apache-2.0
#include "websocket_plugin_intf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "websocket_array.h"
#include "websocket_command.h"
#include "websocket_data.h"
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_operation.h"
#include "websocket_persist.h"
#include "websocket_pin.h"
#include "websocket_reply.h"
#include "websocket_states.h"

static void on_state(neuron_ws_node_t *node, const neuron_ws_state_t *state,
                     void *context)
{
    neu_plugin_t *plugin = context;

    (void) node;
    __atomic_store_n(&plugin->common.link_state,
                     state->link != 0 ? NEU_NODE_LINK_STATE_CONNECTED
                                      : NEU_NODE_LINK_STATE_DISCONNECTED,
                     __ATOMIC_RELEASE);
}

static void on_log(neuron_ws_node_t *node, neuron_ws_log_level_t level,
                   const char *text, void *context)
{
    (void) node;
    websocket_log_library(context, level, text);
}

/* On the library's loop thread: nothing here waits, and the node's lock is not
   taken. */
static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *handle,
                       const neuron_ws_request_info_t *info, void *context)
{
    static const char    unknown[] = "{\"resultCode\":\"NOT_SUPPORTED\"}";
    neu_plugin_t        *plugin    = context;
    websocket_request_t *request   = websocket_request_make(handle, info);
    websocket_refusal_t  refusal;

    (void) node;
    if (request == NULL) {
        websocket_library.request_drop(handle);
    } else if (!websocket_operation_is_known(info)) {
        websocket_request_answer(request, unknown, sizeof(unknown) - 1);
    } else if (request->operation == NULL &&
               !websocket_command_make(info, &request->command, &refusal)) {
        websocket_log_repeated(plugin, WEBSOCKET_LINE_REFUSED,
                               "request %.64s is refused: %s", info->uuid,
                               refusal.reason);
        websocket_request_refuse(request, refusal.error, refusal.reason);
    } else if (!websocket_worker_queue(&plugin->worker, request,
                                       info->driver)) {
        websocket_request_refuse(request, NEU_ERR_IS_BUSY,
                                 "too many requests wait for the gateway");
    }
}

static neu_plugin_t *websocket_plugin_open(void)
{
    neu_plugin_t *plugin = calloc(1, sizeof(*plugin));

    if (plugin == NULL) {
        return NULL;
    }
    plugin->common.magic      = WEBSOCKET_PLUGIN_MAGIC;
    plugin->common.link_state = NEU_NODE_LINK_STATE_DISCONNECTED;
    if (pthread_rwlock_init(&plugin->lock, NULL) != 0 ||
        websocket_worker_init(&plugin->worker) != 0) {
        free(plugin);
        return NULL;
    }
    return plugin;
}

static int websocket_plugin_init(neu_plugin_t *plugin, bool load)
{
    (void) load;
    websocket_pin_plugins(plugin);
    websocket_metrics_register(plugin);
    websocket_log_notice(plugin, "plugin WebSocket for Neuron 2.%d is ready",
                         NEURON_VERSION_MINOR);
    return 0;
}

/* The host says nothing of a new name, and changes it under a running node. */
static void note_name(neu_plugin_t *plugin)
{
    if (plugin->node == NULL ||
        strcmp(plugin->name, plugin->common.name) == 0) {
        return;
    }
    websocket_log_repeated(
        plugin, WEBSOCKET_LINE_RENAMED,
        "this application was \"%.*s\" when it got its settings, and what it "
        "keeps on disk lies under that name until Neuron is started anew; "
        "what is left there then waits for an application of that name",
        NEU_NODE_NAME_LEN, plugin->name);
}

/*
 * Ends the node without waiting for the network. From the first step on data
 * that still comes finds no node.
 */
static void end(neu_plugin_t *plugin, bool deletes)
{
    neuron_ws_node_t *node = NULL;

    pthread_rwlock_wrlock(&plugin->lock);
    node         = plugin->node;
    plugin->node = NULL;
    pthread_rwlock_unlock(&plugin->lock);

    /* First the worker, which uses the node; then the node, after which no
       callback of its runs or comes. */
    websocket_worker_stop(plugin);
    if (node != NULL) {
        if (deletes) {
            websocket_library.node_forget(node);
        }
        websocket_library.node_destroy(node);
    }
    __atomic_store_n(&plugin->common.link_state,
                     NEU_NODE_LINK_STATE_DISCONNECTED, __ATOMIC_RELEASE);
}

static int websocket_plugin_uninit(neu_plugin_t *plugin)
{
    bool deletes = websocket_persist_is_deleted(plugin->common.name);

    note_name(plugin);
    end(plugin, deletes);
    websocket_log_notice(plugin, "plugin WebSocket has ended%s",
                         deletes ? ", and what it had on disk is deleted" : "");
    return 0;
}

/* After a failed init() this comes without uninit(). */
static int websocket_plugin_close(neu_plugin_t *plugin)
{
    end(plugin, false);
    websocket_subscriptions_free(plugin);
    websocket_worker_free(&plugin->worker);
    pthread_rwlock_destroy(&plugin->lock);
    free(plugin);
    return 0;
}

/* The lock is held for writing. */
static int make_node(neu_plugin_t *plugin, const char *setting)
{
    neuron_ws_host_t   host   = { .size       = sizeof(host),
                                  .context    = plugin,
                                  .on_state   = on_state,
                                  .on_request = on_request,
                                  .on_log     = on_log };
    neuron_ws_node_t  *node   = NULL;
    neuron_ws_status_t status = NEURON_WS_OK;
    char               reason[1024];

    if (websocket_library_load(reason, sizeof(reason)) != NULL) {
        websocket_log_error(plugin, "%s", reason);
        return NEU_ERR_EINTERNAL;
    }
    status = websocket_library.node_create(plugin->common.name, setting, &host,
                                           &node);
    if (status != NEURON_WS_OK) {
        websocket_log_error(plugin, "the settings are refused: %s",
                            websocket_library.last_error());
        return NEU_ERR_NODE_SETTING_INVALID;
    }
    if (websocket_worker_start(plugin, node) != 0) {
        websocket_log_error(plugin, "the system gives no thread");
        websocket_library.node_destroy(node);
        return NEU_ERR_EINTERNAL;
    }
    plugin->node = node;
    memcpy(plugin->name, plugin->common.name, sizeof(plugin->name));
    websocket_subscriptions_replay(plugin);
    websocket_log_notice(plugin, "configured; neuron_ws %s from %s",
                         websocket_library.version(), websocket_library.path);
    return 0;
}

/* The lock is held for writing. */
static int configure_node(neu_plugin_t *plugin, const char *setting)
{
    if (websocket_library.node_configure(plugin->node, setting) !=
        NEURON_WS_OK) {
        websocket_log_error(
            plugin, "the settings are refused, the old ones stay: %s",
            websocket_library.last_error());
        return NEU_ERR_NODE_SETTING_INVALID;
    }
    websocket_log_notice(plugin, "configured anew");
    return 0;
}

static int websocket_plugin_setting(neu_plugin_t *plugin, const char *setting)
{
    int result = 0;

    if (setting == NULL) {
        websocket_log_error(plugin, "the settings are refused: there are none");
        return NEU_ERR_NODE_SETTING_INVALID;
    }
    note_name(plugin);
    pthread_rwlock_wrlock(&plugin->lock);
    result = plugin->node == NULL ? make_node(plugin, setting)
                                  : configure_node(plugin, setting);
    pthread_rwlock_unlock(&plugin->lock);
    return result;
}

static int websocket_plugin_start(neu_plugin_t *plugin)
{
    int result = NEU_ERR_NODE_NOT_READY;

    note_name(plugin);
    pthread_rwlock_rdlock(&plugin->lock);
    if (plugin->node != NULL) {
        result = websocket_library.node_start(plugin->node) == NEURON_WS_OK
            ? 0
            : NEU_ERR_EINTERNAL;
    }
    if (result == 0) {
        websocket_log_notice(plugin, "started");
    } else {
        websocket_log_error(plugin, "cannot start: %s",
                            plugin->node == NULL
                                ? "it has no settings"
                                : websocket_library.last_error());
    }
    pthread_rwlock_unlock(&plugin->lock);
    return result;
}

/* Says goodbye without waiting for an answer: the host's thread is not ours. */
static int websocket_plugin_stop(neu_plugin_t *plugin)
{
    note_name(plugin);
    pthread_rwlock_rdlock(&plugin->lock);
    if (plugin->node != NULL) {
        websocket_library.node_stop(plugin->node, 0);
        websocket_log_notice(plugin, "stopped");
    }
    pthread_rwlock_unlock(&plugin->lock);
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec time = { 0 };

    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t) time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* What changes subscriptions. The lock is held for writing. */
static int control(neu_plugin_t *plugin, neu_reqresp_type_e type, void *data)
{
    switch (type) {
    case NEU_REQ_SUBSCRIBE_GROUP:
    case NEU_REQ_UPDATE_SUBSCRIBE_GROUP:
        return websocket_subscribe(plugin, data);
    case NEU_REQ_UNSUBSCRIBE_GROUP: {
        const neu_req_unsubscribe_t *request = data;
        websocket_unsubscribe(plugin, request->driver, request->group);
        return 0;
    }
    case NEU_REQ_DEL_GROUP: {
        const neu_req_del_group_t *request = data;
        websocket_unsubscribe(plugin, request->driver, request->group);
        return 0;
    }
    case NEU_REQ_UPDATE_GROUP: {
        const neu_req_update_group_t *request = data;
        websocket_rename_group(plugin, request->driver, request->group,
                               request->new_name);
        return 0;
    }
    case NEU_REQ_UPDATE_NODE: {
        const neu_req_update_node_t *request = data;
        websocket_rename_driver(plugin, request->node, request->new_name);
        return 0;
    }
    default: {
        const neu_reqresp_node_deleted_t *message = data;
        websocket_unsubscribe_driver(plugin, message->node);
        return 0;
    }
    }
}

/* What answers a request of ours. The lock is held for reading. */
static void reply(neu_plugin_t *plugin, const neu_reqresp_head_t *head,
                  void *data)
{
    uint64_t id = (uint64_t) (uintptr_t) head->ctx;

    switch (head->type) {
    case NEU_RESP_ERROR:
    case NEU_RESP_DRIVER_ACTION:
        websocket_reply_error(plugin, id, ((neu_resp_error_t *) data)->error);
        break;
    case NEU_RESP_READ_GROUP:
        websocket_reply_read(plugin, id, data);
        break;
    case NEU_RESP_WRITE_TAGS:
        websocket_reply_writes(plugin, id,
                               ((neu_resp_write_tags_t *) data)->tags);
        websocket_array_free(((neu_resp_write_tags_t *) data)->tags);
        break;
    case NEU_RESP_GET_NODES_STATE:
        websocket_states_push(plugin,
                              ((neu_resp_get_nodes_state_t *) data)->states);
        websocket_array_free(((neu_resp_get_nodes_state_t *) data)->states);
        break;
    default:
        break;
    }
}

static int websocket_plugin_request(neu_plugin_t *plugin,
                                    neu_reqresp_head_t *head, void *data)
{
    int64_t arrival = now_ms();
    int     result  = 0;

    if (plugin == NULL || head == NULL || data == NULL) {
        return NEU_ERR_PARAM_IS_WRONG;
    }
    switch (head->type) {
    case NEU_REQRESP_TRANS_DATA:
        pthread_rwlock_rdlock(&plugin->lock);
        result = websocket_trans_data(plugin, data, arrival);
        pthread_rwlock_unlock(&plugin->lock);
        break;
    case NEU_REQ_SUBSCRIBE_GROUP:
    case NEU_REQ_UPDATE_SUBSCRIBE_GROUP:
    case NEU_REQ_UNSUBSCRIBE_GROUP:
    case NEU_REQ_DEL_GROUP:
    case NEU_REQ_UPDATE_GROUP:
    case NEU_REQ_UPDATE_NODE:
    case NEU_REQRESP_NODE_DELETED:
        pthread_rwlock_wrlock(&plugin->lock);
        result = control(plugin, head->type, data);
        pthread_rwlock_unlock(&plugin->lock);
        break;
    case NEU_RESP_ERROR:
    case NEU_RESP_READ_GROUP:
    case NEU_RESP_WRITE_TAGS:
    case NEU_RESP_GET_NODES_STATE:
    case NEU_RESP_DRIVER_ACTION:
        pthread_rwlock_rdlock(&plugin->lock);
        reply(plugin, head, data);
        pthread_rwlock_unlock(&plugin->lock);
        break;
    case NEU_REQ_ADD_TAG:
    case NEU_REQ_DEL_TAG:
    case NEU_REQ_UPDATE_TAG:
        /* Groups come whole: a change of their tags needs nothing. */
        break;
    default:
        websocket_log_debug(plugin, "message %d is not for this plugin",
                            (int) head->type);
        break;
    }
    return result;
}

const neu_plugin_intf_funs_t websocket_plugin_intf_funs = {
    .open    = websocket_plugin_open,
    .close   = websocket_plugin_close,
    .init    = websocket_plugin_init,
    .uninit  = websocket_plugin_uninit,
    .start   = websocket_plugin_start,
    .stop    = websocket_plugin_stop,
    .setting = websocket_plugin_setting,
    .request = websocket_plugin_request,
};
