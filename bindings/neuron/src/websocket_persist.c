// SPDX-License-Identifier: Apache-2.0
#include "websocket_persist.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "websocket_array.h"

/* A row begins so in every version. */
typedef struct {
    char *name;
} websocket_persist_node_t;

typedef int (*load_nodes_t)(UT_array **nodes);
typedef int (*load_node_setting_t)(const char *name, const char **setting);

/*
 * Of the rows, whether this one's is not among them. A database that cannot be
 * read gives fewer rows, and no error: at least one has to be there.
 */
static bool is_unlisted(load_nodes_t load, const char *name)
{
    UT_array *nodes = NULL;
    bool      found = true;

    if (load(&nodes) == 0 && nodes != NULL && nodes->i > 0) {
        found = false;
        for (unsigned i = 0; i < nodes->i && !found; i++) {
            const websocket_persist_node_t *node =
                (const void *) (nodes->d + i * nodes->icd.sz);
            found = node->name == NULL || strcmp(node->name, name) == 0;
        }
    }
    websocket_array_free(nodes);
    return !found;
}

bool websocket_persist_is_deleted(const char *name)
{
    load_nodes_t        load_nodes   = NULL;
    load_node_setting_t load_setting = NULL;
    const char         *setting      = NULL;

    *(void **) &load_nodes = dlsym(RTLD_DEFAULT, "neu_persister_load_nodes");
    *(void **) &load_setting =
        dlsym(RTLD_DEFAULT, "neu_persister_load_node_setting");
    if (load_nodes == NULL || load_setting == NULL ||
        !is_unlisted(load_nodes, name)) {
        return false;
    }
    /* Its settings go with its row, in another table: where these are still
       there the rows were not all read. */
    if (load_setting(name, &setting) == 0) {
        free((void *) setting);
        return false;
    }
    return true;
}
