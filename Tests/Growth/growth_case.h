// SPDX-License-Identifier: Apache-2.0
/*
 * A program of cases:
 *
 *     PROGRAM CASE SIZE      PROGRAM (lists the cases: name, size, how it may grow, with what it grows)
 *
 * Only what happens inside of growth_run is counted: the input is made before.
 */
#ifndef GROWTH_CASE_H
#define GROWTH_CASE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the input. */
static size_t size;

struct growth_case {
    const char *name;
    size_t size;
    enum { LINEAR, CONSTANT } kind;
    void (*prepare)(void);
    void (*run)(void);
    const char *grows_with;
};

__attribute__((noinline)) void growth_run(const struct growth_case *it);
void growth_run(const struct growth_case *it) { it->run(); }

static int growth_main(const struct growth_case *cases, size_t count, int argc, char **argv) {
    for (const struct growth_case *it = cases; it < cases + count; it++) {
        if (argc < 3) {
            printf("%s\t%zu\t%s\t%s\n", it->name, it->size, it->kind == LINEAR ? "linear" : "constant", it->grows_with);
        } else if (strcmp(argv[1], it->name) == 0) {
            size = (size_t)atoll(argv[2]);
            it->prepare();
            growth_run(it);
            return 0;
        }
    }
    return argc < 3 ? 0 : 2;
}

#endif
