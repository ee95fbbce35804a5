// SPDX-License-Identifier: Apache-2.0
/*
 * What loading the library costs a process: time, memory, threads.
 *
 *     load LIBRARY
 *
 * Prints one JSON line. The program links nothing but libc, so that what the library needs is counted too.
 */
#include "common.h"
#include <dlfcn.h>

/* KB of a line of /proc/self/smaps_rollup, which counts pages exactly where VmRSS lags behind. */
static long rollup_kb(const char *name) {
    char line[256];
    long value = 0;
    size_t length = strlen(name);
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL) die("/proc/self/smaps_rollup");
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':') value = atol(line + length + 1);
    fclose(file);
    return value;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: load LIBRARY\n");
        return 2;
    }
    rollup_kb("Rss"); /* stdio's own memory comes before */
    long rss = rollup_kb("Rss"), dirty = rollup_kb("Private_Dirty"), threads = status_field("Threads");
    int64_t started = monotonic_ns();
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    int64_t ended = monotonic_ns();
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    printf("{\"ms\":%.3f,\"rss_kb\":%ld,\"private_dirty_kb\":%ld,\"threads\":%ld}\n", (double)(ended - started) / 1e6,
           rollup_kb("Rss") - rss, rollup_kb("Private_Dirty") - dirty, status_field("Threads") - threads);
    return 0;
}
