// SPDX-License-Identifier: Apache-2.0
/*
 * What the plugin knows of its host: the real headers of an installed Neuron
 * where NEURON_SDK is defined, else our own declarations of the same, for the
 * minor version of Neuron 2 in NEURON_VERSION_MINOR (12 to 15).
 *
 * Our own are held against Neuron's ABI by host/assertions_2_*.h, which is
 * generated from the facts in Tests/Data/neuron-abi.json. They declare what a
 * northbound plugin touches, no more.
 */
#ifndef WEBSOCKET_NEURON_HOST_H
#define WEBSOCKET_NEURON_HOST_H

#ifdef NEURON_SDK

#include <errcodes.h>
#include <plugin.h>

#include <adapter.h>
#include <define.h>
#include <metrics.h>
#include <msg.h>
#include <tag.h>
#include <type.h>

#ifndef NEURON_VERSION_MINOR
#define NEURON_VERSION_MINOR NEU_VERSION_MINOR
#endif

#else

#ifndef NEURON_VERSION_MINOR
#define NEURON_VERSION_MINOR 15
#endif

#include "host/types.h"

#if NEURON_VERSION_MINOR == 12
#include "host/v2_12.h"
#elif NEURON_VERSION_MINOR == 13
#include "host/v2_13.h"
#elif NEURON_VERSION_MINOR == 14
#include "host/v2_14.h"
#elif NEURON_VERSION_MINOR == 15
#include "host/v2_15.h"
#else
#error "NEURON_VERSION_MINOR must be 12, 13, 14 or 15"
#endif

#include "host/messages.h"
#include "host/metrics.h"
#include "host/plugin.h"

#endif /* NEURON_SDK */

/* Declared by Neuron's MQTT client, which a plugin of ours does not include. */
#ifndef NEU_METRIC_CACHED_MSGS_NUM
#define NEU_METRIC_CACHED_MSGS_NUM "cached_msgs"
#define NEU_METRIC_CACHED_MSGS_NUM_TYPE NEU_METRIC_TYPE_GAUAGE
#define NEU_METRIC_CACHED_MSGS_NUM_HELP "Number of messages cached"
#endif

/* The host's check of a plugin's common part: "PMGC". */
#define WEBSOCKET_PLUGIN_MAGIC 0x43474d50u

#endif
