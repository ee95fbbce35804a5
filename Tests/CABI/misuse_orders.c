// SPDX-License-Identifier: Apache-2.0
/* Every order of create, start, stop, configure and destroy, up to six of them; with a begun stop, up to five. */
#include "misuse.h"

enum { without_begun_stops = 5, operations = 6, length_max = 6 };

static void run_order(const int *order, int length, const char *settings, const char *others)
{
    /* A second create keeps the first node, so several live at once; the others act on the newest. */
    neuron_ws_node_t *nodes[length_max];
    int count = 0;

    for (int step = 0; step < length; step++) {
        neuron_ws_node_t *node = count > 0 ? nodes[count - 1] : NULL;
        neuron_ws_status_t wanted = node != NULL ? NEURON_WS_OK : NEURON_WS_INVALID_ARGUMENT;
        switch (order[step]) {
        case 0:
            if (OK(neuron_ws_node_create("order", settings, NULL, &nodes[count])))
                count++;
            break;
        case 1:
            CHECK(neuron_ws_node_start(node) == wanted);
            break;
        case 2:
            CHECK(neuron_ws_node_stop(node, 1000) == wanted);
            break;
        case 3:
            CHECK(neuron_ws_node_configure(node, step % 2 == 0 ? others : settings) == wanted);
            break;
        case 4:
            neuron_ws_node_destroy(node);
            if (count > 0)
                count--;
            break;
        default: {
            neuron_ws_status_t status = neuron_ws_node_stop_begin(node, step % 2 == 0 ? 0 : 1000);
            CHECK(node != NULL ? status == NEURON_WS_OK || status == NEURON_WS_NOT_RUNNING : status == wanted);
        }
        }
    }
    while (count > 0)
        neuron_ws_node_destroy(nodes[--count]);
}

static void run_orders(int length, int kinds, const char *settings, const char *others)
{
    int order[length_max] = {0};

    for (;;) {
        int position = 0;
        run_order(order, length, settings, others);
        while (position < length && ++order[position] == kinds)
            order[position++] = 0;
        if (position == length)
            return;
    }
}

void misuse_orders(ports_t ports, double scale)
{
    char live[256], closed[256], others[256];

    settings_for(live, sizeof live, ports.echo, "");
    settings_for(closed, sizeof closed, ports.closed, "");
    settings_for(others, sizeof others, ports.closed, ",\"ping-interval\":7");
    for (int length = 1; length <= length_max; length++) {
        /* Longer ones where nobody listens: each connection would leave a port in TIME_WAIT. Those of three take
         * minutes under valgrind. */
        int limit = scale >= 1 ? length_max : 2;
        int kinds = length < limit ? operations : without_begun_stops;
        if (length <= (scale >= 1 ? 3 : 2))
            run_orders(length, operations, live, others);
        if (length <= limit)
            run_orders(length, kinds, closed, others);
    }
}
