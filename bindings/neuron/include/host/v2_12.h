// SPDX-License-Identifier: Apache-2.0
/*
 * Neuron 2.12: the reference that the later ones differ from.
 */
#ifndef WEBSOCKET_HOST_V2_12_H
#define WEBSOCKET_HOST_V2_12_H

#define NEU_VERSION_MINOR 12
#define NEU_VERSION_FIX 5

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
    NEU_REQ_GET_NODES_STATE        = 40,
    NEU_RESP_GET_NODES_STATE       = 41,
    NEU_REQ_DEL_GROUP              = 46,
    NEU_REQ_UPDATE_GROUP           = 47,
    NEU_REQ_ADD_TAG                = 54,
    NEU_REQ_DEL_TAG                = 58,
    NEU_REQ_UPDATE_TAG             = 59,
    NEU_REQRESP_TRANS_DATA         = 68,
    NEU_REQRESP_NODES_STATE        = 69,
    NEU_REQRESP_NODE_DELETED       = 70,
    NEU_REQ_DRIVER_ACTION          = 80,
    NEU_RESP_DRIVER_ACTION         = 81,
} neu_reqresp_type_e;

typedef struct {
    WEBSOCKET_HOST_DATATAG_HEAD;
    WEBSOCKET_HOST_DATATAG_TAIL;
} neu_datatag_t;

/* No such member in neu_plugin_intf_funs_t yet. */
#define WEBSOCKET_HOST_TRY_CONNECT

#endif
