// SPDX-License-Identifier: Apache-2.0
/*
 * Data from the host, as the library takes it.
 */
#ifndef WEBSOCKET_DATA_H
#define WEBSOCKET_DATA_H

#include "neuron_host.h"

#include <neuron_ws.h>

/* Tags of the library's that point into the host's; made by _make. */
typedef struct {
    neuron_ws_tag_t *tags;
    size_t           count;
    /* Where the tags were first, while their metas still lie there. */
    neuron_ws_tag_t *before;
    /* Texts that were written for tags of type CUSTOM. */
    char **texts;
    size_t text_count;
} websocket_tags_t;

/* From an array of neu_resp_tag_value_meta_t, NULL allowed. 0 or a neu_err. */
int websocket_tags_make(neu_plugin_t *plugin, const UT_array *values,
                        websocket_tags_t *tags);

/* Takes another array, of `count`, in place of the tags that were made. */
void websocket_tags_replace(websocket_tags_t *tags, neuron_ws_tag_t *by,
                            size_t count);

/* What they take in an answer at most, bytes; see neuron_ws_encode. */
size_t websocket_tags_size_max(const websocket_tags_t *tags);

void websocket_tags_free(websocket_tags_t *tags);

/* Forwards a group. The node's lock is held for reading. */
int websocket_trans_data(neu_plugin_t                   *plugin,
                         const neu_reqresp_trans_data_t *data,
                         int64_t                         timestamp_ms);

#endif
