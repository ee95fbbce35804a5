// SPDX-License-Identifier: Apache-2.0
/*
 * The header's structs as of its version 1.0.0, which hosts were compiled with. Nothing here ever changes; one that is
 * new gets its first version here.
 */
#ifndef NEURON_WS_TEST_FIRST_VERSION_H
#define NEURON_WS_TEST_FIRST_VERSION_H

#include <neuron_ws.h>

typedef struct first_tag {
    const char *name;
    size_t name_length;
    neuron_ws_type_t type;
    int32_t error;
    uint8_t precision;
    neuron_ws_value_t value;
    const struct first_tag *metas;
    size_t meta_count;
} first_tag_t;

typedef struct first_group {
    size_t size;
    const char *driver;
    const char *group;
    int64_t timestamp_ms;
    const first_tag_t *tags;
    size_t tag_count;
    size_t tag_size;
} first_group_t;

typedef struct first_state {
    size_t size;
    int32_t link;
    neuron_ws_phase_t phase;
    neuron_ws_reason_t reason;
    neuron_ws_tls_failure_t tls_failure;
    neuron_ws_level_t level;
    int32_t close_code;
    int32_t http_status;
    int32_t system_error;
    bool tls;
    bool tls_verified;
    bool tls_verify_off;
    uint64_t attempts;
    int64_t next_attempt_ms;
    int64_t connected_ms;
    char url[512];
    char peer_address[64];
    char subprotocol[64];
    char tls_version[16];
    char tls_cipher[64];
    char tls_peer[256];
    char close_reason[128];
    char message[1024];
    char extensions[160];
    uint32_t states_interval_s;
} first_state_t;

typedef struct first_metrics {
    size_t size;
    uint64_t counters[26];
    uint64_t payload_bytes_compressed;
    uint64_t compressed_bytes_sent;
} first_metrics_t;

typedef struct first_request_info {
    size_t size;
    neuron_ws_request_kind_t kind;
    const char *uuid;
    const char *driver;
    const char *group;
    const char *json;
    size_t json_length;
    const first_tag_t *tags;
    size_t tag_count;
    bool tag_list;
    bool sync;
    const char *action;
    const char *query_name;
    const char *query_description;
} first_request_info_t;

typedef struct first_host {
    size_t size;
    void *context;
    void (*on_state)(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context);
    void (*on_message)(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context);
    void (*on_request)(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context);
    void (*on_delivery)(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                        void *context);
    void (*on_log)(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context);
    neuron_ws_status_t (*before_connect)(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context);
    bool (*before_send)(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                        void *context);
} first_host_t;

typedef struct first_command {
    size_t size;
    neuron_ws_kind_t kind;
    const void *bytes;
    size_t length;
    uint32_t timeout_ms;
    const char *match_member;
    const char *match_value;
    bool (*matches)(const uint8_t *bytes, size_t length, void *context);
    void (*on_response)(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context);
    void *context;
} first_command_t;

typedef struct first_driver_state {
    const char *node;
    int32_t link;
    int32_t running;
    bool is_driver;
} first_driver_state_t;

typedef struct first_event {
    size_t size;
    uint32_t kind;
    neuron_ws_kind_t message_kind;
    uint64_t id;
    neuron_ws_outcome_t outcome;
    neuron_ws_level_t level;
    neuron_ws_log_level_t log_level;
    neuron_ws_status_t status;
    int32_t link;
    neuron_ws_phase_t phase;
    neuron_ws_reason_t reason;
    neuron_ws_request_t *request;
    const uint8_t *bytes;
    size_t length;
} first_event_t;

#endif
