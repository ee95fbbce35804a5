// SPDX-License-Identifier: Apache-2.0
/*
 * Neuron 2.14: the numbers of some messages.
 */
#ifndef WEBSOCKET_HOST_V2_14_H
#define WEBSOCKET_HOST_V2_14_H

#define NEU_VERSION_MINOR 14
#define NEU_VERSION_FIX 2

/* The messages that a northbound plugin sends or gets. */
typedef enum {
    NEU_RESP_ERROR                 = 0,
    NEU_REQ_READ_GROUP             = 1,
    NEU_RESP_READ_GROUP            = 2,
    NEU_REQ_WRITE_TAG              = 7,
    NEU_REQ_WRITE_TAGS             = 8,
    NEU_RESP_WRITE_TAGS            = 9,
    NEU_REQ_SUBSCRIBE_GROUP        = 11,
    NEU_REQ_UNSUBSCRIBE_GROUP      = 12,
    NEU_REQ_UPDATE_SUBSCRIBE_GROUP = 13,
    NEU_REQ_UPDATE_NODE            = 31,
    NEU_REQ_GET_NODES_STATE        = 41,
    NEU_RESP_GET_NODES_STATE       = 42,
    NEU_REQ_DEL_GROUP              = 47,
    NEU_REQ_UPDATE_GROUP           = 48,
    NEU_REQ_ADD_TAG                = 55,
    NEU_REQ_DEL_TAG                = 61,
    NEU_REQ_UPDATE_TAG             = 62,
    NEU_REQRESP_TRANS_DATA         = 71,
    NEU_REQRESP_NODES_STATE        = 72,
    NEU_REQRESP_NODE_DELETED       = 73,
    NEU_REQ_DRIVER_ACTION          = 85,
    NEU_RESP_DRIVER_ACTION         = 86,
} neu_reqresp_type_e;

typedef struct {
    WEBSOCKET_HOST_DATATAG_HEAD;
    WEBSOCKET_HOST_DATATAG_TAIL;
} neu_datatag_t;

/* No such member in neu_plugin_intf_funs_t yet. */
#define WEBSOCKET_HOST_TRY_CONNECT

#endif
