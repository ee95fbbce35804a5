// SPDX-License-Identifier: Apache-2.0
/*
 * What the Neuron gateway asks of a plugin, and what it offers to it; alike in
 * versions 2.12 to 2.15 but for what the version's own header declares.
 */
#ifndef WEBSOCKET_HOST_PLUGIN_H
#define WEBSOCKET_HOST_PLUGIN_H

struct sockaddr_un;

/* The host's side of a node; opaque. */
typedef struct neu_adapter neu_adapter_t;
/* The plugin's side of a node, beginning with a neu_plugin_common_t. */
typedef struct neu_plugin neu_plugin_t;

/* A function of southbound plugins, which this one never calls nor gives. */
typedef void (*websocket_host_driver_function_t)(void);

typedef int (*neu_adapter_register_metric_cb_t)(neu_adapter_t    *adapter,
                                                const char       *name,
                                                const char       *help,
                                                neu_metric_type_e type,
                                                uint64_t          init);
typedef int (*neu_adapter_update_metric_cb_t)(neu_adapter_t *adapter,
                                              const char    *metric_name,
                                              uint64_t n, const char *group);

/* The host's functions for a node. */
typedef struct {
    int (*command)(neu_adapter_t *adapter, neu_reqresp_head_t head, void *data);
    int (*response)(neu_adapter_t *adapter, neu_reqresp_head_t *head,
                    void *data);
    /* The last parameter is a struct sockaddr_un; nothing here calls it. */
    websocket_host_driver_function_t responseto;
    neu_adapter_register_metric_cb_t register_metric;
    neu_adapter_update_metric_cb_t   update_metric;

    struct {
        websocket_host_driver_function_t update;
        websocket_host_driver_function_t update_with_trace;
        websocket_host_driver_function_t update_with_meta;
        websocket_host_driver_function_t write_response;
        websocket_host_driver_function_t write_responses;
        websocket_host_driver_function_t update_im;
        websocket_host_driver_function_t update_im_f_m;
        websocket_host_driver_function_t scan_tags_response;
        websocket_host_driver_function_t test_read_tag_response;
        websocket_host_driver_function_t directory_response;
        websocket_host_driver_function_t fup_open_response;
        websocket_host_driver_function_t fup_data_response;
        websocket_host_driver_function_t fdown_open_response;
    } driver;
} adapter_callbacks_t;

/* The part of a plugin's node that the host reads and writes. */
typedef struct {
    uint32_t                   magic;
    neu_adapter_t             *adapter;
    const adapter_callbacks_t *adapter_callbacks;
    char                       name[NEU_NODE_NAME_LEN];
    neu_node_link_state_e      link_state;
    char                       log_level[NEU_LOG_LEVEL_LEN];
    zlog_category_t           *log;
} neu_plugin_common_t;

/* The plugin's functions for a node. */
typedef struct {
    neu_plugin_t *(*open)(void);
    int (*close)(neu_plugin_t *plugin);
    int (*init)(neu_plugin_t *plugin, bool load);
    int (*uninit)(neu_plugin_t *plugin);
    int (*start)(neu_plugin_t *plugin);
    int (*stop)(neu_plugin_t *plugin);
    int (*setting)(neu_plugin_t *plugin, const char *setting);
    WEBSOCKET_HOST_TRY_CONNECT
    int (*request)(neu_plugin_t *plugin, neu_reqresp_head_t *head, void *data);

    struct {
        websocket_host_driver_function_t validate_tag;
        websocket_host_driver_function_t group_timer;
        websocket_host_driver_function_t group_sync;
        websocket_host_driver_function_t write_tag;
        websocket_host_driver_function_t write_tags;
        websocket_host_driver_function_t tag_validator;
        websocket_host_driver_function_t load_tags;
        websocket_host_driver_function_t add_tags;
        websocket_host_driver_function_t del_tags;
        websocket_host_driver_function_t scan_tags;
        websocket_host_driver_function_t test_read_tag;
        websocket_host_driver_function_t action;
        websocket_host_driver_function_t directory;
        websocket_host_driver_function_t fup_open;
        websocket_host_driver_function_t fup_data;
        websocket_host_driver_function_t fdown_open;
        websocket_host_driver_function_t fdown_data;
    } driver;
} neu_plugin_intf_funs_t;

/* What a plugin's library exports, as neu_plugin_module. */
typedef struct {
    const uint32_t                version;
    const char                   *schema;
    const char                   *module_name;
    const char                   *module_descr;
    const char                   *module_descr_zh;
    const neu_plugin_intf_funs_t *intf_funs;
    neu_node_type_e               type;
    neu_plugin_kind_e             kind;
    bool                          display;
    bool                          single;
    const char                   *single_name;
    neu_event_timer_type_e        timer_type;
    neu_tag_cache_type_e          cache_type;
} neu_plugin_module_t;

#endif
