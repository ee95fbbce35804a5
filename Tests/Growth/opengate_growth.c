// SPDX-License-Identifier: Apache-2.0
/*
 * As growth.c, of OpenGate: values that wait for their publishing time, ODA's files, answers to operations; and of what
 * concerns all nodes of a process.
 */
#include "growth_inputs.h"

enum { names_max = 1 << 16 };

static char names[names_max][32];
static neuron_ws_node_t *nodes[names_max];
static const char *bare = "{\"url\":\"ws://127.0.0.1:9/\"}";

/* ---- Values that wait ---- */

static void gateway(const char *more) {
    add("{\"url\":\"ws://127.0.0.1:9/\",\"format\":\"opengate\",\"device-id\":\"g\",\"api-key\":\"k\",%s}", more);
    node_make();
    check(neuron_ws_node_subscribe(node, "*", "*", NULL), "subscribe");
    group_make(1, "tag");
}

static void gateway_that_gathers(void) {
    gateway("\"queue-max-bytes\":1073741824,\"opengate-publish\":{\"*\":3600}");
}

static void push_groups(void) {
    for (size_t index = 0; index < size; index++) {
        snprintf(names[index], sizeof names[index], "group%zu", index);
        group.group = names[index];
        push();
    }
}

static void groups_that_wait(void) {
    gateway_that_gathers();
    push_groups();
}

static void groups_that_find_no_room(void) {
    gateway("\"queue-max-messages\":1,\"opengate-publish\":{\"*\":3600}");
    push_groups();
    check(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL), "send");
}

static void values_of_one_name(void) {
    for (size_t index = 0; index < size; index++) push();
}

static void tags_that_are_gathered(void) {
    gateway_that_gathers();
    group_make(size, "tag%zu");
}

static void flush(void) {
    if (neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 0) == NEURON_WS_OK) die("nothing waits");
}

/* ---- Settings ---- */

static void publishing_times(void) {
    add("{\"url\":\"ws://127.0.0.1:9/\",\"format\":\"opengate\",\"device-id\":\"g\",\"api-key\":\"k\",");
    add("\"opengate-publish\":");
    add_members("s", size);
    text_length--;
    add("}}");
}

static void create(void) { check(neuron_ws_node_create("growth", text, NULL, &node), "create"); }

static void oda_times(void) {
    for (size_t index = 0; index < size; index++) add("stream%zu;device%zu=60\n", index, index);
}

static void oda_faults(void) {
    for (size_t index = 0; index < size; index++) add("stream%zu=soon\n", index);
}

static void oda_line_that_goes_on(void) {
    add("stream=6");
    for (size_t index = 0; index < size; index++) add("\\\n  ");
    add("\n");
}

static void read_oda(void) {
    size_t length;
    neuron_ws_settings_from_oda(text, text_length, NEURON_WS_ODA_DISPATCHER, NULL, NULL, NULL, output, output_room,
                                &length);
}

static void servers_in_the_environment(void) {
    add("localhost");
    for (size_t index = 0; index < size; index++) add(",plant%zu.example", index);
    setenv("no_proxy", text, 1);
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    text_length = 0;
    add("{\"url\":\"ws://127.0.0.1:9/\",\"proxy\":\"env\"}");
}

/* ---- Answers ---- */

static void steps_of_an_operation(void) {
    gateway("\"queue-max-bytes\":1073741824");
    text_length = 0;
    add("{\"id\":\"i\",\"name\":\"n\",\"resultCode\":\"SUCCESSFUL\",\"steps\":[");
    for (size_t index = 0; index < size; index++)
        add("%s{\"name\":\"s%zu\",\"result\":\"SUCCESSFUL\",\"description\":\"\"}", index > 0 ? "," : "", index);
    add("]}");
}

static void reply(void) { check(neuron_ws_node_reply(node, text, text_length), "reply"); }

static void names_in_opengate(void) {
    add("{\"device-id\":\"g\"}");
    group_make(size, "tag%zu");
}

static void encode_opengate(void) { encode(NEURON_WS_FORMAT_OPENGATE); }

/* ---- Nodes ---- */

static void create_all(void) {
    for (size_t index = 0; index < size; index++)
        check(neuron_ws_node_create("growth", bare, NULL, &nodes[index]), "create");
}

static void destroy_all(void) {
    for (size_t index = 0; index < size; index++) neuron_ws_node_destroy(nodes[index]);
}

static void metrics_of_all(void) {
    size_t length;
    check(neuron_ws_metrics_text(NEURON_WS_METRICS_OPENMETRICS, output, output_room, &length), "metrics");
}

static void nothing(void) {}

static const struct growth_case cases[] = {
    {"gather", 2000, LINEAR, gateway_that_gathers, push_groups, "groups whose values wait (opengate-publish)"},
    {"gather_one", 2000, CONSTANT, groups_that_wait, push, "groups that wait while one more value comes"},
    {"gather_name", 4000, LINEAR, gateway_that_gathers, values_of_one_name, "values of one datastream that wait"},
    {"gather_tags", 4000, LINEAR, tags_that_are_gathered, push, "values of one group that wait"},
    {"publish", 2000, LINEAR, groups_that_wait, flush, "groups that are published"},
    {"publish_full", 1000, LINEAR, groups_that_find_no_room, flush, "groups that the queue has no room for"},
    {"publish_times", 2000, LINEAR, publishing_times, create, "names in opengate-publish"},
    {"oda_times", 2000, LINEAR, oda_times, read_oda, "publishing times in ODA's file"},
    {"oda_faults", 2000, LINEAR, oda_faults, read_oda, "faults in ODA's file"},
    {"oda_line", 4000, LINEAR, oda_line_that_goes_on, read_oda, "lines of ODA's file that are one"},
    {"no_proxy", 2000, LINEAR, servers_in_the_environment, create, "servers in the environment's no_proxy"},
    {"operation_steps", 2000, LINEAR, steps_of_an_operation, reply, "steps in an operation's answer"},
    {"opengate_names", 4000, LINEAR, names_in_opengate, encode_opengate, "tags of a group, in OpenGate's form"},
    {"nodes", 500, LINEAR, nothing, create_all, "nodes of one name that are made"},
    {"nodes_end", 500, LINEAR, create_all, destroy_all, "nodes that are destroyed"},
    {"nodes_metrics", 500, LINEAR, create_all, metrics_of_all, "nodes of one name in the metrics' text"},
};

int main(int argc, char **argv) { return growth_main(cases, sizeof cases / sizeof *cases, argc, argv); }
