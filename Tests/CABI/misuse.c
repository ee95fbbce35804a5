// SPDX-License-Identifier: Apache-2.0
/*
 * misuse ECHO_PORT SINK_PORT CLOSED_PORT SCALE - runs every part of misuse.h.
 */
#include "misuse.h"

#include <stdlib.h>

int checks_passed;
int checks_failed;

int main(int count, char **arguments)
{
    ports_t ports;
    double scale;

    if (count != 5)
        return 2;
    ports.echo = atoi(arguments[1]);
    ports.sink = atoi(arguments[2]);
    ports.closed = atoi(arguments[3]);
    scale = atof(arguments[4]);
    misuse_arguments(ports);
    misuse_sizes(ports);
    misuse_commands(ports);
    misuse_everywhere(ports);
    misuse_data(ports, scale);
    misuse_callbacks(ports);
    misuse_requests(ports, scale);
    misuse_threads(ports, scale);
    misuse_orders(ports, scale);
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
