// SPDX-License-Identifier: Apache-2.0
/*
 * The host's database of its nodes, as the gateway's persister shows it: rows, and settings in a table of their own.
 * HOST_DATABASE says how it fares: "fails" (each call), "no rows" (they cannot be read, and no call says so), "cut"
 * (only the first row can be read).
 */
#include "host.h"

enum { NODES_MAX = 64 };

/* As of Neuron 2.12; later ones have a member more. */
typedef struct {
    char *name;
    int type;
    char *plugin_name;
    int state;
} node_info_t;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* The first is a driver. */
static char rows[NODES_MAX][NEU_NODE_NAME_LEN] = {"driver"};

static char *find(const char *name)
{
    for (int index = 0; index < NODES_MAX; index++) {
        if (strcmp(rows[index], name) == 0)
            return rows[index];
    }
    return NULL;
}

static bool fares(const char *how)
{
    const char *word = getenv("HOST_DATABASE");

    return word != NULL && strcmp(word, how) == 0;
}

void persist_add(const char *name)
{
    pthread_mutex_lock(&mutex);
    if (find(name) == NULL) {
        char *row = find("");

        CHECK(row != NULL, "too many nodes");
        snprintf(row, NEU_NODE_NAME_LEN, "%s", name);
    }
    pthread_mutex_unlock(&mutex);
}

void persist_rename(const char *name, const char *to)
{
    pthread_mutex_lock(&mutex);
    char *row = find(name);

    if (row != NULL)
        snprintf(row, NEU_NODE_NAME_LEN, "%s", to);
    pthread_mutex_unlock(&mutex);
}

void persist_remove(const char *name)
{
    persist_rename(name, "");
}

static void info_free(void *element)
{
    node_info_t *info = element;

    free(info->name);
    free(info->plugin_name);
}

int neu_persister_load_nodes(UT_array **nodes);
int neu_persister_load_nodes(UT_array **nodes)
{
    if (fares("fails")) {
        *nodes = NULL;
        return 1;
    }
    UT_array *array = calloc(1, sizeof *array);
    node_info_t *infos = calloc(NODES_MAX, sizeof *infos);

    CHECK(array != NULL && infos != NULL, "no memory");
    array->icd.sz = sizeof *infos;
    array->icd.dtor = info_free;
    array->n = NODES_MAX;
    array->d = (char *) infos;
    pthread_mutex_lock(&mutex);
    for (int index = 0; index < NODES_MAX && !fares("no rows"); index++) {
        if (rows[index][0] != '\0' && !(fares("cut") && array->i == 1))
            infos[array->i++] = (node_info_t){.name = strdup(rows[index]), .plugin_name = strdup("WebSocket")};
    }
    pthread_mutex_unlock(&mutex);
    *nodes = array;
    return 0;
}

int neu_persister_load_node_setting(const char *name, const char **setting);
int neu_persister_load_node_setting(const char *name, const char **setting)
{
    pthread_mutex_lock(&mutex);
    bool is_there = find(name) != NULL && !fares("fails");

    pthread_mutex_unlock(&mutex);
    if (is_there)
        *setting = strdup("{}");
    return is_there ? 0 : 1;
}
