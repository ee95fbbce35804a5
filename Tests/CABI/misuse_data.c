// SPDX-License-Identifier: Apache-2.0
/* Strange and large data: a million tags, texts of 10 MB, NaN, invalid UTF-8, messages past every limit. */
#include "misuse.h"

#include <math.h>
#include <stdlib.h>

static bool encodes_as(const neuron_ws_tag_t *tags, size_t count, const char *wanted)
{
    char buffer[1024];
    size_t length = 0;
    neuron_ws_group_t group = group_of(tags, count);
    bool found;

    if (!OK(neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer - 1, &length)))
        return false;
    buffer[length] = '\0';
    found = strstr(buffer, wanted) != NULL;
    if (!found)
        fprintf(stderr, "    %s\n    lacks %s\n", buffer, wanted);
    return found;
}

static void numbers_that_json_has_no_form_for(void)
{
    static const float floats[] = {1.5f, NAN, INFINITY};
    neuron_ws_tag_t tag = int_tag("t", 0);

    tag.type = NEURON_WS_TYPE_DOUBLE;
    tag.value.d64 = (double)NAN;
    CHECK(encodes_as(&tag, 1, "\"values\":{},\"errors\":{\"t\":3008}"));
    tag.value.d64 = -(double)INFINITY;
    CHECK(encodes_as(&tag, 1, "\"values\":{},\"errors\":{\"t\":3008}"));
    tag.type = NEURON_WS_TYPE_FLOAT;
    tag.value.f32 = NAN;
    CHECK(encodes_as(&tag, 1, "\"values\":{},\"errors\":{\"t\":3008}"));
    tag.type = NEURON_WS_TYPE_ARRAY_FLOAT;
    tag.value.array.data = floats;
    tag.value.array.count = 3;
    CHECK(encodes_as(&tag, 1, "\"values\":{\"t\":[1.5,null,null]}"));
    tag.type = NEURON_WS_TYPE_DOUBLE;
    tag.value.d64 = 1e308;
    tag.precision = 17;
    CHECK(encodes_as(&tag, 1, ".00000000000000000}"));
    tag.precision = 255;
    neuron_ws_group_t group = group_of(&tag, 1);
    char buffer[1024];
    size_t length = 77;
    neuron_ws_status_t status =
        neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length);
    CHECK(status == NEURON_WS_OK || status == NEURON_WS_INVALID_GROUP || status == NEURON_WS_INVALID_ARGUMENT);
}

/* Counts and lengths that no memory has: whatever they are multiplied with, nothing of it is read. */
static void counts_past_all_memory(void)
{
    static const size_t counts[] = {
        SIZE_MAX,         SIZE_MAX - 1,  SIZE_MAX / 2,    SIZE_MAX / 4,                      SIZE_MAX / 8,
        SIZE_MAX / 8 + 1, SIZE_MAX / 16, (size_t)1 << 40, (size_t)NEURON_WS_MESSAGE_MAX + 1,
    };
    static const double one = 1;
    char buffer[64];
    size_t length = 77;

    for (size_t index = 0; index < sizeof counts / sizeof *counts; index++) {
        neuron_ws_tag_t meta = int_tag("m", 0), tag = int_tag("t", 0);
        neuron_ws_group_t group = group_of(&tag, 1);
        for (int type = NEURON_WS_TYPE_INT8; type <= NEURON_WS_TYPE_CUSTOM; type++) {
            neuron_ws_status_t status;
            bool is_array = type == NEURON_WS_TYPE_BYTES ||
                            (type >= NEURON_WS_TYPE_ARRAY_INT8 && type <= NEURON_WS_TYPE_ARRAY_STRING);
            if (!is_array && type != NEURON_WS_TYPE_STRING && type != NEURON_WS_TYPE_CUSTOM &&
                !(type >= NEURON_WS_TYPE_PTR && type <= NEURON_WS_TYPE_ARRAY_CHAR))
                continue;
            /* NEURON_WS_NUL_TERMINATED. */
            if (!is_array && counts[index] == SIZE_MAX)
                continue;
            meta.type = tag.type = (neuron_ws_type_t)type;
            meta.value.array.data = tag.value.array.data = &one;
            meta.value.array.count = tag.value.array.count = counts[index];
            status = neuron_ws_encode(NEURON_WS_FORMAT_TAGS, NULL, &group, buffer, sizeof buffer, &length);
            CHECK(status == NEURON_WS_TOO_BIG || status == NEURON_WS_INVALID_GROUP);
            tag = int_tag("t", 0);
            tag.metas = &meta;
            tag.meta_count = 1;
            status = neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length);
            CHECK(status == NEURON_WS_TOO_BIG || status == NEURON_WS_INVALID_GROUP);
        }
        tag = int_tag("t", 0);
        tag.metas = &meta;
        tag.meta_count = counts[index];
        STATUS(TOO_BIG, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length));
        tag.meta_count = 0;
        tag.name_length = counts[index];
        STATUS(INVALID_GROUP, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length));
        tag.name_length = 0;
        group.tag_count = counts[index];
        STATUS(TOO_BIG, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length));
    }
    CHECK(length == 77);
}

/* U+FFFD in UTF-8. */
#define BAD "\xef\xbf\xbd"

static void text_that_is_not_utf8(void)
{
    static const struct {
        const char *text;
        size_t length;
        const char *wanted;
    } cases[] = {
        {"\xff", 1, "\"t\":\"" BAD "\""},
        {"a\x80" "b", 3, "\"t\":\"a" BAD "b\""},
        {"\xc3", 1, "\"t\":\"" BAD "\""},                         /* cut off */
        {"\xc0\xaf", 2, "\"t\":\"" BAD BAD "\""},                 /* overlong */
        {"\xed\xa0\x80", 3, "\"t\":\"" BAD},                      /* a surrogate */
        {"\xf4\x90\x80\x80", 4, "\"t\":\"" BAD},                  /* past U+10FFFF */
        {"\xf0\x9f\x98", 3, "\"t\":\"" BAD "\""},                 /* a maximal part is one */
        {"\xf0\x9f\x98\x80", 4, "\"t\":\"\xf0\x9f\x98\x80\""},    /* valid */
        {"\0\x01\"\\/", 5, "\"t\":\"\\u0000\\u0001\\\"\\\\/\""},
        {"\x7f", 1, "\"t\":\"\x7f\""},
        {"", 0, "\"t\":\"\""},
    };

    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        neuron_ws_tag_t tag = text_tag("t", cases[index].text, cases[index].length);
        CHECK(encodes_as(&tag, 1, cases[index].wanted));
    }
    neuron_ws_tag_t named = int_tag("a\xff" "b", 1);
    CHECK(encodes_as(&named, 1, "\"a" BAD "b\":1"));
    named.name_length = 1;
    CHECK(encodes_as(&named, 1, "{\"a\":1}"));
}

static void names_past_their_limit(void)
{
    char name[NEURON_WS_NAME_MAX + 2];
    neuron_ws_tag_t tag = int_tag("t", 1);
    neuron_ws_group_t group = group_of(&tag, 1);
    char buffer[2048];
    size_t length;

    memset(name, 'x', sizeof name);
    name[NEURON_WS_NAME_MAX + 1] = '\0';
    group.driver = name;
    STATUS(INVALID_GROUP, neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length));
    name[NEURON_WS_NAME_MAX] = '\0';
    OK(neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, buffer, sizeof buffer, &length));
}

static void large_groups(ports_t ports, double scale)
{
    size_t count = scale >= 1 ? 1000000 : 20000;
    size_t size = scale >= 1 ? 10u << 20 : 1u << 18;
    neuron_ws_tag_t *tags = (neuron_ws_tag_t *)calloc(count, sizeof *tags);
    char *text = (char *)malloc(size);
    char settings[256];
    neuron_ws_node_t *node = NULL;

    settings_for(settings, sizeof settings, ports.sink, ",\"queue-max-bytes\":268435456,\"format\":1");
    if (!CHECK(tags != NULL && text != NULL) || !OK(neuron_ws_node_create("large", settings, NULL, &node)))
        return;
    OK(neuron_ws_node_subscribe(node, "*", "*", NULL));
    OK(neuron_ws_node_start(node));
    for (size_t index = 0; index < count; index++)
        tags[index] = int_tag("tag", (int64_t)index);
    neuron_ws_group_t group = group_of(tags, count);
    OK(neuron_ws_node_push(node, &group, NULL));
    CHECK(metrics_of(node).tags_sent == count);

    memset(text, 'x', size);
    neuron_ws_tag_t tag = text_tag("t", text, size);
    group = group_of(&tag, 1);
    OK(neuron_ws_node_push(node, &group, NULL));
    /* Text that grows sixfold in JSON, and bytes that are no UTF-8 at all. */
    memset(text, '\x01', size);
    OK(neuron_ws_node_push(node, &group, NULL));
    memset(text, '\xff', size);
    OK(neuron_ws_node_push(node, &group, NULL));
    STATUS(INVALID_ARGUMENT, neuron_ws_node_send(node, NEURON_WS_TEXT, text, size, NULL));
    OK(neuron_ws_node_send(node, NEURON_WS_BINARY, text, size, NULL));
    OK(neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 60000));
    CHECK(metrics_of(node).messages_sent == 5);
    CHECK(metrics_of(node).payload_bytes_sent > count * 8 + size * 11);
    OK(neuron_ws_node_stop(node, 10000));
    neuron_ws_node_destroy(node);
    free(tags);
    free(text);
}

static void messages_past_the_queue(ports_t ports)
{
    char settings[256];
    neuron_ws_node_t *node = NULL;
    size_t size = 1u << 20;
    char *bytes = (char *)calloc(1, size);
    neuron_ws_tag_t tag = text_tag("t", bytes, size);
    neuron_ws_group_t group = group_of(&tag, 1);

    settings_for(settings, sizeof settings, ports.closed, ",\"queue-max-bytes\":65536");
    if (!CHECK(bytes != NULL) || !OK(neuron_ws_node_create("small", settings, NULL, &node)))
        return;
    OK(neuron_ws_node_subscribe(node, "*", "*", NULL));
    STATUS(TOO_BIG, neuron_ws_node_send(node, NEURON_WS_BINARY, bytes, (size_t)-1, NULL));
    STATUS(TOO_BIG, neuron_ws_node_send(node, NEURON_WS_BINARY, bytes, (size_t)NEURON_WS_MESSAGE_MAX + 1, NULL));
    CHECK(metrics_of(node).messages_accepted == 0 && metrics_of(node).queued_bytes == 0);
    /* A message above queue-max-bytes is taken by an empty queue, or it could never be sent; and by no other. */
    OK(neuron_ws_node_send(node, NEURON_WS_BINARY, bytes, 1000, NULL));
    STATUS(QUEUE_FULL, neuron_ws_node_push(node, &group, NULL));
    STATUS(QUEUE_FULL, neuron_ws_node_send(node, NEURON_WS_BINARY, bytes, size, NULL));
    CHECK(metrics_of(node).queued_messages == 1 && metrics_of(node).messages_rejected == 4);
    neuron_ws_node_destroy(node);
    free(bytes);
}

static void json_that_is_none(ports_t ports)
{
    static const char *const texts[] = {
        "", "{", "[]", "null", "{\"node\":\"plc1\"}", "{\"node\":1,\"group\":\"g\",\"values\":{}}",
        "{\"node\":\"d\",\"group\":\"g\",\"tags\":[{\"value\":1}]}", "{\"node\":\"d\",\"group\":\"g\",\"tags\":5}",
        "{\"node\":\"d\",\"group\":\"g\",\"tags\":[{\"name\":\"t\",\"value\":1,\"type\":\"NONE\"}]}",
        "{\"node\":\"d\",\"group\":\"g\",\"tags\":[{\"name\":\"t\",\"value\":300,\"type\":\"INT8\"}]}",
        "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"t\":1}} trailing",
        "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"t\":\"\xff\"}}",
    };
    char settings[256];
    neuron_ws_node_t *node = NULL;
    enum { depth = 100000 };
    char *deep = (char *)malloc(depth + 1);

    if (!OK(neuron_ws_node_create("json", settings_for(settings, sizeof settings, ports.closed, ""), NULL, &node)))
        return;
    OK(neuron_ws_node_subscribe(node, "*", "*", NULL));
    for (size_t index = 0; index < sizeof texts / sizeof *texts; index++) {
        neuron_ws_status_t status = neuron_ws_node_push_json(node, texts[index], strlen(texts[index]), NULL);
        if (!CHECK(status == NEURON_WS_INVALID_JSON || status == NEURON_WS_INVALID_GROUP))
            fprintf(stderr, "    %s: %s\n", neuron_ws_status_name(status), texts[index]);
    }
    if (CHECK(deep != NULL)) {
        memset(deep, '[', depth);
        STATUS(INVALID_JSON, neuron_ws_node_push_json(node, deep, depth, NULL));
    }
    neuron_ws_tag_t tag = text_tag("t", "{\"a\":", 5);
    tag.type = NEURON_WS_TYPE_CUSTOM;
    neuron_ws_group_t group = group_of(&tag, 1);
    STATUS(INVALID_JSON, neuron_ws_node_push(node, &group, NULL));
    CHECK(metrics_of(node).messages_accepted == 0);
    neuron_ws_node_destroy(node);
    free(deep);
}

void misuse_data(ports_t ports, double scale)
{
    numbers_that_json_has_no_form_for();
    counts_past_all_memory();
    text_that_is_not_utf8();
    names_past_their_limit();
    large_groups(ports, scale);
    messages_past_the_queue(ports);
    json_that_is_none(ports);
}
