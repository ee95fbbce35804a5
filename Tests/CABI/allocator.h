// SPDX-License-Identifier: Apache-2.0
/*
 * Every allocation of the process, before it is made. Included once, behind the definitions of
 *     bool fails(size_t size)                  whether this one is refused
 *     void *account(void *memory, long sign)   told what was given (1) and what is taken back (-1); returns it
 * Pages that the library maps for itself count as allocations.
 */
#ifndef NEURON_WS_TEST_ALLOCATOR_H
#define NEURON_WS_TEST_ALLOCATOR_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size)
{
    return fails(size) ? NULL : account(__libc_malloc(size), 1);
}

void free(void *memory)
{
    __libc_free(account(memory, -1));
}

void *calloc(size_t count, size_t size)
{
    return fails(count * size) ? NULL : account(__libc_calloc(count, size), 1);
}

void *realloc(void *memory, size_t size)
{
    return fails(size) ? NULL : account(__libc_realloc(account(memory, -1), size), 1);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (fails(size))
        return ENOMEM;
    *memory = account(__libc_memalign(alignment, size), 1);
    return *memory == NULL ? ENOMEM : 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(size) ? NULL : account(__libc_memalign(alignment, size), 1);
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    if (descriptor == -1 && fails(length))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
}

#endif
