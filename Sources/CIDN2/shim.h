// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CIDN2_SHIM_H
#define NEURON_WS_CIDN2_SHIM_H

/*
 * What is needed of libidn2, which is loaded when a host name beyond ASCII is met and the library is there: nothing is
 * linked, and no header of it is needed. The numbers are those of idn2.h, which are its ABI.
 */

#include <dlfcn.h>
#include <stdlib.h>

/* UTS #46, and the few characters that it treats otherwise than before 2010 (sharp s, final sigma) as they are. */
enum { NEURON_WS_IDN2_NONTRANSITIONAL = 8 };

enum {
    NEURON_WS_IDN2_OK = 0,
    NEURON_WS_IDN2_MALLOC = -100,
    NEURON_WS_IDN2_NO_CODESET = -101,
    NEURON_WS_IDN2_ICONV_FAIL = -102,
    NEURON_WS_IDN2_ENCODING_ERROR = -200,
    NEURON_WS_IDN2_PUNYCODE_BAD_INPUT = -202,
    NEURON_WS_IDN2_PUNYCODE_BIG_OUTPUT = -203,
    NEURON_WS_IDN2_PUNYCODE_OVERFLOW = -204,
    NEURON_WS_IDN2_TOO_BIG_DOMAIN = -205,
    NEURON_WS_IDN2_TOO_BIG_LABEL = -206,
    NEURON_WS_IDN2_INVALID_ALABEL = -207,
    NEURON_WS_IDN2_UALABEL_MISMATCH = -208,
    NEURON_WS_IDN2_BIDI = -310
};

/* Both get the address of libidn2's function first. */
static inline int neuron_ws_idn2_to_ascii(void *function, const char *name, char **ascii)
{
    return ((int (*)(const char *, char **, int))function)(name, ascii, NEURON_WS_IDN2_NONTRANSITIONAL);
}
static inline void neuron_ws_idn2_free(void *function, char *ascii) { ((void (*)(void *))function)(ascii); }

#endif
