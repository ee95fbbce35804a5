// SPDX-License-Identifier: Apache-2.0
/*
 * Loads the library and says what that changed: threads, signal handlers, signal mask, resident memory, output.
 *
 * load LIBRARY [BEFORE…] - prints one line of JSON. Each BEFORE is a library that the process has already.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");

    while (readdir(tasks) != NULL)
        count++;
    closedir(tasks);
    return count - 2;
}

/* How this process treats its signals; its parent may have left it some to ignore or to block. */
typedef struct {
    void (*handlers[65])(int);
    sigset_t blocked;
} signals_t;

static void read_signals(signals_t *signals)
{
    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        signals->handlers[number] = sigaction(number, NULL, &action) == 0 ? action.sa_handler : SIG_DFL;
    }
    sigprocmask(SIG_BLOCK, NULL, &signals->blocked);
}

static int changed(const signals_t *before, const signals_t *after)
{
    int count = 0;

    for (int number = 1; number < 65; number++)
        count += before->handlers[number] != after->handlers[number] ||
                 sigismember(&before->blocked, number) != sigismember(&after->blocked, number);
    return count;
}

static long resident_kilobytes(void)
{
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");

    while (fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmRSS: %ld", &kilobytes);
    fclose(status);
    return kilobytes;
}

int main(int count, char **arguments)
{
    if (count < 2)
        return 2;
    for (int i = 2; i < count; i++)
        if (dlopen(arguments[i], RTLD_NOW | RTLD_GLOBAL) == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
    resident_kilobytes();
    signals_t signals_before, signals_after;
    read_signals(&signals_before);
    long before = resident_kilobytes();
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    long after = resident_kilobytes();
    read_signals(&signals_after);
    int closed = dlclose(library);
    void *again = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    printf("{\"threads\":%d,\"signals\":%d,\"kilobytes\":%ld,\"closed\":%d,\"stays\":%d}\n", threads(),
           changed(&signals_before, &signals_after), after - before, closed, again != NULL);
    return 0;
}
