// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CSQLITE_SHIM_H
#define NEURON_WS_CSQLITE_SHIM_H

#include <sqlite3.h>

#endif
