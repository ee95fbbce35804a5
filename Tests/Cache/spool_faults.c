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
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1024, ENTRIES = 32, SECTOR = 512 };
enum call { READ, WRITE, SYNC, OPEN, NAME };

static atomic_bool is_cache[FILES];
static atomic_long calls;
static atomic_bool is_counting;
static char directory[PATH_MAX];
static long fault_at, fault_for = 1;
static int fault_number;
static const char *fault = "", *fault_from, *fault_names, *fault_while;

static bool is_fault(const char *name) { return strcmp(fault, name) == 0; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---------------------------------------------------------------------------------------------------------------------
 * What is on the disk
 */

/* Without bytes: the file gets another length. */
struct change {
    off64_t offset;
    size_t count;
    unsigned char *bytes;
    struct change *next;
};

struct file {
    unsigned char *bytes;
    off64_t length;
    struct change *first, *last;
    struct file *next;
};

struct name {
    char name[NAME_MAX + 1];
    struct file *file;
};

/* Without a file: the name goes. */
struct naming {
    struct name name;
    struct naming *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *disk, *disk_left;
static char disk_parent[PATH_MAX];
static bool is_disk_made;
static unsigned long luck;
static struct file *files;
static struct name names[ENTRIES], present[ENTRIES];
static struct naming *first_naming, *last_naming;
static struct file *file_of[FILES];

static void *reserved(void *memory)
{
    if (!memory) abort();
    return memory;
}

static bool is_lucky(void)
{
    luck = luck * 6364136223846793005UL + 1442695040888963407UL;
    return luck >> 40 & 1;
}

static void set_length(struct file *file, off64_t length)
{
    if (length > file->length) {
        file->bytes = reserved(realloc(file->bytes, (size_t)length));
        memset(file->bytes + file->length, 0, (size_t)(length - file->length));
    }
    file->length = length;
}

static void set_bytes(struct file *file, off64_t offset, const unsigned char *bytes, size_t count)
{
    if (offset + (off64_t)count > file->length) set_length(file, offset + (off64_t)count);
    memcpy(file->bytes + offset, bytes, count);
}

static void add_change(struct file *file, off64_t offset, const void *bytes, size_t count)
{
    struct change *change = reserved(calloc(1, sizeof *change));
    change->offset = offset;
    change->count = count;
    if (bytes) change->bytes = memcpy(reserved(malloc(count + 1)), bytes, count);
    if (file->last) file->last->next = change; else file->first = change;
    file->last = change;
}

static void drop_changes(struct file *file)
{
    for (struct change *change = file->first, *next; change; change = next) {
        next = change->next;
        free(change->bytes);
        free(change);
    }
    file->first = file->last = NULL;
}

static void apply_changes(struct file *file, bool by_luck)
{
    for (struct change *change = file->first; change; change = change->next) {
        if (!change->bytes) {
            if (!by_luck || is_lucky()) set_length(file, change->offset);
            continue;
        }
        for (size_t at = 0; at < change->count; at += SECTOR) {
            const size_t count = change->count - at < SECTOR ? change->count - at : SECTOR;
            if (!by_luck || is_lucky()) set_bytes(file, change->offset + (off64_t)at, change->bytes + at, count);
        }
    }
    drop_changes(file);
}

static struct name *place(struct name *all, const char *name, bool makes)
{
    for (int i = 0; i < ENTRIES; i++)
        if (all[i].file && strcmp(all[i].name, name) == 0) return &all[i];
    for (int i = 0; makes && i < ENTRIES; i++)
        if (!all[i].file) return strcpy(all[i].name, name), &all[i];
    return makes ? reserved(NULL) : NULL;
}

static void set_name(struct name *all, const char *name, struct file *file)
{
    struct name *there = place(all, name, file != NULL);
    if (there) there->file = file;
}

/* The name that a path has in the followed directory; NULL: it is elsewhere. */
static const char *followed(const char *path)
{
    const size_t length = disk ? strlen(disk) : 0;
    if (!disk || strncmp(path, disk, length) != 0 || path[length] != '/' || strchr(path + length + 1, '/')) return NULL;
    return path + length + 1;
}

static void add_naming(const char *name, struct file *file)
{
    struct naming *naming = reserved(calloc(1, sizeof *naming));
    snprintf(naming->name.name, sizeof naming->name.name, "%s", name);
    naming->name.file = file;
    if (last_naming) last_naming->next = naming; else first_naming = naming;
    last_naming = naming;
    set_name(present, name, file);
}

static void apply_namings(bool by_luck)
{
    /* A journal of the file system keeps their order. */
    while (first_naming && (!by_luck || is_lucky())) {
        struct naming *naming = first_naming;
        set_name(names, naming->name.name, naming->name.file);
        first_naming = naming->next;
        free(naming);
    }
    if (!first_naming) last_naming = NULL;
}

static struct file *new_file(void)
{
    struct file *file = reserved(calloc(1, sizeof *file));
    file->next = files;
    files = file;
    return file;
}

/* What lies there when the process begins is synced. */
static void read_disk(void)
{
    DIR *all = opendir(disk);
    if (!all) return;
    for (struct dirent *entry; (entry = readdir(all));) {
        char *path;
        if (!strstr(entry->d_name, ".nwsc")) continue;
        if (asprintf(&path, "%s/%s", disk, entry->d_name) < 0) abort();
        FILE *opened = fopen(path, "rb");
        free(path);
        if (!opened) continue;
        struct file *file = new_file();
        unsigned char bytes[1 << 16];
        for (size_t count; (count = fread(bytes, 1, sizeof bytes, opened)) > 0;)
            set_bytes(file, file->length, bytes, count);
        fclose(opened);
        set_name(names, entry->d_name, file);
        set_name(present, entry->d_name, file);
    }
    closedir(all);
}

/* The power is gone. */
static void leave_disk(void)
{
    if (!disk_left) return;
    if (luck) {
        apply_namings(true);
        for (struct file *file = files; file; file = file->next) apply_changes(file, true);
    }
    for (int i = 0; i < ENTRIES && !is_disk_made; i++) {
        char *path;
        if (!names[i].file) continue;
        if (asprintf(&path, "%s/%s", disk_left, names[i].name) < 0) abort();
        FILE *left = reserved(fopen(path, "wb"));
        fwrite(names[i].file->bytes, 1, (size_t)names[i].file->length, left);
        fclose(left);
        free(path);
    }
    disk_left = NULL;
}

/* What is not synced never will be; where it is reverted the file is read as the disk has it. */
static void forget_unsynced(int descriptor, struct file *file)
{
    struct stat facts;
    if (!file || !file->first || fstat(descriptor, &facts) != 0) return;
    pthread_mutex_lock(&lock);
    drop_changes(file);
    if (is_fault("REVERT")) {
        unsigned char *bytes = reserved(calloc(1, (size_t)facts.st_size + 1));
        memcpy(bytes, file->bytes, (size_t)(file->length < facts.st_size ? file->length : facts.st_size));
        if (REAL(pwrite64)(descriptor, bytes, (size_t)facts.st_size, 0) != facts.st_size) abort();
        free(bytes);
    }
    add_change(file, facts.st_size, NULL, 0);
    pthread_mutex_unlock(&lock);
}

static void note_opened(const char *path, int descriptor, bool is_new)
{
    const char *name = followed(path);
    if (!name) return;
    pthread_mutex_lock(&lock);
    struct name *there = place(present, name, false);
    if (is_new || !there) {
        struct file *file = new_file();
        add_naming(name, file);
        file_of[descriptor] = file;
    } else {
        file_of[descriptor] = there->file;
    }
    pthread_mutex_unlock(&lock);
}

static void note_change(int descriptor, off64_t offset, const void *bytes, size_t count)
{
    pthread_mutex_lock(&lock);
    if (file_of[descriptor]) add_change(file_of[descriptor], offset, bytes, count);
    pthread_mutex_unlock(&lock);
}

static void note_sync(int descriptor)
{
    char path[PATH_MAX] = "", link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    if (!disk || readlink(link, path, sizeof path - 1) < 0) return;
    pthread_mutex_lock(&lock);
    if (strcmp(path, disk) == 0) apply_namings(false);
    if (strcmp(path, disk_parent) == 0) is_disk_made = false;
    if (descriptor < FILES && file_of[descriptor]) apply_changes(file_of[descriptor], false);
    pthread_mutex_unlock(&lock);
}

static void note_named(const char *path, const char *other)
{
    const char *name = followed(path), *to = other ? followed(other) : NULL;
    pthread_mutex_lock(&lock);
    struct name *there = name ? place(present, name, false) : NULL;
    if (to && there) add_naming(to, there->file);
    pthread_mutex_unlock(&lock);
}

static void note_unnamed(const char *path)
{
    const char *name = followed(path);
    pthread_mutex_lock(&lock);
    if (name) add_naming(name, NULL);
    pthread_mutex_unlock(&lock);
}

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
