// SPDX-License-Identifier: Apache-2.0
/*
 * A node as the host keeps it: a node thread that handles control messages in order, a consumer thread that hands over
 * data last-in-first-out while the node runs, and the manager, which is the program's main thread.
 */
#include "host.h"

#include <dlfcn.h>

neu_plugin_common_t *common_of(neu_adapter_t *adapter)
{
    return (neu_plugin_common_t *) adapter->plugin;
}

/* ---- threads ---- */

static void *node_thread(void *context)
{
    neu_adapter_t *adapter = context;

    pthread_mutex_lock(&adapter->mutex);
    while (true) {
        task_t *task = adapter->first;
        if (task == NULL) {
            if (adapter->node_ends)
                break;
            pthread_cond_wait(&adapter->changed, &adapter->mutex);
            continue;
        }
        adapter->first = task->next;
        if (adapter->first == NULL)
            adapter->last = &adapter->first;
        pthread_mutex_unlock(&adapter->mutex);
        task->run(adapter, task->argument);
        pthread_mutex_lock(&adapter->mutex);
        task->is_done = true;
        pthread_cond_broadcast(&adapter->changed);
        if (!task->is_waited_for)
            free(task);
    }
    pthread_mutex_unlock(&adapter->mutex);
    return NULL;
}

void adapter_do(neu_adapter_t *adapter, void (*run)(neu_adapter_t *, void *), void *argument, bool waits)
{
    task_t *task = calloc(1, sizeof *task);

    CHECK(task != NULL, "no memory");
    task->run = run;
    task->argument = argument;
    task->is_waited_for = waits;
    pthread_mutex_lock(&adapter->mutex);
    *adapter->last = task;
    adapter->last = &task->next;
    pthread_cond_broadcast(&adapter->changed);
    while (waits && !task->is_done)
        pthread_cond_wait(&adapter->changed, &adapter->mutex);
    pthread_mutex_unlock(&adapter->mutex);
    if (waits)
        free(task);
}

static void deliver(neu_adapter_t *adapter, neu_reqresp_trans_data_t *data)
{
    neu_reqresp_head_t head = {.type = NEU_REQRESP_TRANS_DATA};
    bool is_late = adapter->is_uninit;

    adapter->module->intf_funs->request(adapter->plugin, &head, data);
    data_check(data);
    adapter->delivered++;
    adapter->delivered_after_uninit += is_late;
}

static void *consumer_thread(void *context)
{
    neu_adapter_t *adapter = context;

    pthread_mutex_lock(&adapter->mutex);
    while (true) {
        neu_reqresp_trans_data_t *data;
        if (adapter->queued == 0) {
            if (adapter->consumer_ends)
                break;
            pthread_cond_wait(&adapter->changed, &adapter->mutex);
            continue;
        }
        data = adapter->queue[--adapter->queued];
        pthread_mutex_unlock(&adapter->mutex);
        if (adapter->state == NEU_NODE_RUNNING_STATE_RUNNING)
            deliver(adapter, data);
        data_free(data);
        pthread_mutex_lock(&adapter->mutex);
        pthread_cond_broadcast(&adapter->changed);
    }
    pthread_mutex_unlock(&adapter->mutex);
    return NULL;
}

void adapter_data(neu_adapter_t *adapter, neu_reqresp_trans_data_t *data)
{
    bool taken = false;

    pthread_mutex_lock(&adapter->mutex);
    if (adapter->queued < QUEUE_MAX) {
        adapter->queue[adapter->queued++] = data;
        taken = true;
        pthread_cond_broadcast(&adapter->changed);
    }
    pthread_mutex_unlock(&adapter->mutex);
    if (!taken)
        data_free(data);
}

/* ---- calls on the node thread ---- */

typedef struct {
    const char *text;
    int type;
    void *message;
    int result;
} call_t;

static void do_setting(neu_adapter_t *adapter, void *argument)
{
    call_t *call = argument;

    call->result = adapter->module->intf_funs->setting(adapter->plugin, call->text);
    if (call->result == 0 && adapter->state == NEU_NODE_RUNNING_STATE_INIT)
        adapter->state = NEU_NODE_RUNNING_STATE_READY;
}

static void do_start(neu_adapter_t *adapter, void *argument)
{
    call_t *call = argument;

    call->result = adapter->module->intf_funs->start(adapter->plugin);
    if (call->result == 0)
        adapter->state = NEU_NODE_RUNNING_STATE_RUNNING;
}

static void do_stop(neu_adapter_t *adapter, void *argument)
{
    call_t *call = argument;

    call->result = adapter->module->intf_funs->stop(adapter->plugin);
    if (call->result == 0)
        adapter->state = NEU_NODE_RUNNING_STATE_STOPPED;
}

static void do_control(neu_adapter_t *adapter, void *argument)
{
    call_t *call = argument;
    neu_reqresp_head_t head = {.type = (neu_reqresp_type_e) call->type};

    call->result = adapter->module->intf_funs->request(adapter->plugin, &head, call->message);
}

int adapter_setting(neu_adapter_t *adapter, const char *setting)
{
    /* The host frees its text after the call. */
    char *text = setting != NULL ? strdup(setting) : NULL;
    call_t call = {.text = text};

    adapter_do(adapter, do_setting, &call, true);
    free(text);
    return call.result;
}

int adapter_start(neu_adapter_t *adapter)
{
    call_t call = {0};

    adapter_do(adapter, do_start, &call, true);
    return call.result;
}

int adapter_stop(neu_adapter_t *adapter)
{
    call_t call = {0};

    adapter_do(adapter, do_stop, &call, true);
    return call.result;
}

int adapter_control(neu_adapter_t *adapter, int type, void *message, size_t size)
{
    unsigned char *block = malloc(size + 16), *before = malloc(size + 1);
    call_t call = {.type = type, .message = block + 8};

    CHECK(block != NULL && before != NULL, "no memory");
    memset(block, 0xca, size + 16);
    memcpy(block + 8, message, size);
    memcpy(before, message, size);
    adapter_do(adapter, do_control, &call, true);
    CHECK(memcmp(block + 8, before, size) == 0, "message %d was changed", type);
    for (size_t index = 0; index < 8; index++)
        CHECK(block[index] == 0xca && block[size + 8 + index] == 0xca, "message %d was overrun", type);
    memset(block, 0xdb, size + 16);
    free(block);
    free(before);
    return call.result;
}

/* The manager does this by itself, while the node's threads run. */
void adapter_rename(neu_adapter_t *adapter, const char *name)
{
    zlog_category_t *category = log_category(name);

    persist_rename(adapter->name, name);
    snprintf(adapter->name, sizeof adapter->name, "%s", name);
    __atomic_store_n(&common_of(adapter)->log, category, __ATOMIC_RELEASE);
    snprintf(common_of(adapter)->name, NEU_NODE_NAME_LEN, "%s", name);
}

int adapter_link(neu_adapter_t *adapter)
{
    return __atomic_load_n(&common_of(adapter)->link_state, __ATOMIC_ACQUIRE);
}

/* ---- the manager ---- */

static void check_module(const neu_plugin_module_t *module)
{
    bool is_ours = strcmp(module->schema, "websocket") == 0;

    CHECK(module->version >> 8 == (2u << 8 | NEURON_VERSION_MINOR), "version %#x", module->version);
    CHECK(strcmp(module->module_name, is_ours ? "WebSocket" : "MQTT") == 0, "names");
    CHECK(module->module_descr != NULL && module->module_descr_zh != NULL, "descriptions");
    CHECK(module->type == NEU_NA_TYPE_APP && module->display, "type");
    CHECK(module->kind == (is_ours ? NEU_PLUGIN_KIND_CUSTOM : NEU_PLUGIN_KIND_SYSTEM), "kind");
}

/* As at registration: the library is opened and closed before a node is made of it. */
static void register_plugin(const char *path)
{
    for (int round = 0; round < 2; round++) {
        void *handle = dlopen(path, RTLD_NOW);
        const neu_plugin_module_t *module;

        CHECK(handle != NULL, "%s", dlerror());
        module = dlsym(handle, "neu_plugin_module");
        CHECK(module != NULL, "no neu_plugin_module");
        check_module(module);
        dlclose(handle);
    }
}

static void open_plugin(neu_adapter_t *adapter, const char *path)
{
    neu_plugin_common_t *common;

    register_plugin(path);
    adapter->handle = dlopen(path, RTLD_NOW);
    CHECK(adapter->handle != NULL, "%s", dlerror());
    adapter->module = dlsym(adapter->handle, "neu_plugin_module");
    adapter->plugin = adapter->module->intf_funs->open();
    CHECK(adapter->plugin != NULL, "open failed");
    common = common_of(adapter);
    CHECK(common->magic == 0x43474d50, "magic %#x", common->magic);
    common->adapter = adapter;
    common->adapter_callbacks = &adapter->callbacks;
    common->link_state = NEU_NODE_LINK_STATE_DISCONNECTED;
    common->log = log_category(adapter->name);
    snprintf(common->name, sizeof common->name, "%s", adapter->name);
}

neu_adapter_t *adapter_create(const char *plugin_path, const char *name)
{
    neu_adapter_t *adapter = calloc(1, sizeof *adapter);

    CHECK(adapter != NULL, "no memory");
    adapter->canary = CANARY;
    adapter->state = NEU_NODE_RUNNING_STATE_INIT;
    adapter->last = &adapter->first;
    adapter->callbacks.command = host_command;
    adapter->callbacks.register_metric = metric_add;
    adapter->callbacks.update_metric = metric_update;
    snprintf(adapter->name, sizeof adapter->name, "%s", name);
    persist_add(name);
    pthread_mutex_init(&adapter->mutex, NULL);
    pthread_mutex_init(&adapter->metrics_mutex, NULL);
    pthread_cond_init(&adapter->changed, NULL);
    metric_add(adapter, NEU_METRIC_SEND_MSGS_TOTAL, "Total number of messages sent", NEU_METRIC_TYPE_COUNTER, 0);
    metric_add(adapter, NEU_METRIC_SEND_MSG_ERRORS_TOTAL, "Total number of errors sending messages",
               NEU_METRIC_TYPE_COUNTER, 0);
    metric_add(adapter, NEU_METRIC_RECV_MSGS_TOTAL, "Total number of messages received", NEU_METRIC_TYPE_COUNTER, 0);
    open_plugin(adapter, plugin_path);
    CHECK(adapter->module->intf_funs->init(adapter->plugin, false) == 0, "init failed");
    CHECK(pthread_create(&adapter->consumer_thread, NULL, consumer_thread, adapter) == 0, "no thread");
    CHECK(pthread_create(&adapter->node_thread, NULL, node_thread, adapter) == 0, "no thread");
    return adapter;
}

static void do_uninit(neu_adapter_t *adapter, void *argument)
{
    (void) argument;
    adapter->module->intf_funs->uninit(adapter->plugin);
    adapter->is_uninit = true;
    CHECK(adapter_link(adapter) == NEU_NODE_LINK_STATE_DISCONNECTED, "a link after uninit");
}

void adapter_uninit(neu_adapter_t *adapter)
{
    adapter_do(adapter, do_uninit, NULL, true);
}

void adapter_delete(neu_adapter_t *adapter, bool with_uninit)
{
    if (with_uninit)
        adapter_uninit(adapter);
    /* Data that lies in the queue is still delivered. */
    for (int count = 0; count < 3; count++)
        adapter_data(adapter, data_make("driver", "group", 3));
    pthread_mutex_lock(&adapter->mutex);
    adapter->node_ends = true;
    adapter->consumer_ends = true;
    pthread_cond_broadcast(&adapter->changed);
    pthread_mutex_unlock(&adapter->mutex);
    pthread_join(adapter->node_thread, NULL);
    pthread_join(adapter->consumer_thread, NULL);
    adapter->module->intf_funs->close(adapter->plugin);
    pthread_mutex_destroy(&adapter->mutex);
    pthread_mutex_destroy(&adapter->metrics_mutex);
    pthread_cond_destroy(&adapter->changed);
    if (getenv("HOST_KEEPS_LIBRARIES") == NULL)
        dlclose(adapter->handle);
    memset(adapter, 0xdb, sizeof *adapter);
    free(adapter);
    /* The registry's texts are still there. */
    CHECK(registry_read() > 0, "the metrics are gone");
}
