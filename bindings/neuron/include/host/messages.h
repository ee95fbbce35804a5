// SPDX-License-Identifier: Apache-2.0
/*
 * The messages between the Neuron gateway and a northbound plugin, alike in
 * versions 2.12 to 2.15 but for what the version's own header declares.
 */
#ifndef WEBSOCKET_HOST_MESSAGES_H
#define WEBSOCKET_HOST_MESSAGES_H

/* In front of each message. */
typedef struct {
    neu_reqresp_type_e type;
    void              *ctx;
    char               sender[NEU_NODE_NAME_LEN];
    char               receiver[NEU_NODE_NAME_LEN];
    uint8_t            otel_trace_type;
    uint32_t           len;
    bool               monitor;
} neu_reqresp_head_t;

/* One value in a message of data. The texts of `datatag` dangle. */
typedef struct {
    char            tag[NEU_TAG_NAME_LEN];
    neu_dvalue_t    value;
    neu_tag_meta_t *metas;
    int             n_meta;
    neu_datatag_t   datatag;
} neu_resp_tag_value_meta_t;

typedef struct {
    char         tag[NEU_TAG_NAME_LEN];
    neu_dvalue_t value;
} neu_resp_tag_value_t;

typedef struct {
    uint16_t        index;
    pthread_mutex_t mtx;
} neu_reqresp_trans_data_ctx_t;

/* Of neu_resp_tag_value_meta_t; the host's, shared between apps. */
typedef struct {
    char                         *driver;
    char                         *group;
    void                         *trace_ctx;
    neu_reqresp_trans_data_ctx_t *ctx;
    UT_array                     *tags;
} neu_reqresp_trans_data_t;

typedef struct {
    char     app[NEU_NODE_NAME_LEN];
    char     driver[NEU_NODE_NAME_LEN];
    char     group[NEU_GROUP_NAME_LEN];
    uint16_t port;
    char    *params;
    char    *static_tags;
} neu_req_subscribe_t;

typedef struct {
    char app[NEU_NODE_NAME_LEN];
    char driver[NEU_NODE_NAME_LEN];
    char group[NEU_GROUP_NAME_LEN];
} neu_req_unsubscribe_t;

typedef struct {
    char     driver[NEU_NODE_NAME_LEN];
    char     group[NEU_GROUP_NAME_LEN];
    char     new_name[NEU_GROUP_NAME_LEN];
    uint32_t interval;
} neu_req_update_group_t;

typedef struct {
    char driver[NEU_NODE_NAME_LEN];
    char group[NEU_GROUP_NAME_LEN];
} neu_req_del_group_t;

typedef struct {
    char node[NEU_NODE_NAME_LEN];
    char new_name[NEU_NODE_NAME_LEN];
} neu_req_update_node_t;

typedef struct {
    char node[NEU_NODE_NAME_LEN];
} neu_reqresp_node_deleted_t;

typedef struct {
    int error;
} neu_resp_error_t;

typedef struct {
    char    *driver;
    char    *group;
    char    *name;
    char    *desc;
    bool     sync;
    uint16_t n_tag;
    char   **tags;
} neu_req_read_group_t;

/* Of neu_resp_tag_value_meta_t. */
typedef struct {
    char     *driver;
    char     *group;
    UT_array *tags;
} neu_resp_read_group_t;

typedef struct {
    char        *driver;
    char        *group;
    char        *tag;
    neu_dvalue_t value;
} neu_req_write_tag_t;

typedef struct {
    char                 *driver;
    char                 *group;
    int                   n_tag;
    neu_resp_tag_value_t *tags;
} neu_req_write_tags_t;

typedef struct {
    char group[NEU_GROUP_NAME_LEN];
    char tag[NEU_TAG_NAME_LEN];
    int  error;
} neu_resp_write_tags_ele_t;

/* Of neu_resp_write_tags_ele_t; the plugin frees it. */
typedef struct {
    UT_array *tags;
} neu_resp_write_tags_t;

typedef struct {
} neu_req_get_nodes_state_t;

typedef struct {
    neu_node_running_state_e running;
    neu_node_link_state_e    link;
    int                      log_level;
} neu_node_state_t;

typedef struct {
    char             node[NEU_NODE_NAME_LEN];
    neu_node_state_t state;
    uint16_t         rtt;
    uint16_t         sub_group_count;
    bool             is_driver;
} neu_nodes_state_t;

/* Of neu_nodes_state_t; the plugin frees it. */
typedef struct {
    UT_array *states;
    int       core_level;
} neu_resp_get_nodes_state_t;

typedef struct {
    char  driver[NEU_NODE_NAME_LEN];
    char *action;
} neu_req_driver_action_t;

typedef struct {
    int error;
} neu_resp_driver_action_t;

#endif
