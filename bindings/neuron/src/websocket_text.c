// SPDX-License-Identifier: Apache-2.0
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

void websocket_text_add_bytes(websocket_text_t *text, const char *bytes,
                              size_t length)
{
    if (length != 0 && reserve(text, length)) {
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
    websocket_text_add_bytes(text, piece, (size_t) length);
}

/* The bytes of the character at `text`, of which `left` bytes are there; 0: it
   is no UTF-8 (RFC 3629). */
static size_t decode(const unsigned char *text, size_t left, unsigned *value)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

    *value = text[0];
    if (text[0] < 0x80) {
        return 1;
    }
    if (text[0] < 0xc2 || text[0] > 0xf4 || length > left) {
        return 0;
    }
    *value &= 0x7fu >> length;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        *value = *value << 6 | (text[i] & 0x3f);
    }
    if (*value < least[length] || *value > 0x10ffff ||
        (*value >= 0xd800 && *value <= 0xdfff)) {
        return 0;
    }
    return length;
}

void websocket_text_add_string(websocket_text_t *text, const char *string,
                               size_t size)
{
    const unsigned char *bytes  = (const unsigned char *) string;
    size_t               length = strnlen(string, size);
    size_t               plain  = 0;
    size_t               step   = 0;

    websocket_text_add_bytes(text, "\"", 1);
    for (size_t i = 0; i < length; i += step) {
        unsigned value = 0;
        step           = decode(bytes + i, length - i, &value);
        if (step != 0 && value >= 0x20 && value != '"' && value != '\\') {
            continue;
        }
        websocket_text_add_bytes(text, string + plain, i - plain);
        if (step == 0) {
            /* U+FFFD, as the library puts it. */
            websocket_text_add_bytes(text, "\xef\xbf\xbd", 3);
            step = 1;
        } else if (value >= 0x20) {
            websocket_text_add(text, "\\%c", (char) value);
        } else {
            websocket_text_add(text, "\\u%04X", value);
        }
        plain = i + step;
    }
    websocket_text_add_bytes(text, string + plain, length - plain);
    websocket_text_add_bytes(text, "\"", 1);
}

void websocket_text_free(websocket_text_t *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}

static bool is_visible(unsigned value)
{
    static const struct {
        unsigned first;
        unsigned last;
    } hidden[] = {
        { 0, 0x1f },         { 0x7f, 0x9f },      { 0xad, 0xad },
        { 0x61c, 0x61c },    { 0x180e, 0x180e },  { 0x200b, 0x200f },
        { 0x2028, 0x202e },  { 0x2060, 0x206f },  { 0xe000, 0xf8ff },
        { 0xfdd0, 0xfdef },  { 0xfeff, 0xfeff },  { 0xfff9, 0xfffb },
        { 0xe0000, 0x10ffff },
    };

    for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
        if (value >= hidden[i].first && value <= hidden[i].last) {
            return false;
        }
    }
    return (value & 0xfffe) != 0xfffe;
}

void websocket_text_show(char *shown, size_t size, const char *text)
{
    const unsigned char *next = (const unsigned char *) text;
    size_t               left = strlen(text);
    size_t               used = 0;

    while (left > 0) {
        char     piece[16] = { 0 };
        unsigned value     = 0;
        size_t   length    = decode(next, left, &value);

        if (length == 0) {
            snprintf(piece, sizeof(piece), "\\x%02x", *next);
            length = 1;
        } else if (is_visible(value)) {
            memcpy(piece, next, length);
        } else {
            snprintf(piece, sizeof(piece), "\\u{%x}", value);
        }
        next += length;
        left -= length;
        if (strlen(piece) >= size - used) {
            break;
        }
        memcpy(shown + used, piece, strlen(piece));
        used += strlen(piece);
    }
    shown[used] = '\0';
}
