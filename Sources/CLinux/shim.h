// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CLINUX_SHIM_H
#define NEURON_WS_CLINUX_SHIM_H

/* No _GNU_SOURCE: it changes struct and enum definitions (fd_set, __rusage_who), and a compiler that also sees Swift's
   own Glibc module (Synchronization imports it) or OpenSSL's headers refuses two definitions of one type. The few GNU
   functions that are needed are declared below. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int pthread_setname_np(pthread_t thread, const char *name);
int pthread_getname_np(pthread_t thread, char *name, size_t size);
const char *strerrordesc_np(int number);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);

/* Variadic, which Swift cannot call. */
static inline int neuron_ws_open(const char *path, int flags) { return open(path, flags); }
static inline int neuron_ws_close_on_exec(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC); }
static inline int neuron_ws_create(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CREAT, mode);
}
static inline const char *neuron_ws_entry_name(const struct dirent *entry) { return entry->d_name; }
/* 0: nobody. */
static inline pid_t neuron_ws_lock_holder(int descriptor)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}
static inline int neuron_ws_bytes_unsent(int descriptor, int *count) { return ioctl(descriptor, TIOCOUTQ, count); }

#endif
