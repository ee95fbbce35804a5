// SPDX-License-Identifier: Apache-2.0
/*
 * Holds the declarations in use, ours or an installed Neuron's, against the
 * facts about the Neuron that this is built for.
 */
#include "neuron_host.h"

#if NEURON_VERSION_MINOR == 12
#include "host/assertions_2_12.h"
#elif NEURON_VERSION_MINOR == 13
#include "host/assertions_2_13.h"
#elif NEURON_VERSION_MINOR == 14
#include "host/assertions_2_14.h"
#elif NEURON_VERSION_MINOR == 15
#include "host/assertions_2_15.h"
#endif
