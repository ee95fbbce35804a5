#include "websocket_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(websocket_text_t *text, size_t more)
{
    size_t size = text->size != 0 ? text->size : 256;
    char  *data = NULL;

    while (!text->failed && size - text->length <= more) {
        size *= 2;
    }
    if (!text->failed && size != text->size) {
        data         = realloc(text->data, size);
        text->failed = data == NULL;
        if (data != NULL) {
            text->data = data;
            text->size = size;
        }
    }
    return !text->failed;
}

static void add_bytes(websocket_text_t *text, const char *bytes, size_t length)
{
    if (reserve(text, length)) {
        memcpy(text->data + text->length, bytes, length);
        text->length += length;
        text->data[text->length] = '\0';
    }
}

void websocket_text_add(websocket_text_t *text, const char *format, ...)
{
    char    piece[512];
    int     length = 0;
    va_list arguments;

    va_start(arguments, format);
    length = vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t) length >= sizeof(piece)) {
        text->failed = true;
        return;
    }
    add_bytes(text, piece, (size_t) length);
}

void websocket_text_add_string(websocket_text_t *text, const char *string,
                               size_t size)
{
    size_t length = strnlen(string, size);
    size_t plain  = 0;

    add_bytes(text, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char) string[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        add_bytes(text, string + plain, i - plain);
        plain = i + 1;
        if (byte >= 0x20) {
            websocket_text_add(text, "\\%c", byte);
        } else {
            websocket_text_add(text, "\\u%04X", byte);
        }
    }
    add_bytes(text, string + plain, length - plain);
    add_bytes(text, "\"", 1);
}

void websocket_text_free(websocket_text_t *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}
