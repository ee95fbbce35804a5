// SPDX-License-Identifier: Apache-2.0
/*
 * Metrics: each node has its own, and a process-wide registry keeps the pointers of names and descriptions, also after
 * dlclose.
 */
#include "host.h"

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *registry_names[METRICS_MAX];
static const char *registry_helps[METRICS_MAX];
static size_t registry_count;

static void registry_add(const char *name, const char *help)
{
    pthread_mutex_lock(&registry_mutex);
    for (size_t index = 0; index < registry_count; index++) {
        if (strcmp(registry_names[index], name) == 0) {
            CHECK(strcmp(registry_helps[index], help) == 0, "%s has two descriptions", name);
            pthread_mutex_unlock(&registry_mutex);
            return;
        }
    }
    CHECK(registry_count < METRICS_MAX, "too many metrics");
    registry_names[registry_count] = name;
    registry_helps[registry_count++] = help;
    pthread_mutex_unlock(&registry_mutex);
}

int metric_add(neu_adapter_t *adapter, const char *name, const char *help, neu_metric_type_e type, uint64_t init)
{
    CHECK(adapter->canary == CANARY, "no adapter");
    registry_add(name, help);
    pthread_mutex_lock(&adapter->metrics_mutex);
    CHECK(adapter->metric_count < METRICS_MAX, "too many metrics");
    adapter->metrics[adapter->metric_count++] =
        (metric_t){name, help, type, type == NEU_METRIC_TYPE_ROLLING_COUNTER ? 0 : init, 0};
    pthread_mutex_unlock(&adapter->metrics_mutex);
    CHECK(type != NEU_METRIC_TYPE_ROLLING_COUNTER || init >= 5000, "%s spans %llu ms", name, (unsigned long long) init);
    return 0;
}

int metric_update(neu_adapter_t *adapter, const char *name, uint64_t number, const char *group)
{
    bool found = false;

    CHECK(adapter->canary == CANARY && !adapter->is_uninit, "a metric after uninit: %s", name);
    CHECK(group == NULL, "an app has no metrics of groups");
    pthread_mutex_lock(&adapter->metrics_mutex);
    for (size_t index = 0; index < adapter->metric_count; index++) {
        metric_t *metric = &adapter->metrics[index];
        if (strcmp(metric->name, name) != 0)
            continue;
        metric->value = metric->type == NEU_METRIC_TYPE_GAUAGE ? number : metric->value + number;
        metric->updates++;
        found = true;
    }
    pthread_mutex_unlock(&adapter->metrics_mutex);
    CHECK(found, "%s was never registered", name);
    return 0;
}

uint64_t adapter_metric(neu_adapter_t *adapter, const char *name)
{
    uint64_t value = UINT64_MAX;

    pthread_mutex_lock(&adapter->metrics_mutex);
    for (size_t index = 0; index < adapter->metric_count; index++)
        if (strcmp(adapter->metrics[index].name, name) == 0)
            value = adapter->metrics[index].value;
    pthread_mutex_unlock(&adapter->metrics_mutex);
    return value;
}

size_t registry_read(void)
{
    size_t bytes = 0;

    pthread_mutex_lock(&registry_mutex);
    for (size_t index = 0; index < registry_count; index++)
        bytes += strlen(registry_names[index]) + strlen(registry_helps[index]);
    pthread_mutex_unlock(&registry_mutex);
    return bytes;
}
