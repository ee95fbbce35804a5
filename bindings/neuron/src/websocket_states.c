// SPDX-License-Identifier: Apache-2.0
#include "websocket_states.h"

#include <stdlib.h>
#include <string.h>

#include "websocket_library.h"
#include "websocket_plugin_intf.h"

void websocket_states_ask(neu_plugin_t *plugin)
{
    neu_reqresp_head_t head    = { .type = NEU_REQ_GET_NODES_STATE };
    char               nothing = 0;

    plugin->common.adapter_callbacks->command(plugin->common.adapter, head,
                                              &nothing);
}

void websocket_states_push(neu_plugin_t *plugin, const UT_array *states)
{
    const neu_nodes_state_t  *from = NULL;
    neuron_ws_driver_state_t *to   = NULL;
    char(*names)[NEU_NODE_NAME_LEN + 1];

    if (plugin->node == NULL || states == NULL || states->i == 0 ||
        states->d == NULL || states->icd.sz != sizeof(*from)) {
        return;
    }
    from  = (const neu_nodes_state_t *) states->d;
    to    = calloc(states->i, sizeof(*to));
    names = calloc(states->i, sizeof(*names));
    for (unsigned i = 0; to != NULL && names != NULL && i < states->i; i++) {
        memcpy(names[i], from[i].node, NEU_NODE_NAME_LEN);
        to[i].node      = names[i];
        to[i].link      = (int32_t) from[i].state.link;
        to[i].running   = (int32_t) from[i].state.running;
        to[i].is_driver = from[i].is_driver;
    }
    if (to != NULL && names != NULL) {
        websocket_library.node_push_states(plugin->node, to, states->i,
                                           sizeof(*to), NULL);
    }
    free(to);
    free(names);
}
