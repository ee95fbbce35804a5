// SPDX-License-Identifier: Apache-2.0
/*
 * A host that treats a plugin as the Neuron gateway does: its threads, its order of calls, its rules of who owns what.
 * Built against the plugin's own declarations of Neuron; nothing of Neuron is in it.
 */
#ifndef HOST_H
#define HOST_H

#include "neuron_host.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANARY 0xc0ffee00c0ffee11u
#define METRICS_MAX 64
#define QUEUE_MAX 1024

/* Says what is wrong and ends the program at once, so that a sanitizer or a debugger shows the place. */
#define CHECK(condition, ...)                                      \
    do {                                                           \
        if (!(condition)) {                                        \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                          \
            fprintf(stderr, "\n");                                 \
            abort();                                               \
        }                                                          \
    } while (0)

typedef struct task {
    struct task *next;
    void (*run)(neu_adapter_t *adapter, void *argument);
    void *argument;
    bool is_waited_for;
    bool is_done;
} task_t;

typedef struct {
    const char *name;
    const char *help;
    neu_metric_type_e type;
    uint64_t value;
    uint64_t updates;
} metric_t;

/* One node. */
struct neu_adapter {
    uint64_t canary;
    const neu_plugin_module_t *module;
    void *handle;
    neu_plugin_t *plugin;
    adapter_callbacks_t callbacks;
    char name[NEU_NODE_NAME_LEN];
    _Atomic int state;

    /* The node thread: tasks in order. */
    pthread_t node_thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    task_t *first, **last;
    bool node_ends;

    /* The consumer thread: data, the last one first. */
    pthread_t consumer_thread;
    neu_reqresp_trans_data_t *queue[QUEUE_MAX];
    size_t queued;
    bool consumer_ends;
    _Atomic uint64_t delivered;
    _Atomic bool is_uninit;
    _Atomic uint64_t delivered_after_uninit;

    pthread_mutex_t metrics_mutex;
    metric_t metrics[METRICS_MAX];
    size_t metric_count;
    _Atomic uint64_t commands;
    /* How the host takes requests; see adapter.c. */
    bool is_polite;
};

neu_plugin_common_t *common_of(neu_adapter_t *adapter);

/* adapter.c */
neu_adapter_t *adapter_create(const char *plugin_path, const char *name);
/* On the node thread; waits for it unless asked not to. */
void adapter_do(neu_adapter_t *adapter, void (*run)(neu_adapter_t *, void *), void *argument, bool waits);
int adapter_setting(neu_adapter_t *adapter, const char *setting);
int adapter_start(neu_adapter_t *adapter);
int adapter_stop(neu_adapter_t *adapter);
/* A message to the node thread, which it handles before this returns. `message` is checked not to be changed. */
int adapter_control(neu_adapter_t *adapter, int type, void *message, size_t size);
/* Queues data; drops it when the queue is full, as the host does. */
void adapter_data(neu_adapter_t *adapter, neu_reqresp_trans_data_t *data);
void adapter_rename(neu_adapter_t *adapter, const char *name);
int adapter_link(neu_adapter_t *adapter);
/* Without a stop before it. */
void adapter_uninit(neu_adapter_t *adapter);
/* Deletes the node: uninit unless that was before, more data, then close. */
void adapter_delete(neu_adapter_t *adapter, bool with_uninit);

/* persist.c: the host's database of its nodes. */
void persist_add(const char *name);
void persist_rename(const char *name, const char *to);
/* As when a user deletes a node: its row goes before the node ends. */
void persist_remove(const char *name);

/* metrics.c */
int metric_add(neu_adapter_t *adapter, const char *name, const char *help, neu_metric_type_e type, uint64_t init);
int metric_update(neu_adapter_t *adapter, const char *name, uint64_t number, const char *group);
uint64_t adapter_metric(neu_adapter_t *adapter, const char *name);
/* Reads the names and descriptions of all metrics, as the statistics page does; their bytes. */
size_t registry_read(void);

/* commands.c */
int host_command(neu_adapter_t *adapter, neu_reqresp_head_t head, void *data);

/* messages.c */
neu_reqresp_trans_data_t *data_make(const char *driver, const char *group, size_t tags);
/* Of values of the caller's, which it takes. */
neu_reqresp_trans_data_t *data_make_of(const char *driver, const char *group, UT_array *tags);
/* With a tag of each type, metas, a type of the future, and values that are on no good terms with their types. */
neu_reqresp_trans_data_t *data_make_all_types(const char *driver, const char *group);
/* Ends the program if anything of it was changed since it was made. */
void data_check(const neu_reqresp_trans_data_t *data);
/* Overwrites and frees it: who has kept a pointer into it reads rubbish. */
void data_free(neu_reqresp_trans_data_t *data);
UT_array *values_make(size_t count, bool all_types);
void values_free(UT_array *values);
UT_array *array_make(size_t element_size, size_t count);

/* symbols.c */
int foreign_calls(void);
/* The last line of the highest level from `to` down to `level` in a category; "" if there was none. */
void log_last(const char *category, int level, int to, char *line, size_t size);
void log_clear(void);
uint64_t log_lines(void);
zlog_category_t *log_category(const char *name);
void log_set_level(int level);
json_t *host_json(const char *text);
void host_json_free(json_t *value);

/* lives.c */
/* A node's whole life, from registration to dlclose; `number` varies it. */
void life(const char *plugin_path, const char *url, unsigned number);

#endif
