// SPDX-License-Identifier: Apache-2.0
/*
 * What every program here needs: the clock, the message, the command line, the result line.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static inline int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void sleep_until_ns(int64_t due) {
    struct timespec deadline = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR) {
    }
}

__attribute__((noreturn)) static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
    exit(1);
}

static inline void *allocate(size_t bytes) {
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL) die("malloc");
    return memory;
}

/* The message of all benches: {"seq":%10d,"t":%19d,"p":"abc…"}. Its fixed part takes 49 bytes. */
enum { MESSAGE_OVERHEAD = 49, MESSAGE_TIME_OFFSET = 22, MESSAGE_TIME_DIGITS = 19 };

static inline char *message_make(size_t size, size_t *length) {
    size_t letters = size > MESSAGE_OVERHEAD ? size - MESSAGE_OVERHEAD : 0;
    char *text = allocate(MESSAGE_OVERHEAD + letters + 1);
    size_t at = (size_t)sprintf(text, "{\"seq\":%10d,\"t\":%19d,\"p\":\"", 0, 0);
    for (size_t index = 0; index < letters; index++) text[at++] = (char)('a' + index % 23);
    memcpy(text + at, "\"}", 3);
    *length = at + 2;
    return text;
}

static inline void message_set_time(char *text, int64_t time) {
    char digits[32];
    snprintf(digits, sizeof digits, "%19lld", (long long)time);
    memcpy(text + MESSAGE_TIME_OFFSET, digits, MESSAGE_TIME_DIGITS);
}

/* URL COUNT SIZE [CONNS] [--tags N] [--rate HZ] [--idle] [--insecure] [--masking], as `neuron-ws bench` takes them. */
struct plan {
    bool tls;
    char host[256];
    int port;
    int64_t count;
    size_t size;
    int connections;
    int tags;
    int64_t rate;
    bool idle;
    bool masking;
};

static inline void plan_url(struct plan *plan, const char *url) {
    const char *rest = NULL;
    if (strncmp(url, "ws://", 5) == 0) rest = url + 5;
    if (strncmp(url, "wss://", 6) == 0) rest = url + 6;
    if (rest == NULL || sscanf(rest, "%255[^:/]:%d", plan->host, &plan->port) != 2) {
        fprintf(stderr, "not ws://host:port or wss://host:port: %s\n", url);
        exit(2);
    }
    plan->tls = url[2] == 's';
}

static inline struct plan plan_read(int argc, char **argv) {
    struct plan plan = {.connections = 1};
    int position = 0;
    for (int index = 1; index < argc; index++) {
        const char *word = argv[index];
        const char *next = index + 1 < argc ? argv[index + 1] : "0";
        if (strcmp(word, "--tags") == 0) plan.tags = atoi(next), index++;
        else if (strcmp(word, "--rate") == 0) plan.rate = atoll(next), index++;
        else if (strcmp(word, "--idle") == 0) plan.idle = true;
        else if (strcmp(word, "--masking") == 0) plan.masking = true;
        else if (strcmp(word, "--insecure") == 0) continue; /* None of these programs checks certificates. */
        else if (position == 0) plan_url(&plan, word), position++;
        else if (position == 1) plan.count = atoll(word), position++;
        else if (position == 2) plan.size = (size_t)atoll(word), position++;
        else if (position == 3) plan.connections = atoi(word), position++;
    }
    if (position < 3 || plan.connections < 1 || plan.count < 0 || plan.tags < 0 || plan.rate < 0) {
        fprintf(stderr, "usage: %s URL COUNT SIZE [CONNS] [--tags N] [--rate HZ] [--idle] [--masking]\n", argv[0]);
        exit(2);
    }
    return plan;
}

/* A number of /proc/self/status: "VmRSS" and "VmHWM" in KB, "Threads". */
static inline long status_field(const char *name) {
    char line[256];
    long value = 0;
    size_t length = strlen(name);
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) die("/proc/self/status");
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':') value = atol(line + length + 1);
    fclose(file);
    return value;
}

static inline void result_print(const char *peer, const char *version, int64_t started) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double processor = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    /* Not ru_maxrss: that also remembers what the starting process had before exec. */
    printf("{\"peer\":\"%s\",\"version\":\"%s\",\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"max_rss_kb\":%ld}\n", peer,
           version, (double)(monotonic_ns() - started) / 1e9, processor, status_field("VmHWM"));
}

static inline int compare_u64(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* The smallest value that at least `share` of the sorted values do not exceed. */
static inline uint64_t percentile(const uint64_t *sorted, size_t count, double share) {
    if (count == 0) return 0;
    size_t index = (size_t)(share * (double)count + 0.999999);
    return sorted[index == 0 ? 0 : index < count ? index - 1 : count - 1];
}

#endif
