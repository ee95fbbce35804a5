// SPDX-License-Identifier: Apache-2.0
/*
 * What the values of every Neuron must be. Made by
 * tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit.
 */
#ifndef WEBSOCKET_HOST_ASSERTIONS_VALUES_H
#define WEBSOCKET_HOST_ASSERTIONS_VALUES_H

#include "assertions.h"

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

#endif
