// SPDX-License-Identifier: Apache-2.0
/*
 * How an assertion about a declaration of Neuron's reads.
 */
#ifndef WEBSOCKET_HOST_ASSERTIONS_H
#define WEBSOCKET_HOST_ASSERTIONS_H

#include <stddef.h>

#define WEBSOCKET_SIZE(name, bytes) \
    _Static_assert(sizeof(name) == (bytes), "size of " #name)

#define WEBSOCKET_MEMBER(name, member, place, bytes)          \
    _Static_assert(offsetof(name, member) == (place) &&       \
                       sizeof(((name *) 0)->member) == (bytes), \
                   #name "." #member)

#define WEBSOCKET_NUMBER(name, number) \
    _Static_assert((long) (name) == (number), #name)

/* A string constant is no constant expression: its length is asserted, and its
   characters are compared where the compiler can fold them. */
#define WEBSOCKET_TEXT(name, text)                       \
    _Static_assert(sizeof(name) == sizeof(text), #name); \
    _Static_assert(__builtin_strcmp(name, text) == 0, #name)

#endif
