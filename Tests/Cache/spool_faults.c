// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into a process whose cache is under test: one call for a file of the cache fails, or the process is killed
 * in front of it. Environment: SPOOL_FAULT = EIO, ENOSPC, EINTR, SHORT (half is written), KILL; SPOOL_FAULT_AT = which
 * call, from 1 on; SPOOL_FAULT_FOR = how many from there on (1). SPOOL_FAULT_COUNT = a file into which the number of
 * calls is written at the end.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1024 };
static atomic_bool is_cache[FILES];
static atomic_long calls;
static long fault_at, fault_for = 1;
static int fault_number;
static bool is_kill, is_short;

__attribute__((constructor)) static void prepare(void)
{
    const char *fault = getenv("SPOOL_FAULT"), *at = getenv("SPOOL_FAULT_AT"), *count = getenv("SPOOL_FAULT_FOR");
    if (at) fault_at = atol(at);
    if (count) fault_for = atol(count);
    if (!fault) return;
    is_kill = strcmp(fault, "KILL") == 0;
    is_short = strcmp(fault, "SHORT") == 0;
    fault_number = strcmp(fault, "ENOSPC") == 0 ? ENOSPC : strcmp(fault, "EINTR") == 0 ? EINTR : EIO;
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("SPOOL_FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

/* Whether the present call is one that fails. */
static bool fails(void)
{
    const long number = atomic_fetch_add(&calls, 1) + 1;
    if (fault_at == 0 || number < fault_at || number >= fault_at + fault_for) return false;
    if (is_kill) raise(SIGKILL);
    errno = fault_number;
    return true;
}

static bool ours(int descriptor) { return descriptor >= 0 && descriptor < FILES && is_cache[descriptor]; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const bool is_ours = strstr(path, ".nwsc") != NULL;
    if (is_ours && !is_short && fails()) return -1;
    const int descriptor = REAL(open64)(path, flags, mode);
    if (descriptor >= 0 && descriptor < FILES) is_cache[descriptor] = is_ours;
    return descriptor;
}

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < FILES) is_cache[descriptor] = false;
    return REAL(close)(descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset)
{
    if (ours(descriptor) && fails()) {
        if (!is_short) return -1;
        errno = 0;
        return REAL(pwrite64)(descriptor, bytes, count / 2, offset);
    }
    return REAL(pwrite64)(descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset)
{
    if (ours(descriptor) && !is_short && fault_number == EIO && fails()) return -1;
    return REAL(pread64)(descriptor, bytes, count, offset);
}

int fdatasync(int descriptor)
{
    if (ours(descriptor) && !is_short && fault_number != EINTR && fails()) return -1;
    return REAL(fdatasync)(descriptor);
}

int fsync(int descriptor)
{
    if (ours(descriptor) && !is_short && fault_number != EINTR && fails()) return -1;
    return REAL(fsync)(descriptor);
}

int ftruncate64(int descriptor, off64_t length)
{
    if (ours(descriptor) && !is_short && fails()) return -1;
    return REAL(ftruncate64)(descriptor, length);
}

int unlink(const char *path)
{
    if (strstr(path, ".nwsc") && is_kill) (void)fails();
    return REAL(unlink)(path);
}

int rename(const char *path, const char *other)
{
    if (strstr(path, ".nwsc") && is_kill) (void)fails();
    return REAL(rename)(path, other);
}
