// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CZLIB_SHIM_H
#define NEURON_WS_CZLIB_SHIM_H

#include <zlib.h>
/* malloc, realloc and free, for the buffers that zlib writes into. */
#include <stdlib.h>

/* These are macros, which Swift cannot call. Negative window bits mean raw DEFLATE, without header and checksum. */
static inline int neuron_ws_deflate_init(z_stream *stream, int level, int window_bits, int memory_level)
{
    return deflateInit2(stream, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

static inline int neuron_ws_inflate_init(z_stream *stream, int window_bits)
{
    return inflateInit2(stream, -window_bits);
}

#endif
