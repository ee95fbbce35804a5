// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CEDITLINE_SHIM_H
#define NEURON_WS_CEDITLINE_SHIM_H

/*
 * What the tool needs of libedit, which it loads when it is there: nothing is linked, and no header of it is needed.
 * The numbers are those of histedit.h. Its functions take variable arguments, which Swift cannot call.
 */

#include <dlfcn.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>

enum { NEURON_WS_EL_PROMPT = 0, NEURON_WS_EL_EDITOR = 2, NEURON_WS_EL_SIGNAL = 3, NEURON_WS_EL_HIST = 10,
       NEURON_WS_EL_GETCFN = 13, NEURON_WS_EL_REFRESH = 20 };
enum { NEURON_WS_H_SETSIZE = 1, NEURON_WS_H_ENTER = 10, NEURON_WS_H_SETUNIQUE = 20 };

typedef struct neuron_ws_history_event {
    int number;
    const char *text;
} neuron_ws_history_event_t;

/* Each gets the address of libedit's function first. */
static inline void *neuron_ws_el_init(void *function, const char *program)
{
    return ((void *(*)(const char *, FILE *, FILE *, FILE *))function)(program, stdin, stdout, stderr);
}
static inline void neuron_ws_el_call(void *function, void *editor) { ((void (*)(void *))function)(editor); }
static inline const char *neuron_ws_el_gets(void *function, void *editor, int *count)
{
    return ((const char *(*)(void *, int *))function)(editor, count);
}
static inline int neuron_ws_el_set(void *function, void *editor, int operation)
{
    return ((int (*)(void *, int, ...))function)(editor, operation);
}
static inline int neuron_ws_el_set_number(void *function, void *editor, int operation, int value)
{
    return ((int (*)(void *, int, ...))function)(editor, operation, value);
}
static inline int neuron_ws_el_set_text(void *function, void *editor, int operation, const char *value)
{
    return ((int (*)(void *, int, ...))function)(editor, operation, value);
}
static inline int neuron_ws_el_set_prompt(void *function, void *editor, char *(*prompt)(void *))
{
    return ((int (*)(void *, int, ...))function)(editor, NEURON_WS_EL_PROMPT, prompt);
}
static inline int neuron_ws_el_set_reader(void *function, void *editor, int (*reader)(void *, wchar_t *))
{
    return ((int (*)(void *, int, ...))function)(editor, NEURON_WS_EL_GETCFN, reader);
}
static inline int neuron_ws_el_set_history(void *function, void *editor, void *history_function, void *history)
{
    return ((int (*)(void *, int, ...))function)(editor, NEURON_WS_EL_HIST, history_function, history);
}
static inline void *neuron_ws_history_init(void *function) { return ((void *(*)(void))function)(); }
static inline int neuron_ws_history_number(void *function, void *history, int operation, int value)
{
    neuron_ws_history_event_t event;
    return ((int (*)(void *, neuron_ws_history_event_t *, int, ...))function)(history, &event, operation, value);
}
static inline int neuron_ws_history_enter(void *function, void *history, const char *line)
{
    neuron_ws_history_event_t event;
    return ((int (*)(void *, neuron_ws_history_event_t *, int, ...))function)(
        history, &event, NEURON_WS_H_ENTER, line);
}

#endif
