// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CLIVEPAGE_H
#define NEURON_WS_CLIVEPAGE_H

#include <stddef.h>

/* A file of Sources/neuron-ws/Page, as the build found it. */
typedef struct neuron_ws_page_file {
    const char *name;
    const unsigned char *bytes;
    size_t length;
} neuron_ws_page_file_t;

/* The file of this name; NULL: page.c has no such file. It lives for ever. */
const neuron_ws_page_file_t *neuron_ws_page_file(const char *name);

#endif
