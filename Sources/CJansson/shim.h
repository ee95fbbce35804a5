// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CJANSSON_SHIM_H
#define NEURON_WS_CJANSSON_SHIM_H

#include <jansson.h>
/* malloc, realloc, free and strlen, for the byte buffers: the encoder has no other C module. */
#include <stdlib.h>
#include <string.h>

/* Volatile: a compiler knows that it need not ask for memory that nobody uses. */
static inline _Bool neuron_ws_has_memory(size_t size)
{
    void *volatile memory = malloc(size);
    _Bool has = memory != NULL;
    free(memory);
    return has;
}

/* jansson's type tests are macros, which Swift cannot call. */
static inline json_type neuron_ws_json_typeof(const json_t *json) { return json_typeof(json); }
static inline json_t *neuron_ws_json_incref(json_t *json) { return json_incref(json); }
static inline void neuron_ws_json_decref(json_t *json) { json_decref(json); }
/* What kind of fault json_loads found; jansson hides it behind the text. */
static inline int neuron_ws_json_error_code(const json_error_t *error) { return (int)json_error_code(error); }

#endif
