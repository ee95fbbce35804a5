/*
 * What the declarations for Neuron 2.15 must be. Made by
 * tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit.
 */
#ifndef WEBSOCKET_HOST_ASSERTIONS_2_15_H
#define WEBSOCKET_HOST_ASSERTIONS_2_15_H

#include "assertions.h"

WEBSOCKET_SIZE(neu_plugin_common_t, 176);
WEBSOCKET_MEMBER(neu_plugin_common_t, magic, 0, 4);
WEBSOCKET_MEMBER(neu_plugin_common_t, adapter, 8, 8);
WEBSOCKET_MEMBER(neu_plugin_common_t, adapter_callbacks, 16, 8);
WEBSOCKET_MEMBER(neu_plugin_common_t, name, 24, 128);
WEBSOCKET_MEMBER(neu_plugin_common_t, link_state, 152, 4);
WEBSOCKET_MEMBER(neu_plugin_common_t, log_level, 156, 9);
WEBSOCKET_MEMBER(neu_plugin_common_t, log, 168, 8);

WEBSOCKET_SIZE(neu_plugin_intf_funs_t, 208);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, open, 0, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, close, 8, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, init, 16, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, uninit, 24, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, start, 32, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, stop, 40, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, setting, 48, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, try_connect, 56, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, request, 64, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver, 72, 136);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.validate_tag, 72, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.group_timer, 80, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.group_sync, 88, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.write_tag, 96, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.write_tags, 104, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.tag_validator, 112, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.load_tags, 120, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.add_tags, 128, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.del_tags, 136, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.scan_tags, 144, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.test_read_tag, 152, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.action, 160, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.directory, 168, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fup_open, 176, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fup_data, 184, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fdown_open, 192, 8);
WEBSOCKET_MEMBER(neu_plugin_intf_funs_t, driver.fdown_data, 200, 8);

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

WEBSOCKET_SIZE(neu_reqresp_trans_data_ctx_t, 48);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_ctx_t, index, 0, 2);
WEBSOCKET_MEMBER(neu_reqresp_trans_data_ctx_t, mtx, 8, 40);

WEBSOCKET_SIZE(neu_resp_tag_value_meta_t, 544);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, tag, 0, 128);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, value, 128, 280);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, metas, 408, 8);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, n_meta, 416, 4);
WEBSOCKET_MEMBER(neu_resp_tag_value_meta_t, datatag, 424, 120);

WEBSOCKET_SIZE(neu_resp_tag_value_t, 408);
WEBSOCKET_MEMBER(neu_resp_tag_value_t, tag, 0, 128);
WEBSOCKET_MEMBER(neu_resp_tag_value_t, value, 128, 280);

WEBSOCKET_SIZE(neu_dvalue_t, 280);
WEBSOCKET_MEMBER(neu_dvalue_t, type, 0, 4);
WEBSOCKET_MEMBER(neu_dvalue_t, value, 8, 264);
WEBSOCKET_MEMBER(neu_dvalue_t, precision, 272, 1);

WEBSOCKET_SIZE(neu_value_u, 264);
WEBSOCKET_MEMBER(neu_value_u, boolean, 0, 1);
WEBSOCKET_MEMBER(neu_value_u, i8, 0, 1);
WEBSOCKET_MEMBER(neu_value_u, u8, 0, 1);
WEBSOCKET_MEMBER(neu_value_u, i16, 0, 2);
WEBSOCKET_MEMBER(neu_value_u, u16, 0, 2);
WEBSOCKET_MEMBER(neu_value_u, i32, 0, 4);
WEBSOCKET_MEMBER(neu_value_u, u32, 0, 4);
WEBSOCKET_MEMBER(neu_value_u, i64, 0, 8);
WEBSOCKET_MEMBER(neu_value_u, u64, 0, 8);
WEBSOCKET_MEMBER(neu_value_u, f32, 0, 4);
WEBSOCKET_MEMBER(neu_value_u, d64, 0, 8);
WEBSOCKET_MEMBER(neu_value_u, str, 0, 256);
WEBSOCKET_MEMBER(neu_value_u, bytes, 0, 257);
WEBSOCKET_MEMBER(neu_value_u, ptr, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, json, 0, 8);
WEBSOCKET_MEMBER(neu_value_u, i8s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, u8s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, i16s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, u16s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, i32s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, u32s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, i64s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, u64s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, f32s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, f64s, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, bools, 0, 16);
WEBSOCKET_MEMBER(neu_value_u, strs, 0, 16);

WEBSOCKET_SIZE(neu_value_bytes_t, 257);
WEBSOCKET_MEMBER(neu_value_bytes_t, bytes, 0, 256);
WEBSOCKET_MEMBER(neu_value_bytes_t, length, 256, 1);

WEBSOCKET_SIZE(neu_value_ptr_t, 16);
WEBSOCKET_MEMBER(neu_value_ptr_t, type, 0, 4);
WEBSOCKET_MEMBER(neu_value_ptr_t, length, 4, 2);
WEBSOCKET_MEMBER(neu_value_ptr_t, ptr, 8, 8);

WEBSOCKET_SIZE(neu_value_array_int8_t, 16);
WEBSOCKET_MEMBER(neu_value_array_int8_t, i8s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_int8_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_uint8_t, 16);
WEBSOCKET_MEMBER(neu_value_array_uint8_t, u8s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_uint8_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_int16_t, 16);
WEBSOCKET_MEMBER(neu_value_array_int16_t, i16s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_int16_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_uint16_t, 16);
WEBSOCKET_MEMBER(neu_value_array_uint16_t, u16s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_uint16_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_int32_t, 16);
WEBSOCKET_MEMBER(neu_value_array_int32_t, i32s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_int32_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_uint32_t, 16);
WEBSOCKET_MEMBER(neu_value_array_uint32_t, u32s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_uint32_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_int64_t, 16);
WEBSOCKET_MEMBER(neu_value_array_int64_t, i64s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_int64_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_uint64_t, 16);
WEBSOCKET_MEMBER(neu_value_array_uint64_t, u64s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_uint64_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_float_t, 16);
WEBSOCKET_MEMBER(neu_value_array_float_t, f32s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_float_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_double_t, 16);
WEBSOCKET_MEMBER(neu_value_array_double_t, f64s, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_double_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_bool_t, 16);
WEBSOCKET_MEMBER(neu_value_array_bool_t, bools, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_bool_t, length, 8, 4);

WEBSOCKET_SIZE(neu_value_array_string_t, 16);
WEBSOCKET_MEMBER(neu_value_array_string_t, strs, 0, 8);
WEBSOCKET_MEMBER(neu_value_array_string_t, length, 8, 4);

WEBSOCKET_SIZE(neu_tag_meta_t, 408);
WEBSOCKET_MEMBER(neu_tag_meta_t, name, 0, 128);
WEBSOCKET_MEMBER(neu_tag_meta_t, value, 128, 280);

WEBSOCKET_SIZE(neu_datatag_t, 120);
WEBSOCKET_MEMBER(neu_datatag_t, name, 0, 8);
WEBSOCKET_MEMBER(neu_datatag_t, address, 8, 8);
WEBSOCKET_MEMBER(neu_datatag_t, attribute, 16, 4);
WEBSOCKET_MEMBER(neu_datatag_t, type, 20, 4);
WEBSOCKET_MEMBER(neu_datatag_t, precision, 24, 1);
WEBSOCKET_MEMBER(neu_datatag_t, decimal, 32, 8);
WEBSOCKET_MEMBER(neu_datatag_t, bias, 40, 8);
WEBSOCKET_MEMBER(neu_datatag_t, description, 48, 8);
WEBSOCKET_MEMBER(neu_datatag_t, unit, 56, 8);
WEBSOCKET_MEMBER(neu_datatag_t, option, 64, 12);
WEBSOCKET_MEMBER(neu_datatag_t, meta, 76, 20);
WEBSOCKET_MEMBER(neu_datatag_t, format, 96, 16);
WEBSOCKET_MEMBER(neu_datatag_t, n_format, 112, 1);

WEBSOCKET_SIZE(neu_datatag_addr_option_u, 12);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value16, 0, 4);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value16.endian, 0, 4);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value32, 0, 8);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value32.endian, 0, 4);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value32.is_default, 4, 1);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value64, 0, 8);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value64.endian, 0, 4);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, value64.is_default, 4, 1);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, string, 0, 12);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, string.length, 0, 2);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, string.type, 4, 4);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, string.is_default, 8, 1);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, bytes, 0, 1);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, bytes.length, 0, 1);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, bit, 0, 2);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, bit.op, 0, 1);
WEBSOCKET_MEMBER(neu_datatag_addr_option_u, bit.bit, 1, 1);

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

WEBSOCKET_SIZE(neu_resp_error_t, 4);
WEBSOCKET_MEMBER(neu_resp_error_t, error, 0, 4);

WEBSOCKET_SIZE(neu_req_read_group_t, 48);
WEBSOCKET_MEMBER(neu_req_read_group_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, name, 16, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, desc, 24, 8);
WEBSOCKET_MEMBER(neu_req_read_group_t, sync, 32, 1);
WEBSOCKET_MEMBER(neu_req_read_group_t, n_tag, 34, 2);
WEBSOCKET_MEMBER(neu_req_read_group_t, tags, 40, 8);

WEBSOCKET_SIZE(neu_resp_read_group_t, 24);
WEBSOCKET_MEMBER(neu_resp_read_group_t, driver, 0, 8);
WEBSOCKET_MEMBER(neu_resp_read_group_t, group, 8, 8);
WEBSOCKET_MEMBER(neu_resp_read_group_t, tags, 16, 8);

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

WEBSOCKET_SIZE(neu_resp_write_tags_t, 8);
WEBSOCKET_MEMBER(neu_resp_write_tags_t, tags, 0, 8);

WEBSOCKET_SIZE(neu_resp_write_tags_ele_t, 260);
WEBSOCKET_MEMBER(neu_resp_write_tags_ele_t, group, 0, 128);
WEBSOCKET_MEMBER(neu_resp_write_tags_ele_t, tag, 128, 128);
WEBSOCKET_MEMBER(neu_resp_write_tags_ele_t, error, 256, 4);

WEBSOCKET_SIZE(neu_req_get_nodes_state_t, 0);

WEBSOCKET_SIZE(neu_resp_get_nodes_state_t, 16);
WEBSOCKET_MEMBER(neu_resp_get_nodes_state_t, states, 0, 8);
WEBSOCKET_MEMBER(neu_resp_get_nodes_state_t, core_level, 8, 4);

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

WEBSOCKET_SIZE(neu_resp_driver_action_t, 4);
WEBSOCKET_MEMBER(neu_resp_driver_action_t, error, 0, 4);

WEBSOCKET_SIZE(UT_array, 48);
WEBSOCKET_MEMBER(UT_array, i, 0, 4);
WEBSOCKET_MEMBER(UT_array, n, 4, 4);
WEBSOCKET_MEMBER(UT_array, icd, 8, 32);
WEBSOCKET_MEMBER(UT_array, d, 40, 8);

WEBSOCKET_SIZE(UT_icd, 32);
WEBSOCKET_MEMBER(UT_icd, sz, 0, 8);
WEBSOCKET_MEMBER(UT_icd, init, 8, 8);
WEBSOCKET_MEMBER(UT_icd, copy, 16, 8);
WEBSOCKET_MEMBER(UT_icd, dtor, 24, 8);

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
WEBSOCKET_NUMBER(NEU_REQ_GET_NODES_STATE, 41);
WEBSOCKET_NUMBER(NEU_RESP_GET_NODES_STATE, 42);
WEBSOCKET_NUMBER(NEU_REQ_DEL_GROUP, 47);
WEBSOCKET_NUMBER(NEU_REQ_UPDATE_GROUP, 48);
WEBSOCKET_NUMBER(NEU_REQ_ADD_TAG, 55);
WEBSOCKET_NUMBER(NEU_REQ_DEL_TAG, 61);
WEBSOCKET_NUMBER(NEU_REQ_UPDATE_TAG, 62);
WEBSOCKET_NUMBER(NEU_REQRESP_TRANS_DATA, 73);
WEBSOCKET_NUMBER(NEU_REQRESP_NODES_STATE, 74);
WEBSOCKET_NUMBER(NEU_REQRESP_NODE_DELETED, 75);
WEBSOCKET_NUMBER(NEU_REQ_DRIVER_ACTION, 87);
WEBSOCKET_NUMBER(NEU_RESP_DRIVER_ACTION, 88);

/* neu_type_e */
WEBSOCKET_NUMBER(NEU_TYPE_INT8, 1);
WEBSOCKET_NUMBER(NEU_TYPE_UINT8, 2);
WEBSOCKET_NUMBER(NEU_TYPE_INT16, 3);
WEBSOCKET_NUMBER(NEU_TYPE_UINT16, 4);
WEBSOCKET_NUMBER(NEU_TYPE_INT32, 5);
WEBSOCKET_NUMBER(NEU_TYPE_UINT32, 6);
WEBSOCKET_NUMBER(NEU_TYPE_INT64, 7);
WEBSOCKET_NUMBER(NEU_TYPE_UINT64, 8);
WEBSOCKET_NUMBER(NEU_TYPE_FLOAT, 9);
WEBSOCKET_NUMBER(NEU_TYPE_DOUBLE, 10);
WEBSOCKET_NUMBER(NEU_TYPE_BIT, 11);
WEBSOCKET_NUMBER(NEU_TYPE_BOOL, 12);
WEBSOCKET_NUMBER(NEU_TYPE_STRING, 13);
WEBSOCKET_NUMBER(NEU_TYPE_BYTES, 14);
WEBSOCKET_NUMBER(NEU_TYPE_ERROR, 15);
WEBSOCKET_NUMBER(NEU_TYPE_WORD, 16);
WEBSOCKET_NUMBER(NEU_TYPE_DWORD, 17);
WEBSOCKET_NUMBER(NEU_TYPE_LWORD, 18);
WEBSOCKET_NUMBER(NEU_TYPE_PTR, 19);
WEBSOCKET_NUMBER(NEU_TYPE_TIME, 20);
WEBSOCKET_NUMBER(NEU_TYPE_DATA_AND_TIME, 21);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_CHAR, 22);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_INT8, 23);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_UINT8, 24);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_INT16, 25);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_UINT16, 26);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_INT32, 27);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_UINT32, 28);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_INT64, 29);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_UINT64, 30);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_FLOAT, 31);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_DOUBLE, 32);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_BOOL, 33);
WEBSOCKET_NUMBER(NEU_TYPE_ARRAY_STRING, 34);
WEBSOCKET_NUMBER(NEU_TYPE_CUSTOM, 40);

/* neu_node_type_e */
WEBSOCKET_NUMBER(NEU_NA_TYPE_DRIVER, 1);
WEBSOCKET_NUMBER(NEU_NA_TYPE_APP, 2);

/* neu_plugin_kind_e */
WEBSOCKET_NUMBER(NEU_PLUGIN_KIND_STATIC, 0);
WEBSOCKET_NUMBER(NEU_PLUGIN_KIND_SYSTEM, 1);
WEBSOCKET_NUMBER(NEU_PLUGIN_KIND_CUSTOM, 2);

/* neu_node_link_state_e */
WEBSOCKET_NUMBER(NEU_NODE_LINK_STATE_DISCONNECTED, 0);
WEBSOCKET_NUMBER(NEU_NODE_LINK_STATE_CONNECTED, 1);

/* neu_node_running_state_e */
WEBSOCKET_NUMBER(NEU_NODE_RUNNING_STATE_INIT, 1);
WEBSOCKET_NUMBER(NEU_NODE_RUNNING_STATE_READY, 2);
WEBSOCKET_NUMBER(NEU_NODE_RUNNING_STATE_RUNNING, 3);
WEBSOCKET_NUMBER(NEU_NODE_RUNNING_STATE_STOPPED, 4);

/* neu_metric_type_e */
WEBSOCKET_NUMBER(NEU_METRIC_TYPE_COUNTER, 0);
WEBSOCKET_NUMBER(NEU_METRIC_TYPE_GAUAGE, 1);
WEBSOCKET_NUMBER(NEU_METRIC_TYPE_COUNTER_SET, 2);
WEBSOCKET_NUMBER(NEU_METRIC_TYPE_ROLLING_COUNTER, 3);
WEBSOCKET_NUMBER(NEU_METRIC_TYPE_FLAG_NO_RESET, 128);

/* neu_err_code_e */
WEBSOCKET_NUMBER(NEU_ERR_SUCCESS, 0);
WEBSOCKET_NUMBER(NEU_ERR_EINTERNAL, 1001);
WEBSOCKET_NUMBER(NEU_ERR_BODY_IS_WRONG, 1002);
WEBSOCKET_NUMBER(NEU_ERR_PARAM_IS_WRONG, 1003);
WEBSOCKET_NUMBER(NEU_ERR_IS_BUSY, 1010);
WEBSOCKET_NUMBER(NEU_ERR_FILE_NOT_EXIST, 1011);
WEBSOCKET_NUMBER(NEU_ERR_NODE_NOT_EXIST, 2003);
WEBSOCKET_NUMBER(NEU_ERR_NODE_SETTING_INVALID, 2004);
WEBSOCKET_NUMBER(NEU_ERR_NODE_NOT_READY, 2006);
WEBSOCKET_NUMBER(NEU_ERR_NODE_NAME_TOO_LONG, 2010);
WEBSOCKET_NUMBER(NEU_ERR_GROUP_PARAMETER_INVALID, 2105);
WEBSOCKET_NUMBER(NEU_ERR_GROUP_NOT_EXIST, 2106);
WEBSOCKET_NUMBER(NEU_ERR_GROUP_NAME_TOO_LONG, 2107);
WEBSOCKET_NUMBER(NEU_ERR_TAG_NOT_EXIST, 2201);
WEBSOCKET_NUMBER(NEU_ERR_TAG_NAME_TOO_LONG, 2206);
WEBSOCKET_NUMBER(NEU_ERR_PLUGIN_TAG_VALUE_EXPIRED, 3008);
WEBSOCKET_NUMBER(NEU_ERR_PLUGIN_TYPE_NOT_SUPPORT, 3019);
WEBSOCKET_NUMBER(NEU_ERR_STRING_TOO_LONG, 4100);

/* neu_attribute_e */
WEBSOCKET_NUMBER(NEU_ATTRIBUTE_READ, 1);
WEBSOCKET_NUMBER(NEU_ATTRIBUTE_WRITE, 2);
WEBSOCKET_NUMBER(NEU_ATTRIBUTE_SUBSCRIBE, 4);

/* neu_tag_cache_type_e */
WEBSOCKET_NUMBER(NEU_TAG_CACHE_TYPE_INTERVAL, 0);
WEBSOCKET_NUMBER(NEU_TAG_CACHE_TYPE_NEVER, 1);

/* neu_event_timer_type_e */
WEBSOCKET_NUMBER(NEU_EVENT_TIMER_BLOCK, 0);
WEBSOCKET_NUMBER(NEU_EVENT_TIMER_NOBLOCK, 1);

/* constants */
WEBSOCKET_NUMBER(NEURON_PLUGIN_VER_1_0, 134913);
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
WEBSOCKET_NUMBER(NEU_VERSION_FIX, 1);
WEBSOCKET_NUMBER(NEU_VERSION_MAJOR, 2);
WEBSOCKET_NUMBER(NEU_VERSION_MINOR, 15);

/* names and descriptions of metrics */
WEBSOCKET_TEXT(
    NEU_METRIC_DISCONNECTION_1800S,
    "last_1800s_disconnections");
WEBSOCKET_TEXT(
    NEU_METRIC_DISCONNECTION_600S,
    "last_600s_disconnections");
WEBSOCKET_TEXT(
    NEU_METRIC_DISCONNECTION_60S,
    "last_60s_disconnections");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_BYTES_30S,
    "last_30s_recv_bytes");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_BYTES_5S,
    "last_5s_recv_bytes");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_BYTES_60S,
    "last_60s_recv_bytes");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_30S,
    "last_30s_recv_msgs");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_5S,
    "last_5s_recv_msgs");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_60S,
    "last_60s_recv_msgs");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_TOTAL,
    "recv_msgs_total");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_BYTES_30S,
    "last_30s_send_bytes");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_BYTES_5S,
    "last_5s_send_bytes");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_BYTES_60S,
    "last_60s_send_bytes");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_MSGS_TOTAL,
    "send_msgs_total");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_MSG_ERRORS_TOTAL,
    "send_msg_errors_total");
WEBSOCKET_TEXT(
    NEU_METRIC_TRANS_DATA_30S,
    "last_30s_trans_data_msgs");
WEBSOCKET_TEXT(
    NEU_METRIC_TRANS_DATA_5S,
    "last_5s_trans_data_msgs");
WEBSOCKET_TEXT(
    NEU_METRIC_TRANS_DATA_60S,
    "last_60s_trans_data_msgs");
WEBSOCKET_TEXT(
    NEU_METRIC_DISCONNECTION_1800S_HELP,
    "Number of disconnection within the last 1800 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_DISCONNECTION_600S_HELP,
    "Number of disconnection within the last 600 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_DISCONNECTION_60S_HELP,
    "Number of disconnection within the last 60 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_BYTES_30S_HELP,
    "Number of bytes received within the last 30 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_BYTES_5S_HELP,
    "Number of bytes received within the last 5 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_BYTES_60S_HELP,
    "Number of bytes received within the last 60 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_30S_HELP,
    "Number of messages received within the last 30 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_5S_HELP,
    "Number of messages received within the last 5 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_RECV_MSGS_60S_HELP,
    "Number of messages received within the last 60 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_BYTES_30S_HELP,
    "Number of bytes sent within the last 30 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_BYTES_5S_HELP,
    "Number of bytes sent within the last 5 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_SEND_BYTES_60S_HELP,
    "Number of bytes sent within the last 60 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_TRANS_DATA_30S_HELP,
    "Number of internal trans data message within the last 30 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_TRANS_DATA_5S_HELP,
    "Number of internal trans data message within the last 5 seconds");
WEBSOCKET_TEXT(
    NEU_METRIC_TRANS_DATA_60S_HELP,
    "Number of internal trans data message within the last 60 seconds");

#endif
