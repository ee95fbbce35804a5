// SPDX-License-Identifier: Apache-2.0
/*
 * The variables of an operation, and the groups that they are in.
 */
#ifndef WEBSOCKET_VARIABLES_H
#define WEBSOCKET_VARIABLES_H

#include "neuron_host.h"

#include <neuron_ws.h>

#define WEBSOCKET_NO_GROUP SIZE_MAX

typedef struct {
    /* Its name without the group. */
    neuron_ws_tag_t tag;
    /* As the platform named it. */
    const char *asked;
    size_t      asked_length;
    /* Which of `groups`; WEBSOCKET_NO_GROUP: it was named without, and none
       was found. */
    size_t group;
    /* Another that has a tag of its name; WEBSOCKET_NO_GROUP: none. */
    size_t other;
} websocket_variable_t;

typedef struct {
    char name[NEU_GROUP_NAME_LEN];
    bool is_subscribed;
} websocket_group_t;

typedef struct {
    /* In the order of their groups, those without one last, and of one group
       in the order of their names. */
    websocket_variable_t *all;
    size_t                count;
    /* How many were named without a group: the last ones. */
    size_t open;
    /* By name. */
    websocket_group_t *groups;
    size_t             group_count;
    size_t             subscribed_count;
} websocket_variables_t;

/* Those of an operation, whose names live as long as these. The node's lock is
   held. False: no memory. */
bool websocket_variables_make(neu_plugin_t                   *plugin,
                              const neuron_ws_request_info_t *info,
                              websocket_variables_t          *variables);

/* All that were named without a group are in this one. */
void websocket_variables_settle(websocket_variables_t *variables, size_t group);

/* A group has tags of these names. */
void websocket_variables_found(websocket_variables_t *variables, size_t group,
                               const UT_array *tags);

/* What was found is in force. */
void websocket_variables_sort(websocket_variables_t *variables);

void websocket_variables_free(websocket_variables_t *variables);

#endif
