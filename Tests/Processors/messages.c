// SPDX-License-Identifier: Apache-2.0
/* Pushes 1,000 messages that depend on their numbers alone: messages URL CA|- FORMAT. Each processor sends the same. */
#include <neuron_ws.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 1000
#define TAGS     12

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Any pattern of bits that is a number: the text of each has to be the same. */
static double any_double(void)
{
    double   value;
    uint64_t bits = next();
    if ((bits >> 52 & 0x7ff) == 0x7ff) bits &= ~(UINT64_C(1) << 62);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float any_float(void)
{
    float    value;
    uint32_t bits = (uint32_t)next();
    if ((bits >> 23 & 0xff) == 0xff) bits &= ~(UINT32_C(1) << 30);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int push(neuron_ws_node_t *node, int number)
{
    static const char *const texts[] = {"", "text", "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac", "\"\\\n\x01",
                                        "\xf0\x9f\x98\x80"};
    const char       *text = texts[number % 5];
    int16_t           words[5];
    double            doubles[3];
    uint64_t          any[7];
    /* Drawn one after the other: compilers may take the members of an initialiser in any order. */
    for (int i = 0; i < 7; i++) any[i] = next();
    float  f32 = any_float();
    double f64 = any_double();
    for (int i = 0; i < 5; i++) words[i] = (int16_t)next();
    for (int i = 0; i < 3; i++) doubles[i] = any_double();
    neuron_ws_tag_t tags[TAGS] = {
        {.name = "i8", .type = NEURON_WS_TYPE_INT8, .value = {.i8 = (int8_t)any[0]}},
        {.name = "u16", .type = NEURON_WS_TYPE_UINT16, .value = {.u16 = (uint16_t)any[1]}},
        {.name = "i32", .type = NEURON_WS_TYPE_INT32, .value = {.i32 = (int32_t)any[2]}},
        {.name = "i64", .type = NEURON_WS_TYPE_INT64, .value = {.i64 = (int64_t)any[3]}},
        {.name = "u64", .type = NEURON_WS_TYPE_UINT64, .value = {.u64 = any[4]}},
        {.name = "f32", .type = NEURON_WS_TYPE_FLOAT, .value = {.f32 = f32}},
        {.name = "f64", .type = NEURON_WS_TYPE_DOUBLE, .value = {.d64 = f64}},
        {.name = "short", .type = NEURON_WS_TYPE_DOUBLE, .precision = (uint8_t)(number % 6),
         .value = {.d64 = (double)(int32_t)any[5] / 1000}},
        {.name = "on", .type = NEURON_WS_TYPE_BOOL, .value = {.boolean = any[6] & 1}},
        {.name = "words", .type = NEURON_WS_TYPE_ARRAY_INT16, .value = {.array = {.data = words, .count = 5}}},
        {.name = "doubles", .type = NEURON_WS_TYPE_ARRAY_DOUBLE, .value = {.array = {.data = doubles, .count = 3}}},
        {.name = "text", .type = NEURON_WS_TYPE_STRING, .value = {.text = {.data = text, .length = strlen(text)}}},
    };
    neuron_ws_group_t group = {.size = sizeof group, .driver = "plc", .group = number % 2 ? "fast" : "slow",
                               .timestamp_ms = 1700000000000 + number, .tags = tags, .tag_count = TAGS,
                               .tag_size = sizeof *tags};
    return neuron_ws_node_push(node, &group, NULL);
}

int main(int count, char **words)
{
    static char       settings[1024], ca[600];
    neuron_ws_node_t *node = NULL;
    if (count != 4) return 2;
    if (strcmp(words[2], "-") != 0) snprintf(ca, sizeof ca, ",\"ca\":\"%s\"", words[2]);
    snprintf(settings, sizeof settings, "{\"url\":\"%s\",\"format\":%s%s}", words[1], words[3], ca);
    if (neuron_ws_node_create("line", settings, NULL, &node) != NEURON_WS_OK ||
        neuron_ws_node_subscribe(node, "*", "*", NULL) != NEURON_WS_OK || neuron_ws_node_start(node) != NEURON_WS_OK) {
        fprintf(stderr, "%s\n", neuron_ws_last_error());
        return 1;
    }
    for (int number = 0; number < MESSAGES; number++)
        if (push(node, number) != NEURON_WS_OK) {
            fprintf(stderr, "message %d: %s\n", number, neuron_ws_last_error());
            return 1;
        }
    if (neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 600000) != NEURON_WS_OK) {
        fprintf(stderr, "%s\n", neuron_ws_last_error());
        return 1;
    }
    neuron_ws_node_stop(node, 60000);
    neuron_ws_node_destroy(node);
    return 0;
}
