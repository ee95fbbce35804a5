// SPDX-License-Identifier: Apache-2.0
/*
 * Values and tags of the Neuron gateway, alike in versions 2.12 to 2.15.
 */
#ifndef WEBSOCKET_HOST_TYPES_H
#define WEBSOCKET_HOST_TYPES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEU_VERSION_MAJOR 2
#define NEU_VERSION(major, minor, fix) ((major) << 16 | (minor) << 8 | (fix))
#define NEURON_PLUGIN_VER_1_0 \
    NEU_VERSION(NEU_VERSION_MAJOR, NEU_VERSION_MINOR, NEU_VERSION_FIX)

#define NEU_NODE_NAME_LEN 128
#define NEU_GROUP_NAME_LEN 128
#define NEU_TAG_NAME_LEN 128
#define NEU_TAG_META_LENGTH 20
#define NEU_TAG_FORMAT_LENGTH 16
#define NEU_LOG_LEVEL_LEN 9
#define NEU_VALUE_SIZE 256

/* The errors a northbound plugin gives or meets. */
typedef enum {
    NEU_ERR_SUCCESS                    = 0,
    NEU_ERR_EINTERNAL                  = 1001,
    NEU_ERR_BODY_IS_WRONG              = 1002,
    NEU_ERR_PARAM_IS_WRONG             = 1003,
    NEU_ERR_IS_BUSY                    = 1010,
    NEU_ERR_FILE_NOT_EXIST             = 1011,
    NEU_ERR_NODE_NOT_EXIST             = 2003,
    NEU_ERR_NODE_SETTING_INVALID       = 2004,
    NEU_ERR_NODE_NOT_READY             = 2006,
    NEU_ERR_NODE_NAME_TOO_LONG         = 2010,
    NEU_ERR_GROUP_PARAMETER_INVALID    = 2105,
    NEU_ERR_GROUP_NOT_EXIST            = 2106,
    NEU_ERR_GROUP_NAME_TOO_LONG        = 2107,
    NEU_ERR_TAG_NOT_EXIST              = 2201,
    NEU_ERR_TAG_NAME_TOO_LONG          = 2206,
    NEU_ERR_PLUGIN_TAG_VALUE_EXPIRED   = 3008,
    NEU_ERR_PLUGIN_TYPE_NOT_SUPPORT    = 3019,
    NEU_ERR_STRING_TOO_LONG            = 4100,
} neu_err_code_e;

typedef enum {
    NEU_NA_TYPE_DRIVER = 1,
    NEU_NA_TYPE_APP    = 2,
} neu_node_type_e;

typedef enum {
    NEU_PLUGIN_KIND_STATIC = 0,
    NEU_PLUGIN_KIND_SYSTEM = 1,
    NEU_PLUGIN_KIND_CUSTOM = 2,
} neu_plugin_kind_e;

typedef enum {
    NEU_NODE_LINK_STATE_DISCONNECTED = 0,
    NEU_NODE_LINK_STATE_CONNECTED    = 1,
} neu_node_link_state_e;

typedef enum {
    NEU_NODE_RUNNING_STATE_INIT    = 1,
    NEU_NODE_RUNNING_STATE_READY   = 2,
    NEU_NODE_RUNNING_STATE_RUNNING = 3,
    NEU_NODE_RUNNING_STATE_STOPPED = 4,
} neu_node_running_state_e;

typedef enum {
    NEU_TAG_CACHE_TYPE_INTERVAL = 0,
    NEU_TAG_CACHE_TYPE_NEVER    = 1,
} neu_tag_cache_type_e;

typedef enum {
    NEU_EVENT_TIMER_BLOCK   = 0,
    NEU_EVENT_TIMER_NOBLOCK = 1,
} neu_event_timer_type_e;

typedef enum {
    NEU_ATTRIBUTE_READ      = 1,
    NEU_ATTRIBUTE_WRITE     = 2,
    NEU_ATTRIBUTE_SUBSCRIBE = 4,
} neu_attribute_e;

typedef enum {
    NEU_TYPE_INT8          = 1,
    NEU_TYPE_UINT8         = 2,
    NEU_TYPE_INT16         = 3,
    NEU_TYPE_UINT16        = 4,
    NEU_TYPE_INT32         = 5,
    NEU_TYPE_UINT32        = 6,
    NEU_TYPE_INT64         = 7,
    NEU_TYPE_UINT64        = 8,
    NEU_TYPE_FLOAT         = 9,
    NEU_TYPE_DOUBLE        = 10,
    NEU_TYPE_BIT           = 11,
    NEU_TYPE_BOOL          = 12,
    NEU_TYPE_STRING        = 13,
    NEU_TYPE_BYTES         = 14,
    NEU_TYPE_ERROR         = 15,
    NEU_TYPE_WORD          = 16,
    NEU_TYPE_DWORD         = 17,
    NEU_TYPE_LWORD         = 18,
    NEU_TYPE_PTR           = 19,
    NEU_TYPE_TIME          = 20,
    NEU_TYPE_DATA_AND_TIME = 21,
    NEU_TYPE_ARRAY_CHAR    = 22,
    NEU_TYPE_ARRAY_INT8    = 23,
    NEU_TYPE_ARRAY_UINT8   = 24,
    NEU_TYPE_ARRAY_INT16   = 25,
    NEU_TYPE_ARRAY_UINT16  = 26,
    NEU_TYPE_ARRAY_INT32   = 27,
    NEU_TYPE_ARRAY_UINT32  = 28,
    NEU_TYPE_ARRAY_INT64   = 29,
    NEU_TYPE_ARRAY_UINT64  = 30,
    NEU_TYPE_ARRAY_FLOAT   = 31,
    NEU_TYPE_ARRAY_DOUBLE  = 32,
    NEU_TYPE_ARRAY_BOOL    = 33,
    NEU_TYPE_ARRAY_STRING  = 34,
    NEU_TYPE_CUSTOM        = 40,
} neu_type_e;

/* Jansson's value, of the jansson that the host brings; opaque to us. */
typedef struct json_t json_t;
/* A category of the host's log; opaque to us. */
typedef struct zlog_category_s zlog_category_t;

/* uthash's dynamic array: `i` elements of `icd.sz` bytes at `d`. */
typedef struct {
    size_t sz;
    void (*init)(void *element);
    void (*copy)(void *to, const void *from);
    void (*dtor)(void *element);
} UT_icd;

typedef struct {
    unsigned i, n;
    UT_icd   icd;
    char    *d;
} UT_array;

typedef struct {
    uint8_t bytes[NEU_VALUE_SIZE];
    uint8_t length;
} neu_value_bytes_t;

/* Text or bytes of `length`; a NUL behind them is not sure. */
typedef struct {
    neu_type_e type;
    uint16_t   length;
    uint8_t   *ptr;
} neu_value_ptr_t;

#define WEBSOCKET_HOST_ARRAY(name, element, member) \
    typedef struct {                                \
        element *member;                            \
        uint32_t length;                            \
    } neu_value_array_##name

WEBSOCKET_HOST_ARRAY(int8_t, int8_t, i8s);
WEBSOCKET_HOST_ARRAY(uint8_t, uint8_t, u8s);
WEBSOCKET_HOST_ARRAY(int16_t, int16_t, i16s);
WEBSOCKET_HOST_ARRAY(uint16_t, uint16_t, u16s);
WEBSOCKET_HOST_ARRAY(int32_t, int32_t, i32s);
WEBSOCKET_HOST_ARRAY(uint32_t, uint32_t, u32s);
WEBSOCKET_HOST_ARRAY(int64_t, int64_t, i64s);
WEBSOCKET_HOST_ARRAY(uint64_t, uint64_t, u64s);
WEBSOCKET_HOST_ARRAY(float_t, float, f32s);
WEBSOCKET_HOST_ARRAY(double_t, double, f64s);
WEBSOCKET_HOST_ARRAY(bool_t, bool, bools);
WEBSOCKET_HOST_ARRAY(string_t, char *, strs);

typedef union {
    bool                     boolean;
    int8_t                   i8;
    uint8_t                  u8;
    int16_t                  i16;
    uint16_t                 u16;
    int32_t                  i32;
    uint32_t                 u32;
    int64_t                  i64;
    uint64_t                 u64;
    float                    f32;
    double                   d64;
    char                     str[NEU_VALUE_SIZE];
    neu_value_bytes_t        bytes;
    neu_value_ptr_t          ptr;
    json_t                  *json;
    neu_value_array_int8_t   i8s;
    neu_value_array_uint8_t  u8s;
    neu_value_array_int16_t  i16s;
    neu_value_array_uint16_t u16s;
    neu_value_array_int32_t  i32s;
    neu_value_array_uint32_t u32s;
    neu_value_array_int64_t  i64s;
    neu_value_array_uint64_t u64s;
    neu_value_array_float_t  f32s;
    neu_value_array_double_t f64s;
    neu_value_array_bool_t   bools;
    neu_value_array_string_t strs;
} neu_value_u;

typedef struct {
    neu_type_e  type;
    neu_value_u value;
    uint8_t     precision;
} neu_dvalue_t;

typedef struct {
    char         name[NEU_TAG_NAME_LEN];
    neu_dvalue_t value;
} neu_tag_meta_t;

/* How a tag's address is read; only its size and place matter to us. */
typedef union {
    struct {
        uint32_t endian;
    } value16;
    struct {
        uint32_t endian;
        bool     is_default;
    } value32;
    struct {
        uint32_t endian;
        bool     is_default;
    } value64;
    struct {
        uint16_t length;
        uint32_t type;
        bool     is_default;
    } string;
    struct {
        uint8_t length;
    } bytes;
    struct {
        bool    op;
        uint8_t bit;
    } bit;
} neu_datatag_addr_option_u;

/* The members of neu_datatag_t before and after those that versions differ in:
   a version's header puts them together. */
#define WEBSOCKET_HOST_DATATAG_HEAD \
    char           *name;           \
    char           *address;        \
    neu_attribute_e attribute;      \
    neu_type_e      type;           \
    uint8_t         precision;      \
    double          decimal;        \
    double          bias;           \
    char           *description

#define WEBSOCKET_HOST_DATATAG_TAIL                \
    neu_datatag_addr_option_u option;              \
    uint8_t                   meta[NEU_TAG_META_LENGTH]; \
    uint8_t                   format[NEU_TAG_FORMAT_LENGTH]; \
    uint8_t                   n_format

#endif
