// SPDX-License-Identifier: Apache-2.0
/*
 * What memory.c hands in: documents, groups and settings that are large enough for large allocations.
 */
#ifndef MEMORY_DOCUMENTS_H
#define MEMORY_DOCUMENTS_H

enum { text_bytes = 1 << 20, states = 20000, tags = 20000, groups = 5000 };

/* Filled once, before anything fails. */
static char text[text_bytes];
static char json_text[text_bytes];
static char json_tags[text_bytes];
static char settings[text_bytes];
static char settings_of_many[text_bytes];
static char settings_in_texts[text_bytes];
static char settings_of_files[2 * text_bytes], settings_of_pkcs12[2 * text_bytes];
static char parameters[text_bytes];
static char parameters_of_many[text_bytes];
static char template[text_bytes];
static char reports[text_bytes];
static char custom[text_bytes];
static neuron_ws_driver_state_t driver_states[states];
static neuron_ws_tag_t tag_list[tags];
static neuron_ws_tag_t custom_tag;

/* Behind what a document has so far; it is `half` full at most. */
static size_t put(char *document, size_t length, const char *format, int number)
{
    return length + (size_t)sprintf(document + length, format, number);
}

static size_t repeat(char *document, size_t length, size_t end, const char *unit)
{
    int number = 0;
    while (length < end)
        length = put(document, length, unit, number++);
    return length;
}

static void fill_documents(void)
{
    const size_t half = text_bytes / 2, whole = text_bytes - 4096;
    size_t length;

    length = put(json_text, 0, "{\"node\":\"d\",\"group\":\"g\",\"values\":{\"a\":[1", 0);
    length = repeat(json_text, length, half, ",%d");
    length = put(json_text, length, "],\"big\":18446744073709551615,\"o\":{\"s\":\"", 0);
    length = repeat(json_text, length, whole, "y\\n%d");
    put(json_text, length, "\"}}}", 0);
    /* Without a time of its own it has that of the call, which is another each time. */
    length = put(json_tags, 0, "{\"node\":\"d\",\"group\":\"g\",\"timestamp\":1,\"tags\":", 0);
    length = put(json_tags, length, "[{\"name\":\"a\",\"type\":\"BYTES\",\"value\":[1", 0);
    length = repeat(json_tags, length, whole / 4, ",7");
    length = put(json_tags, length, "]},{\"name\":\"b\",\"value\":[\"t\"", 0);
    length = repeat(json_tags, length, whole / 2, ",\"t%d\"");
    length = put(json_tags, length, "]},{\"name\":\"c\",\"type\":\"ARRAY_DOUBLE\",\"value\":[0.5", 0);
    length = repeat(json_tags, length, whole * 3 / 4, ",%d");
    length = put(json_tags, length, "]},{\"name\":\"d\",\"value\":[true", 0);
    length = repeat(json_tags, length, whole, ",true");
    put(json_tags, length, "]}]}", 0);
    length = put(parameters, 0, "{\"static_tags\":{\"s\":\"", 0);
    length = repeat(parameters, length, half, "zzzzzzzz");
    put(parameters, length, "\"}}", 0);
    length = put(parameters_of_many, 0, "{\"static_tags\":{\"o\":{\"a\":[1", 0);
    length = repeat(parameters_of_many, length, half, ",%d");
    length = put(parameters_of_many, length, "]}", 0);
    length = repeat(parameters_of_many, length, whole, ",\"t%d\":1");
    put(parameters_of_many, length, "}}", 0);
    length = put(settings, 0, "{\"url\":\"ws://127.0.0.1:1/\",\"static_tags\":{\"s\":\"", 0);
    length = repeat(settings, length, half, "zzzzzzzz");
    put(settings, length, "\"}}", 0);
    length = put(settings_of_many, 0, "{\"url\":\"ws://127.0.0.1:1/\",\"format\":3,\"schema\":{\"a\":[\"${tags}\"", 0);
    length = repeat(settings_of_many, length, half, ",\"${node} %d\"");
    length = put(settings_of_many, length, "],\"b\":\"", 0);
    length = repeat(settings_of_many, length, half * 3 / 2, "long text ");
    length = put(settings_of_many, length, "\"},\"static_tags\":{\"first\":1", 0);
    length = repeat(settings_of_many, length, whole, ",\"t%d\":1");
    put(settings_of_many, length, "}}", 0);
    length = put(settings_in_texts, 0, "{\"url\":\"ws://127.0.0.1:1/", 0);
    length = repeat(settings_in_texts, length, 100000, " ");
    length = put(settings_in_texts, length, ",\",\"headers\":\"{\\\"X-A\\\":\\\"", 0);
    length = repeat(settings_in_texts, length, 108000, "h");
    length = repeat(settings_in_texts, put(settings_in_texts, length, "\\\"", 0), half, " ");
    length = put(settings_in_texts, length, "}\",\"static_tags\":\"{\\\"s\\\":\\\"", 0);
    length = repeat(settings_in_texts, length, whole, "zzzzzzzz");
    put(settings_in_texts, length, "\\\"}\"}", 0);
    length = put(template, 0, "{\"schema\":{\"${node}\":\"${tag_values}\",\"a\":[\"${timestamp}\"", 0);
    length = repeat(template, length, whole, ",\"%d ${group} x\"");
    put(template, length, "]}}", 0);
    length = put(reports, 0, "{\"uuid\":\"", 0);
    length = repeat(reports, length, half / 2, "uuid");
    length = put(reports, length, "\",\"error\":7,\"timestamp\":1,\"states\":", 0);
    length = put(reports, length, "[{\"node\":\"a\",\"link\":1,\"running\":3}", 0);
    length = repeat(reports, length, half, ",{\"node\":\"driver%d\",\"link\":1,\"running\":3}");
    length = put(reports, length, "],\"tags\":[{\"group\":\"g\",\"name\":\"t\",\"error\":0}", 0);
    length = repeat(reports, length, whole, ",{\"group\":\"g\",\"name\":\"t%d\",\"error\":0}");
    put(reports, length, "]}", 0);
    length = put(custom, 0, "{\"a\":1,\"a\":[2,18446744073709551615],\"s\":\"\x80", 0);
    length = repeat(custom, length, whole, " custom\x80 ");
    put(custom, length, "\"}", 0);
}

static bool fill_from(const char *path, char *document, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(document, 1, size - 1, file);

    document[length] = '\0';
    if (file != NULL)
        fclose(file);
    return length > 0;
}

static void fill(void)
{
    memset(text, 'x', sizeof text);
    fill_documents();
    for (int index = 0; index < states; index++) {
        driver_states[index].node = "driver";
        driver_states[index].is_driver = true;
    }
    for (int index = 0; index < tags; index++)
        tag_list[index] = text_tag("tag", "some text of its value", NEURON_WS_NUL_TERMINATED);
    custom_tag = text_tag("custom", custom, NEURON_WS_NUL_TERMINATED);
    custom_tag.type = NEURON_WS_TYPE_CUSTOM;
}

#endif
