// SPDX-License-Identifier: Apache-2.0
/* What of a cache is on the disk, as far as it was synced: for spool_faults.c, whose calls it is told. */
#pragma once

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
