// SPDX-License-Identifier: Apache-2.0
/*
 * What the messages of every Neuron must be. Made by
 * tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit.
 */
#ifndef WEBSOCKET_HOST_ASSERTIONS_MESSAGES_H
#define WEBSOCKET_HOST_ASSERTIONS_MESSAGES_H

#include "assertions.h"

WEBSOCKET_SIZE(neu_reqresp_head_t, 288);
WEBSOCKET_MEMBER(neu_reqresp_head_t, type, 0, 4);
WEBSOCKET_MEMBER(neu_reqresp_head_t, ctx, 8, 8);
WEBSOCKET_MEMBER(neu_reqresp_head_t, sender, 16, 128);
WEBSOCKET_MEMBER(neu_reqresp_head_t, receiver, 144, 128);
WEBSOCKET_MEMBER(neu_reqresp_head_t, otel_trace_type, 272, 1);
WEBSOCKET_MEMBER(neu_reqresp_head_t, len, 276, 4);
WEBSOCKET_MEMBER(neu_reqresp_head_t, monitor, 280, 1);

WEBSOCKET_SIZE(neu_reqresp_trans_data_t, 40);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_t, trace_ctx, 16, 8);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_t, ctx, 24, 8);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_t, tags, 32, 8);

WEBSOCKET_SIZE(neu_reqresp_trans_data_ctx_t, 8 + sizeof(pthread_mutex_t));
WEBSOCKET_MEMBER(neu_reqresp_trans_data_ctx_t, index, 0, 2);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_ctx_t, mtx, 8, sizeof(pthread_mutex_t));

WEBSOCKET_SIZE(neu_req_subscribe_t, 408);
WEBSOCKET_MEMBER(neu_req_subscribe_t, app, 0, 128);
WEBSOCKET_MEMBER(neu_req_subscribe_t, driver, 128, 128);
WEBSOCKET_MEMBER(neu_req_subscribe_t, group, 256, 128);
WEBSOCKET_MEMBER(neu_req_subscribe_t, port, 384, 2);
WEBSOCKET_MEMBER(neu_req_subscribe_t, params, 392, 8);
WEBSOCKET_MEMBER(neu_req_subscribe_t, static_tags, 400, 8);

WEBSOCKET_SIZE(neu_req_unsubscribe_t, 384);
WEBSOCKET_MEMBER(neu_req_unsubscribe_t, app, 0, 128);
WEBSOCKET_MEMBER(neu_req_unsubscribe_t, driver, 128, 128);
WEBSOCKET_MEMBER(neu_req_unsubscribe_t, group, 256, 128);

WEBSOCKET_SIZE(neu_req_update_group_t, 388);
WEBSOCKET_MEMBER(neu_req_update_group_t, driver, 0, 128);
WEBSOCKET_MEMBER(neu_req_update_group_t, group, 128, 128);
WEBSOCKET_MEMBER(neu_req_update_group_t, new_name, 256, 128);
WEBSOCKET_MEMBER(neu_req_update_group_t, interval, 384, 4);

WEBSOCKET_SIZE(neu_req_del_group_t, 256);
WEBSOCKET_MEMBER(neu_req_del_group_t, driver, 0, 128);
WEBSOCKET_MEMBER(neu_req_del_group_t, group, 128, 128);

WEBSOCKET_SIZE(neu_req_update_node_t, 256);
WEBSOCKET_MEMBER(neu_req_update_node_t, node, 0, 128);
WEBSOCKET_MEMBER(neu_req_update_node_t, new_name, 128, 128);

WEBSOCKET_SIZE(neu_reqresp_node_deleted_t, 128);
WEBSOCKET_MEMBER(neu_reqresp_node_deleted_t, node, 0, 128);

WEBSOCKET_SIZE(neu_req_read_group_t, 48);
WEBSOCKET_MEMBER(neu_req_read_group_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, name, 16, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, desc, 24, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, sync, 32, 1);
WEBSOCKET_MEMBER(neu_req_read_group_t, n_tag, 34, 2);
WEBSOCKET_MEMBER(neu_req_read_group_t, tags, 40, 8);

WEBSOCKET_SIZE(neu_req_write_tag_t, 304);
WEBSOCKET_MEMBER(neu_req_write_tag_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_req_write_tag_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_req_write_tag_t, tag, 16, 8);
WEBSOCKET_MEMBER(neu_req_write_tag_t, value, 24, 280);

WEBSOCKET_SIZE(neu_req_write_tags_t, 32);
WEBSOCKET_MEMBER(neu_req_write_tags_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_req_write_tags_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_req_write_tags_t, n_tag, 16, 4);
WEBSOCKET_MEMBER(neu_req_write_tags_t, tags, 24, 8);

WEBSOCKET_SIZE(neu_req_get_nodes_state_t, 0);

WEBSOCKET_SIZE(neu_nodes_state_t, 148);
WEBSOCKET_MEMBER(neu_nodes_state_t, node, 0, 128);
WEBSOCKET_MEMBER(neu_nodes_state_t, state, 128, 12);
WEBSOCKET_MEMBER(neu_nodes_state_t, rtt, 140, 2);
WEBSOCKET_MEMBER(neu_nodes_state_t, sub_group_count, 142, 2);
WEBSOCKET_MEMBER(neu_nodes_state_t, is_driver, 144, 1);

WEBSOCKET_SIZE(neu_node_state_t, 12);
WEBSOCKET_MEMBER(neu_node_state_t, running, 0, 4);
WEBSOCKET_MEMBER(neu_node_state_t, link, 4, 4);
WEBSOCKET_MEMBER(neu_node_state_t, log_level, 8, 4);

WEBSOCKET_SIZE(neu_req_driver_action_t, 136);
WEBSOCKET_MEMBER(neu_req_driver_action_t, driver, 0, 128);
WEBSOCKET_MEMBER(neu_req_driver_action_t, action, 128, 8);

#endif
