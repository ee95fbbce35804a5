// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CENVIRONMENT_H
#define NEURON_WS_CENVIRONMENT_H

#include <stddef.h>

/*
 * An environ of the shared library's own, empty. The Swift runtime, which is linked into the library, walks through
 * environ while it is loaded, for its debugging variables (SWIFT_BACKTRACE, SWIFT_DEBUG_...). libc's is NULL there, and
 * the process ends, where the library is loaded with RTLD_DEEPBIND into a program that itself names environ (the
 * program then holds the only one that is set, by a copy relocation: Debian's Python, and any C host that reads its
 * environment so), and where a host has called clearenv(). A library in somebody else's process has no use for those
 * variables; what asks by getenv, OpenSSL say, sees the real environment.
 */
extern char **environ __attribute__((visibility("hidden")));

#endif
