// SPDX-License-Identifier: Apache-2.0
/* Wrong use, strange data, every order: the library answers with a status and never crashes. */
#ifndef NEURON_WS_TEST_MISUSE_H
#define NEURON_WS_TEST_MISUSE_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "check.h"

typedef struct ports {
    int echo;   /* a server that sends back what it gets */
    int sink;   /* a server that reads and says nothing */
    int closed; /* nothing listens here */
} ports_t;

/* `scale` is 1 for a whole run, less under a tool that slows things down: a share of the counts. */
void misuse_arguments(ports_t ports);
void misuse_sizes(ports_t ports);
void misuse_orders(ports_t ports, double scale);
void misuse_callbacks(ports_t ports);
void misuse_commands(ports_t ports);
void misuse_everywhere(ports_t ports);
void misuse_threads(ports_t ports, double scale);
void misuse_requests(ports_t ports, double scale);
void misuse_data(ports_t ports, double scale);

#endif
