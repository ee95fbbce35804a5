// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into a process: the system's clock is ahead by as many seconds as the file SET_CLOCK_FILE or, without one,
 * the environment's SET_CLOCK says. The clock that nobody sets stays.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void __asan_init(void);

static long ahead(void)
{
    const char *path = getenv("SET_CLOCK_FILE"), *offset = getenv("SET_CLOCK");
    if (!path) return offset ? atol(offset) : 0;
    char text[32] = "";
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    return count > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    const int status = ((__typeof__(&clock_gettime))dlsym(RTLD_NEXT, "clock_gettime"))(clock, time);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead();
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec time;
    if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
    *now = (struct timeval){ .tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000 };
    return 0;
}

/*
 * The Python package binds its library to the system's functions past what is preloaded, unless there is the runtime of
 * a sanitizer, by this name.
 */
void __asan_init(void) {}

time_t time(time_t *where)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}
