// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into a process whose cache is under test: calls for a file of the cache, or for its directory, fail.
 * Environment:
 *
 * SPOOL_FAULT        EIO, ENOSPC, EINTR, EROFS: the call fails; SHORT: half is written; KILL: the process is killed in
 *                    front of it; POWER: it is killed by a power loss; SYNC: a sync fails, and what it was to sync does
 *                    not get to the disk later either (ext4, XFS); REVERT: nor is it what is read from then on (Btrfs);
 *                    STALL: a sync waits for as long as SPOOL_FAULT_WHILE is there
 * SPOOL_FAULT_AT     which call, from 1 on, of those that can fail so
 * SPOOL_FAULT_FOR    how many from there on (1)
 * SPOOL_FAULT_FROM   they are counted from the first on whose path contains this
 * SPOOL_FAULT_NAMES  those alone are counted that make, delete, link or rename a file
 * SPOOL_FAULT_WHILE  instead of AT: those fail while this file is there
 * SPOOL_FAULT_COUNT  a file into which their number is written at the end
 * SPOOL_DISK         the directory of the cache, of which it is known what is synced: there is nothing else behind a
 *                    power loss
 * SPOOL_DISK_LEFT    a directory that gets what is there behind a power loss, be it at the process's orderly end
 * SPOOL_DISK_LUCK    with this seed some of what is not synced is there too, by sectors
 */
#include "spool_disk.h"

/* ---------------------------------------------------------------------------------------------------------------------
 * What fails
 */

__attribute__((constructor)) static void prepare(void)
{
    const char *at = getenv("SPOOL_FAULT_AT"), *count = getenv("SPOOL_FAULT_FOR"), *seed = getenv("SPOOL_DISK_LUCK");
    if (getenv("SPOOL_FAULT")) fault = getenv("SPOOL_FAULT");
    if (at) fault_at = atol(at);
    if (count) fault_for = atol(count);
    fault_from = getenv("SPOOL_FAULT_FROM");
    fault_names = getenv("SPOOL_FAULT_NAMES");
    fault_while = getenv("SPOOL_FAULT_WHILE");
    is_counting = !fault_from;
    fault_number = is_fault("ENOSPC") ? ENOSPC : is_fault("EINTR") ? EINTR : is_fault("EROFS") ? EROFS : EIO;
    disk_left = getenv("SPOOL_DISK_LEFT");
    if (seed) luck = strtoul(seed, NULL, 10);
    if (!(disk = getenv("SPOOL_DISK"))) return;
    snprintf(disk_parent, sizeof disk_parent, "%s", disk);
    *strrchr(disk_parent, '/') = '\0';
    read_disk();
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("SPOOL_FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", atomic_load(&calls));
        fclose(file);
    }
    pthread_mutex_lock(&lock);
    leave_disk();
    pthread_mutex_unlock(&lock);
}

static bool can_fail(enum call call, int flags)
{
    if (fault_names && call != NAME && !(call == OPEN && flags & O_CREAT)) return false;
    if (is_fault("SYNC") || is_fault("REVERT") || is_fault("STALL")) return call == SYNC;
    if (is_fault("SHORT")) return call == WRITE;
    if (is_fault("ENOSPC")) return call != READ;
    if (is_fault("EINTR")) return call == WRITE || call == OPEN;
    if (is_fault("EROFS")) return call == WRITE || call == NAME || (call == OPEN && flags & (O_WRONLY | O_RDWR));
    return true;
}

/* Whether the present call is one that fails. */
static bool fails(enum call call, int flags)
{
    if (!is_counting || !can_fail(call, flags)) return false;
    const long number = atomic_fetch_add(&calls, 1) + 1;
    if (fault_while && is_fault("STALL")) {
        while (access(fault_while, F_OK) == 0) usleep(10000);
        return false;
    }
    if (fault_while) {
        if (access(fault_while, F_OK) != 0) return false;
    } else if (fault_at == 0 || number < fault_at || number >= fault_at + fault_for) {
        return false;
    }
    if (is_fault("POWER")) {
        pthread_mutex_lock(&lock);
        leave_disk();
    }
    if (is_fault("POWER") || is_fault("KILL")) raise(SIGKILL);
    errno = fault_number;
    return true;
}

static bool is_ours(const char *path)
{
    const char *last = strrchr(path, '/');
    if (!last || !strstr(last, ".nwsc")) return directory[0] && strcmp(path, directory) == 0;
    snprintf(directory, sizeof directory, "%.*s", (int)(last - path), path);
    if (fault_from && strstr(path, fault_from)) is_counting = true;
    return true;
}

static bool ours(int descriptor) { return descriptor >= 0 && descriptor < FILES && is_cache[descriptor]; }

static int opened(const char *path, int flags, mode_t mode)
{
    const bool is_cached = is_ours(path);
    if (is_cached && fails(OPEN, flags)) return -1;
    const bool is_new = is_cached && access(path, F_OK) != 0;
    const int descriptor = REAL(open64)(path, flags, mode);
    if (descriptor < 0 || descriptor >= FILES) return descriptor;
    is_cache[descriptor] = is_cached;
    file_of[descriptor] = NULL;
    if (is_cached && disk) note_opened(path, descriptor, is_new);
    return descriptor;
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return opened(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return opened(path, flags, mode);
}

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < FILES) is_cache[descriptor] = false;
    return REAL(close)(descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset)
{
    if (!ours(descriptor)) return REAL(pwrite64)(descriptor, bytes, count, offset);
    if (fails(WRITE, 0)) {
        if (!is_fault("SHORT")) return -1;
        errno = 0;
        count /= 2;
    }
    const ssize_t written = REAL(pwrite64)(descriptor, bytes, count, offset);
    if (written > 0) note_change(descriptor, offset, bytes, (size_t)written);
    return written;
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset)
{
    if (ours(descriptor) && fails(READ, 0)) return -1;
    return REAL(pread64)(descriptor, bytes, count, offset);
}

static int synced(int descriptor, int (*sync)(int))
{
    if (ours(descriptor) && fails(SYNC, 0)) {
        if (is_fault("SYNC") || is_fault("REVERT")) forget_unsynced(descriptor, file_of[descriptor]);
        errno = fault_number;
        return -1;
    }
    const int status = sync(descriptor);
    if (status == 0) note_sync(descriptor);
    return status;
}

int fdatasync(int descriptor) { return synced(descriptor, REAL(fdatasync)); }
int fsync(int descriptor) { return synced(descriptor, REAL(fsync)); }

int ftruncate64(int descriptor, off64_t length)
{
    if (!ours(descriptor)) return REAL(ftruncate64)(descriptor, length);
    if (fails(WRITE, 0)) return -1;
    const int status = REAL(ftruncate64)(descriptor, length);
    if (status == 0) note_change(descriptor, length, NULL, 0);
    return status;
}

int unlink(const char *path)
{
    if (is_ours(path) && fails(NAME, 0)) return -1;
    const int status = REAL(unlink)(path);
    if (status == 0) note_unnamed(path);
    return status;
}

int rename(const char *path, const char *other)
{
    if (is_ours(path) && fails(NAME, 0)) return -1;
    const int status = REAL(rename)(path, other);
    if (status == 0) {
        note_named(path, other);
        note_unnamed(path);
    }
    return status;
}

int link(const char *path, const char *other)
{
    if (is_ours(path) && fails(NAME, 0)) return -1;
    const int status = REAL(link)(path, other);
    if (status == 0) note_named(path, other);
    return status;
}

int mkdir(const char *path, mode_t mode)
{
    if (fails(NAME, 0)) return -1;
    const int status = REAL(mkdir)(path, mode);
    if (status == 0 && disk && strcmp(path, disk) == 0) is_disk_made = true;
    return status;
}
