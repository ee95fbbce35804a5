// SPDX-License-Identifier: Apache-2.0
/*
 * What the plugin of every Neuron must be. Made by
 * tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit.
 */
#ifndef WEBSOCKET_HOST_ASSERTIONS_PLUGIN_H
#define WEBSOCKET_HOST_ASSERTIONS_PLUGIN_H

#include "assertions.h"

WEBSOCKET_SIZE(neu_plugin_common_t, 176);
WEBSOCKET_MEMBER(neu_plugin_common_t, magic, 0, 4);
WEBSOCKET_MEMBER(neu_plugin_common_t, adapter, 8, 8);
WEBSOCKET_MEMBER(neu_plugin_common_t, adapter_callbacks, 16, 8);
WEBSOCKET_MEMBER(neu_plugin_common_t, name, 24, 128);
WEBSOCKET_MEMBER(neu_plugin_common_t, link_state, 152, 4);
WEBSOCKET_MEMBER(neu_plugin_common_t, log_level, 156, 9);
WEBSOCKET_MEMBER(neu_plugin_common_t, log, 168, 8);

WEBSOCKET_SIZE(neu_plugin_module_t, 80);
WEBSOCKET_MEMBER(neu_plugin_module_t, version, 0, 4);
WEBSOCKET_MEMBER(neu_plugin_module_t, schema, 8, 8);
WEBSOCKET_MEMBER(neu_plugin_module_t, module_name, 16, 8);
WEBSOCKET_MEMBER(neu_plugin_module_t, module_descr, 24, 8);
WEBSOCKET_MEMBER(neu_plugin_module_t, module_descr_zh, 32, 8);
WEBSOCKET_MEMBER(neu_plugin_module_t, intf_funs, 40, 8);
WEBSOCKET_MEMBER(neu_plugin_module_t, type, 48, 4);
WEBSOCKET_MEMBER(neu_plugin_module_t, kind, 52, 4);
WEBSOCKET_MEMBER(neu_plugin_module_t, display, 56, 1);
WEBSOCKET_MEMBER(neu_plugin_module_t, single, 57, 1);
WEBSOCKET_MEMBER(neu_plugin_module_t, single_name, 64, 8);
WEBSOCKET_MEMBER(neu_plugin_module_t, timer_type, 72, 4);
WEBSOCKET_MEMBER(neu_plugin_module_t, cache_type, 76, 4);

WEBSOCKET_SIZE(adapter_callbacks_t, 144);
WEBSOCKET_MEMBER(adapter_callbacks_t, command, 0, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, response, 8, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, responseto, 16, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, register_metric, 24, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, update_metric, 32, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver, 40, 104);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.update, 40, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.update_with_trace, 48, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.update_with_meta, 56, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.write_response, 64, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.write_responses, 72, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.update_im, 80, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.update_im_f_m, 88, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.scan_tags_response, 96, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.test_read_tag_response, 104, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.directory_response, 112, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.fup_open_response, 120, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.fup_data_response, 128, 8);
WEBSOCKET_MEMBER(adapter_callbacks_t, driver.fdown_open_response, 136, 8);

WEBSOCKET_SIZE(neu_resp_tag_value_t, 408);
WEBSOCKET_MEMBER(neu_resp_tag_value_t, tag, 0, 128);
WEBSOCKET_MEMBER(neu_resp_tag_value_t, value, 128, 280);

WEBSOCKET_SIZE(neu_resp_error_t, 4);
WEBSOCKET_MEMBER(neu_resp_error_t, error, 0, 4);

WEBSOCKET_SIZE(neu_resp_read_group_t, 24);
WEBSOCKET_MEMBER(neu_resp_read_group_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_resp_read_group_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_resp_read_group_t, tags, 16, 8);

WEBSOCKET_SIZE(neu_resp_write_tags_t, 8);
WEBSOCKET_MEMBER(neu_resp_write_tags_t, tags, 0, 8);

WEBSOCKET_SIZE(neu_resp_write_tags_ele_t, 260);
WEBSOCKET_MEMBER(neu_resp_write_tags_ele_t, group, 0, 128);
WEBSOCKET_MEMBER(neu_resp_write_tags_ele_t, tag, 128, 128);
WEBSOCKET_MEMBER(neu_resp_write_tags_ele_t, error, 256, 4);

WEBSOCKET_SIZE(neu_resp_get_nodes_state_t, 16);
WEBSOCKET_MEMBER(neu_resp_get_nodes_state_t, states, 0, 8);
WEBSOCKET_MEMBER(neu_resp_get_nodes_state_t, core_level, 8, 4);

WEBSOCKET_SIZE(neu_resp_driver_action_t, 4);
WEBSOCKET_MEMBER(neu_resp_driver_action_t, error, 0, 4);

#endif
