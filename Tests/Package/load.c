/*
 * Loads the library and says what that changed: threads, signal handlers, signal mask, resident memory, output.
 *
 * load LIBRARY - prints one line of JSON.
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

static int handlers(void)
{
    int count = 0;

    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            count++;
    }
    return count;
}

static int blocked(void)
{
    sigset_t mask;
    int count = 0;

    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < 65; number++)
        count += sigismember(&mask, number) == 1;
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
    if (count != 2)
        return 2;
    resident_kilobytes();
    long before = resident_kilobytes();
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    long after = resident_kilobytes();
    int closed = dlclose(library);
    void *again = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    printf("{\"threads\":%d,\"handlers\":%d,\"blocked\":%d,\"kilobytes\":%ld,\"closed\":%d,\"stays\":%d}\n", threads(),
           handlers(), blocked(), after - before, closed, again != NULL);
    return 0;
}
