// SPDX-License-Identifier: Apache-2.0
/*
 * A text that grows, for the few JSON documents that the plugin writes itself.
 */
#ifndef WEBSOCKET_TEXT_H
#define WEBSOCKET_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty one. A text that found no memory stays failed. */
typedef struct {
    char  *data;
    size_t length;
    size_t size;
    bool   failed;
} websocket_text_t;

/* As printf, of numbers and of words without characters that JSON escapes. */
void websocket_text_add(websocket_text_t *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes as they are. */
void websocket_text_add_bytes(websocket_text_t *text, const char *bytes,
                              size_t length);

/* A JSON string of at most `size` bytes up to a NUL; what is no UTF-8 in them,
   as a name that the host has cut, becomes U+FFFD. */
void websocket_text_add_string(websocket_text_t *text, const char *string,
                               size_t size);

void websocket_text_free(websocket_text_t *text);

/*
 * A text of anybody's as it may stand in a log, in `size` bytes with the NUL,
 * cut where it does not fit: control characters, breaks of lines and
 * paragraphs, marks of direction, what has no width and bytes that are no
 * UTF-8 are spelled out, \u{1b} and \xff, as the library does it.
 */
void websocket_text_show(char *shown, size_t size, const char *text);

#endif
