// SPDX-License-Identifier: Apache-2.0
/*
 * One call or a few of the library on an input of a given size, for callgrind to count.
 */
#include "growth_inputs.h"

/* ---- Formats ---- */

static void names_that_differ(void) { group_make(size, "tag%zu"); }
static void names_that_are_one(void) { group_make(size, "tag"); }

static void errors_and_metas_of_one_name(void) {
    group_make(size, "tag");
    for (size_t index = 0; index < size; index++) {
        neuron_ws_tag_t *tag = (neuron_ws_tag_t *)&group.tags[index];
        tag->error = (int32_t)(index % 2);
        tag->metas = tags_make(1, "meta%zu");
        tag->meta_count = 1;
    }
}

static void one_tag_with_metas(const char *format) {
    group_make(1, "tag");
    ((neuron_ws_tag_t *)group.tags)->metas = tags_make(size, format);
    ((neuron_ws_tag_t *)group.tags)->meta_count = size;
}

static void metas_of_a_tag(void) { one_tag_with_metas("meta%zu"); }
static void metas_of_one_name(void) { one_tag_with_metas("meta"); }

static void one_text(const char *part) {
    group_make(1, "tag");
    for (size_t index = 0; index < size; index++) add("%s", part);
    neuron_ws_tag_t *tag = (neuron_ws_tag_t *)group.tags;
    tag->type = NEURON_WS_TYPE_STRING;
    tag->value.text = (neuron_ws_text_t){text, text_length};
    text = NULL;
}

static void text_without_utf8(void) { one_text("\xf0\x9f\xff"); }
static void text_of_escapes(void) { one_text("\"\\\n"); }

static void custom_value(void) {
    group_make(1, "tag");
    neuron_ws_tag_t *tag = (neuron_ws_tag_t *)group.tags;
    tag->type = NEURON_WS_TYPE_CUSTOM;
    tag->value.text = (neuron_ws_text_t){text, text_length};
    text = NULL;
}

static void document_with_names_that_come_twice(void) {
    add("{");
    for (size_t index = 0; index < size; index++)
        add("%s\"m%zu\":{\"a\":1,\"\\u0061\":[2]}", index > 0 ? "," : "", index / 2);
    add("}");
    custom_value();
}

static void document_that_is_deep(void) {
    for (size_t index = 0; index < size; index++) add("{\"a\":0,\"a\":");
    add("0");
    for (size_t index = 0; index < size; index++) add("}");
    custom_value();
}

/* ---- Templates and static tags ---- */

static void template_of_open_braces(void) {
    group_make(1, "tag");
    add("{\"schema\":[\"");
    for (size_t index = 0; index < size; index++) add("${");
    add("\"]}");
}

static void template_of_variables(void) {
    group_make(1, "tag");
    add("{\"schema\":[\"");
    for (size_t index = 0; index < size; index++) add("a${node}");
    add("\"]}");
}

static void template_of_names(void) {
    group_make(1, "tag");
    add("{\"schema\":{");
    for (size_t index = 0; index < size; index++) add("%s\"${node}%zu\":1", index > 0 ? "," : "", index);
    add("}}");
}

static void static_tags(void) {
    group_make(1, "tag");
    add("{\"static_tags\":");
    add_members("s", size);
    add("}");
}

static void static_tags_with_the_tags_names(void) {
    group_make(size, "s%zu");
    add("{\"static_tags\":");
    add_members("s", size);
    add("}");
}

static void static_tags_of_node_and_subscription(void) {
    group_make(1, "tag");
    add("{\"url\":\"ws://127.0.0.1:9/\",\"static_tags\":");
    add_members("s", size);
    add("}");
    node_make();
    text_length = 0;
    add("{\"static_tags\":");
    add_members("s", size);
    add("}");
}

static void subscribe_and_push(void) {
    check(neuron_ws_node_subscribe(node, "driver", "group", text), "subscribe");
    push();
}

/* ---- Documents ---- */

static void document_of_tags(void) {
    node_make();
    check(neuron_ws_node_subscribe(node, "*", "*", NULL), "subscribe");
    text_length = 0;
    add("{\"node\":\"d\",\"group\":\"g\",\"tags\":[");
    for (size_t index = 0; index < size; index++)
        add("%s{\"name\":\"t%zu\",\"value\":%zu}", index > 0 ? "," : "", index, index);
    add("]}");
}

static void document_of_values(void) {
    node_make();
    check(neuron_ws_node_subscribe(node, "*", "*", NULL), "subscribe");
    text_length = 0;
    add("{\"node\":\"d\",\"group\":\"g\",\"values\":");
    add_members("t", size);
    add(",\"errors\":");
    add_members("t", size);
    add("}");
}

static void document_of_large_integers(void) {
    node_make();
    check(neuron_ws_node_subscribe(node, "*", "*", NULL), "subscribe");
    text_length = 0;
    add("{\"node\":\"d\",\"group\":\"g\",\"tags\":[{\"name\":\"t\",\"type\":\"ARRAY_UINT64\",\"value\":[0");
    for (size_t index = 0; index < size; index++) add(",18446744073709551615");
    add("]}]}");
}

static void push_document(void) { check(neuron_ws_node_push_json(node, text, text_length, NULL), "push_json"); }

static void states(void) {
    add("{\"states\":[");
    for (size_t index = 0; index < size; index++)
        add("%s{\"node\":\"n%zu\",\"link\":1,\"running\":3}", index > 0 ? "," : "", index);
    add("]}");
}

static void written_tags(void) {
    add("{\"uuid\":\"u\",\"tags\":[");
    for (size_t index = 0; index < size; index++)
        add("%s{\"group\":\"g\",\"name\":\"n%zu\",\"error\":0}", index > 0 ? "," : "", index);
    add("]}");
}

static void settings_of_unknown_names(void) {
    add("{\"url\":\"ws://127.0.0.1:9/\"");
    for (size_t index = 0; index < size; index++) add(",\"unknown%zu\":\"a\\u0041 secret\"", index);
    add("}");
}

static void settings_with_a_long_certificate(void) {
    add("{\"url\":\"wss://127.0.0.1:9/\",\"ca\":\"-----BEGIN CERTIFICATE-----\\nProc-Type:");
    for (size_t at = 0; at < 2 * size; at++) add(at < size ? " 4" : "-----BEGIN CERTIFICATE-----\\nAAAA\\n");
    add("\"}");
}

static void refuse_settings(void) {
    if (neuron_ws_node_create("growth", text, NULL, &node) != NEURON_WS_INVALID_SETTINGS) die("not refused");
}

/* ---- Subscriptions ---- */

static void subscriptions_of_one_driver(void) {
    node_make();
    for (size_t index = 0; index < size; index++) subscribe(0, index);
    subscribe(1, 0);
}

static void subscriptions_of_many_drivers(void) {
    node_make();
    for (size_t index = 0; index < size; index++) subscribe(index, index % 3);
}

static void subscribe_all(void) {
    for (size_t index = 0; index < size; index++) subscribe(index % 100, index);
}

static void end_each(void) {
    char name[32], group_name[32];
    for (size_t index = 0; index < size; index++) {
        snprintf(name, sizeof name, "driver%zu", index);
        snprintf(group_name, sizeof group_name, "group%zu", index % 3);
        check(neuron_ws_node_unsubscribe(node, name, group_name), "unsubscribe");
    }
}

static void end_the_driver(void) { check(neuron_ws_node_unsubscribe(node, "driver0", NULL), "unsubscribe"); }
static void end_another_driver(void) { check(neuron_ws_node_unsubscribe(node, "driver1", NULL), "unsubscribe"); }
static void rename_the_driver(void) {
    check(neuron_ws_node_rename(node, "driver0", NULL, "driver2", NULL), "rename");
}

static void settings_among_subscriptions(void) {
    text_length = 0;
    add("{\"url\":\"ws://127.0.0.1:9/\",\"static_tags\":");
    add_members("s", 100);
    add("}");
    node_make();
    for (size_t index = 0; index < size; index++) subscribe(index, 0);
}

static void configure(void) { check(neuron_ws_node_configure(node, text), "configure"); }

static void a_push_among_subscriptions(void) {
    node_make();
    for (size_t index = 0; index < size; index++) subscribe(index, 0);
    group_make(1, "tag");
    group.driver = "driver7";
    group.group = "group0";
}

/* ---- What is longer than anybody takes ---- */

static void settings_of_commas(void) {
    add("{\"url\":\"ws://127.0.0.1:9/");
    for (size_t index = 0; index < size; index++) add(",");
    add(" x\"}");
}

static void a_name_of_kilobytes(void) {
    node_make();
    text = malloc(size * 1024 + 1);
    memset(text, 'x', size * 1024);
    text[size * 1024] = 0;
}

static void rename_a_long_name(void) {
    if (neuron_ws_node_rename(node, text, NULL, text, NULL) != NEURON_WS_INVALID_ARGUMENT) die("not refused");
}

static void settings_of_kilobytes(void) {
    size *= 2;
    a_name_of_kilobytes();
}

static void a_custom_value_of_megabytes(void) {
    static neuron_ws_tag_t tag = {.name = "tag", .type = NEURON_WS_TYPE_CUSTOM};
    node_make();
    check(neuron_ws_node_subscribe(node, "*", "*", NULL), "subscribe");
    tag.value.text.length = size << 20;
    tag.value.text.data = calloc(1, size << 20);
    group.tags = &tag;
    group.tag_count = 1;
}

static void push_too_much(void) {
    if (neuron_ws_node_push(node, &group, NULL) != NEURON_WS_TOO_BIG) die("not refused");
}

/* ---- The queue ---- */

static void waiting_messages(void) {
    node_make();
    for (size_t index = 0; index < size; index++)
        check(neuron_ws_node_send(node, NEURON_WS_TEXT, "x", 1, NULL), "send");
}

static void destroy(void) { neuron_ws_node_destroy(node); }
static void nothing(void) {}

/* ---- All ---- */

static const struct growth_case cases[] = {
    {"names", 4000, LINEAR, names_that_differ, encode_values, "tags of a group, all names new"},
    {"names_tags", 4000, LINEAR, names_that_differ, encode_tags, "the same in tags-format"},
    {"one_name", 4000, LINEAR, names_that_are_one, encode_values, "tags of one name"},
    {"one_name_errors", 4000, LINEAR, errors_and_metas_of_one_name, encode_values, "such tags with errors, metas"},
    {"metas", 512, LINEAR, metas_of_a_tag, encode_tags, "metas of a tag"},
    {"metas_one_name", 512, LINEAR, metas_of_one_name, encode_values, "metas of a tag, one name"},
    {"no_utf8", 20000, LINEAR, text_without_utf8, encode_values, "a text that is no UTF-8"},
    {"escapes", 20000, LINEAR, text_of_escapes, encode_values, "a text that is all escapes"},
    {"custom_twice", 2000, LINEAR, document_with_names_that_come_twice, encode_values,
     "members of CUSTOM, names twice"},
    {"custom_deep", 500, LINEAR, document_that_is_deep, encode_values, "levels of a CUSTOM value, names twice"},
    {"template_open", 16000, LINEAR, template_of_open_braces, encode_custom, "a template of `${` without `}`"},
    {"template_variables", 4000, LINEAR, template_of_variables, encode_custom, "variables in a text of a template"},
    {"template_names", 4000, LINEAR, template_of_names, encode_custom, "filled-in names in an object of a template"},
    {"static", 4000, LINEAR, static_tags, encode_values, "static tags"},
    {"static_shared", 4000, LINEAR, static_tags_with_the_tags_names, encode_values, "static tags named as tags"},
    {"static_merged", 4000, LINEAR, static_tags_of_node_and_subscription, subscribe_and_push,
     "static tags of both kinds"},
    {"push_tags", 2000, LINEAR, document_of_tags, push_document, "tags of a JSON document"},
    {"push_values", 2000, LINEAR, document_of_values, push_document, "values and errors of a JSON document"},
    {"push_integers", 4000, LINEAR, document_of_large_integers, push_document, "integers from 2^63 on in a document"},
    {"states", 2000, LINEAR, states, encode_states, "drivers in a report"},
    {"written", 2000, LINEAR, written_tags, encode_written, "tags in a write's response"},
    {"settings_unknown", 4000, LINEAR, settings_of_unknown_names, refuse_settings, "unknown names in settings"},
    {"settings_certificate", 4000, LINEAR, settings_with_a_long_certificate, refuse_settings, "a broken PEM text"},
    {"settings_urls", 4000, LINEAR, settings_of_commas, refuse_settings, "commas in a text of URLs"},
    {"long_name", 4000, CONSTANT, a_name_of_kilobytes, rename_a_long_name, "kilobytes of a name, which has 1 at most"},
    {"long_settings", 4000, CONSTANT, settings_of_kilobytes, refuse_settings, "kilobytes of settings past the limit"},
    {"custom_large", 100, CONSTANT, a_custom_value_of_megabytes, push_too_much, "megabytes of a CUSTOM value past it"},
    {"subscribe", 4000, LINEAR, node_make, subscribe_all, "subscriptions that are made"},
    {"unsubscribe", 4000, LINEAR, subscriptions_of_many_drivers, end_each, "subscriptions that are ended"},
    {"unsubscribe_driver", 4000, LINEAR, subscriptions_of_one_driver, end_the_driver, "a driver's subscriptions"},
    {"unsubscribe_other", 4000, CONSTANT, subscriptions_of_one_driver, end_another_driver, "subscriptions beside it"},
    {"rename", 4000, LINEAR, subscriptions_of_one_driver, rename_the_driver, "a renamed driver's subscriptions"},
    {"configure", 4000, CONSTANT, settings_among_subscriptions, configure, "subscriptions while settings change"},
    {"push", 4000, CONSTANT, a_push_among_subscriptions, push, "subscriptions while a group is pushed"},
    {"queue", 10000, LINEAR, nothing, waiting_messages, "messages that are queued"},
    {"destroy", 10000, LINEAR, waiting_messages, destroy, "messages that wait when a node ends"},
};

int main(int argc, char **argv) { return growth_main(cases, sizeof cases / sizeof *cases, argc, argv); }
