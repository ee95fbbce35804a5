// SPDX-License-Identifier: Apache-2.0
/*
 * What the host exports in front of everything a plugin brings: its log, its own jansson, and, where
 * test_host.py adds them, functions named like all of jansson's and OpenSSL's that nobody but the host may call.
 */
#include "host.h"

#include <stdarg.h>

/* ---- the log ---- */

struct zlog_category_s {
    uint64_t canary;
    struct zlog_category_s *next;
    char name[NEU_NODE_NAME_LEN];
    char lines[121][512];
};

static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static zlog_category_t *categories;
static int log_level = 40;
static uint64_t line_count;

void zlog(zlog_category_t *category, const char *file, size_t file_length, const char *function,
          size_t function_length, long line, int level, const char *format, ...)
    __attribute__((format(printf, 8, 9)));
int zlog_level_enabled(zlog_category_t *category, const int level);

zlog_category_t *log_category(const char *name)
{
    zlog_category_t *category;

    pthread_mutex_lock(&log_mutex);
    for (category = categories; category != NULL; category = category->next)
        if (strcmp(category->name, name) == 0)
            break;
    if (category == NULL) {
        category = calloc(1, sizeof *category);
        CHECK(category != NULL, "no memory");
        category->canary = CANARY;
        snprintf(category->name, sizeof category->name, "%s", name);
        category->next = categories;
        categories = category;
    }
    pthread_mutex_unlock(&log_mutex);
    return category;
}

void log_set_level(int level)
{
    pthread_mutex_lock(&log_mutex);
    log_level = level;
    pthread_mutex_unlock(&log_mutex);
}

int zlog_level_enabled(zlog_category_t *category, const int level)
{
    int enabled;

    CHECK(category != NULL && category->canary == CANARY, "not a category");
    pthread_mutex_lock(&log_mutex);
    enabled = level >= log_level;
    pthread_mutex_unlock(&log_mutex);
    return enabled;
}

void zlog(zlog_category_t *category, const char *file, size_t file_length, const char *function,
          size_t function_length, long line, int level, const char *format, ...)
{
    va_list arguments;

    CHECK(category != NULL && category->canary == CANARY, "not a category");
    CHECK(strlen(file) == file_length && strlen(function) == function_length, "wrong lengths, line %ld", line);
    CHECK(level >= 20 && level <= 120, "level %d", level);
    pthread_mutex_lock(&log_mutex);
    line_count++;
    if (level >= log_level) {
        va_start(arguments, format);
        vsnprintf(category->lines[level], sizeof category->lines[level], format, arguments);
        va_end(arguments);
        if (getenv("HOST_LOG") != NULL)
            fprintf(stderr, "[%s %d] %s\n", category->name, level, category->lines[level]);
    }
    pthread_mutex_unlock(&log_mutex);
}

void log_last(const char *name, int level, int to, char *line, size_t size)
{
    zlog_category_t *category = log_category(name);

    pthread_mutex_lock(&log_mutex);
    line[0] = '\0';
    for (int each = to; each >= level && line[0] == '\0'; each--)
        snprintf(line, size, "%s", category->lines[each]);
    pthread_mutex_unlock(&log_mutex);
}

void log_clear(void)
{
    pthread_mutex_lock(&log_mutex);
    for (zlog_category_t *category = categories; category != NULL; category = category->next)
        memset(category->lines, 0, sizeof category->lines);
    pthread_mutex_unlock(&log_mutex);
}

uint64_t log_lines(void)
{
    uint64_t count;

    pthread_mutex_lock(&log_mutex);
    count = line_count;
    pthread_mutex_unlock(&log_mutex);
    return count;
}

/* ---- the host's own jansson: another layout than the system's ---- */

static atomic_int foreign;

long foreign_called(const char *name);
long foreign_called(const char *name)
{
    fprintf(stderr, "foreign function called: %s\n", name);
    foreign++;
    return 0;
}

int foreign_calls(void)
{
    return foreign;
}

#ifdef HOST_HAS_SYSTEM_JANSSON

/* Under a sanitizer nothing can keep the library from the host's functions, so there they are the same as its own. */
json_t *json_loadb(const char *text, size_t length, size_t flags, void *error);
void json_delete(json_t *value);

json_t *host_json(const char *text)
{
    return json_loadb(text, strlen(text), 4, NULL);
}

void host_json_free(json_t *value)
{
    /* Of one owner each. */
    if (value != NULL)
        json_delete(value);
}

#else

struct json_t {
    int type;
    volatile size_t references;
    uint64_t canary;
    char text[];
};

char *json_dumps(const json_t *value, size_t flags);
json_t *json_loadb(const char *text, size_t length, size_t flags, void *error);
void json_delete(json_t *value);

json_t *host_json(const char *text)
{
    size_t size = strlen(text) + 1;
    json_t *value = malloc(sizeof *value + size);

    CHECK(value != NULL, "no memory");
    value->type = 0;
    value->references = 1;
    value->canary = CANARY;
    memcpy(value->text, text, size);
    return value;
}

char *json_dumps(const json_t *value, size_t flags)
{
    /* The library's own trees never come here. */
    CHECK(value->canary == CANARY, "not the host's value; flags %zu", flags);
    return strdup(value->text);
}

json_t *json_loadb(const char *text, size_t length, size_t flags, void *error)
{
    char copy[4096];

    CHECK(error == NULL && flags == 4, "not the plugin's call; flags %zu", flags);
    if (length >= sizeof copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return host_json(copy);
}

void json_delete(json_t *value)
{
    CHECK(value->canary == CANARY && value->references == 0, "not the host's value");
    memset(value, 0xdb, sizeof *value);
    free(value);
}

void host_json_free(json_t *value)
{
    if (value != NULL && --value->references == 0)
        json_delete(value);
}

#endif
