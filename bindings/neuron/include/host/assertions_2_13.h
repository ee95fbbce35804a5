// SPDX-License-Identifier: Apache-2.0
/*
 * What the declarations for Neuron 2.13 must be. Made by
 * tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit.
 */
#ifndef WEBSOCKET_HOST_ASSERTIONS_2_13_H
#define WEBSOCKET_HOST_ASSERTIONS_2_13_H

#include "assertions.h"
#include "assertions_plugin.h"
#include "assertions_messages.h"
#include "assertions_values.h"
#include "assertions_numbers.h"

WEBSOCKET_SIZE(neu_plugin_intf_funs_t, 200);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, open, 0, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, close, 8, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, init, 16, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, uninit, 24, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, start, 32, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, stop, 40, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, setting, 48, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, request, 56, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver, 64, 136);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.validate_tag, 64, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.group_timer, 72, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.group_sync, 80, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.write_tag, 88, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.write_tags, 96, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.tag_validator, 104, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.load_tags, 112, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.add_tags, 120, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.del_tags, 128, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.scan_tags, 136, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.test_read_tag, 144, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.action, 152, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.directory, 160, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fup_open, 168, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fup_data, 176, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fdown_open, 184, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fdown_data, 192, 8);

WEBSOCKET_SIZE(neu_resp_tag_value_meta_t, 536);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, tag, 0, 128);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, value, 128, 280);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, metas, 408, 8);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, n_meta, 416, 4);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, datatag, 424, 112);

WEBSOCKET_SIZE(neu_datatag_t, 112);
WEBSOCKET_MEMBER(neu_datatag_t, name, 0, 8);
WEBSOCKET_MEMBER(neu_datatag_t, address, 8, 8);
WEBSOCKET_MEMBER(neu_datatag_t, attribute, 16, 4);
WEBSOCKET_MEMBER(neu_datatag_t, type, 20, 4);
WEBSOCKET_MEMBER(neu_datatag_t, precision, 24, 1);
WEBSOCKET_MEMBER(neu_datatag_t, decimal, 32, 8);
WEBSOCKET_MEMBER(neu_datatag_t, bias, 40, 8);
WEBSOCKET_MEMBER(neu_datatag_t, description, 48, 8);
WEBSOCKET_MEMBER(neu_datatag_t, option, 56, 12);
WEBSOCKET_MEMBER(neu_datatag_t, meta, 68, 20);
WEBSOCKET_MEMBER(neu_datatag_t, format, 88, 16);
WEBSOCKET_MEMBER(neu_datatag_t, n_format, 104, 1);

/* neu_reqresp_type_e */
WEBSOCKET_NUMBER(NEU_RESP_ERROR, 0);
WEBSOCKET_NUMBER(NEU_REQ_READ_GROUP, 1);
WEBSOCKET_NUMBER(NEU_RESP_READ_GROUP, 2);
WEBSOCKET_NUMBER(NEU_REQ_WRITE_TAG, 7);
WEBSOCKET_NUMBER(NEU_REQ_WRITE_TAGS, 8);
WEBSOCKET_NUMBER(NEU_RESP_WRITE_TAGS, 9);
WEBSOCKET_NUMBER(NEU_REQ_SUBSCRIBE_GROUP, 11);
WEBSOCKET_NUMBER(NEU_REQ_UNSUBSCRIBE_GROUP, 12);
WEBSOCKET_NUMBER(NEU_REQ_UPDATE_SUBSCRIBE_GROUP, 13);
WEBSOCKET_NUMBER(NEU_REQ_UPDATE_NODE, 31);
WEBSOCKET_NUMBER(NEU_REQ_GET_NODES_STATE, 40);
WEBSOCKET_NUMBER(NEU_RESP_GET_NODES_STATE, 41);
WEBSOCKET_NUMBER(NEU_REQ_DEL_GROUP, 46);
WEBSOCKET_NUMBER(NEU_REQ_UPDATE_GROUP, 47);
WEBSOCKET_NUMBER(NEU_REQ_ADD_TAG, 54);
WEBSOCKET_NUMBER(NEU_REQ_DEL_TAG, 60);
WEBSOCKET_NUMBER(NEU_REQ_UPDATE_TAG, 61);
WEBSOCKET_NUMBER(NEU_REQRESP_TRANS_DATA, 70);
WEBSOCKET_NUMBER(NEU_REQRESP_NODES_STATE, 71);
WEBSOCKET_NUMBER(NEU_REQRESP_NODE_DELETED, 72);
WEBSOCKET_NUMBER(NEU_REQ_DRIVER_ACTION, 84);
WEBSOCKET_NUMBER(NEU_RESP_DRIVER_ACTION, 85);

/* constants */
WEBSOCKET_NUMBER(NEURON_PLUGIN_VER_1_0, 134402);
WEBSOCKET_NUMBER(NEU_GROUP_NAME_LEN, 128);
WEBSOCKET_NUMBER(NEU_LOG_LEVEL_LEN, 9);
WEBSOCKET_NUMBER(NEU_METRIC_DISCONNECTION_1800S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_DISCONNECTION_600S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_DISCONNECTION_60S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_RECV_BYTES_30S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_RECV_BYTES_5S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_RECV_BYTES_60S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_RECV_MSGS_30S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_RECV_MSGS_5S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_RECV_MSGS_60S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_SEND_BYTES_30S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_SEND_BYTES_5S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_SEND_BYTES_60S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_TRANS_DATA_30S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_TRANS_DATA_5S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_METRIC_TRANS_DATA_60S_TYPE, 3);
WEBSOCKET_NUMBER(NEU_NODE_NAME_LEN, 128);
WEBSOCKET_NUMBER(NEU_TAG_FORMAT_LENGTH, 16);
WEBSOCKET_NUMBER(NEU_TAG_META_LENGTH, 20);
WEBSOCKET_NUMBER(NEU_TAG_NAME_LEN, 128);
WEBSOCKET_NUMBER(NEU_VALUE_SIZE, 256);
WEBSOCKET_NUMBER(NEU_VERSION_FIX, 2);
WEBSOCKET_NUMBER(NEU_VERSION_MAJOR, 2);
WEBSOCKET_NUMBER(NEU_VERSION_MINOR, 13);

#endif
