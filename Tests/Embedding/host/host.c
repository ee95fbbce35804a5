// SPDX-License-Identifier: Apache-2.0
/*
 * host PLUGIN - does what its standard input says, a command a line, and answers each with a line that begins with "=".
 * What the plugin asks of drivers is printed as it comes.
 *
 *     lives COUNT URL             whole lives of nodes, one after the other, numbered from FIRST (0, or $HOST_FIRST)
 *     create NAME | delete | rename NAME
 *     end (the node, as when the gateway stops)
 *     other PLUGIN | unload (a node of another plugin; and it deleted, its library unloaded) | statistics
 *     setting JSON | nosetting | start | stop
 *     subscribe DRIVER GROUP [STATIC_TAGS] | update … | unsubscribe DRIVER GROUP
 *     data DRIVER GROUP COUNT | types DRIVER GROUP | burst DRIVER GROUP COUNT
 *     text DRIVER GROUP TAG TEXT | error DRIVER GROUP TAG CODE
 *     delivered (how much of the data the plugin has taken)
 *     linked | link | metric NAME | log LEVEL (the last line of it or above) |
 *     logged LEVEL (of it alone) | level NUMBER | polite 0|1 | foreign | commands
 */
#include "host.h"

#include <unistd.h>

static neu_adapter_t *node, *other_node;
static const char *plugin_path;

static void answer_number(long long number)
{
    printf("= %lld\n", number);
}

static void subscribe(int type, char *driver, char *group, const char *static_tags)
{
    neu_req_subscribe_t request = {0};

    snprintf(request.driver, sizeof request.driver, "%s", driver);
    snprintf(request.group, sizeof request.group, "%s", group);
    request.static_tags = static_tags != NULL && *static_tags != '\0' ? strdup(static_tags) : NULL;
    answer_number(adapter_control(node, type, &request, sizeof request));
}

/* More than the consumer can take at once: it gets the last first. Each group's first value is its number. */
static void burst(char *driver, char *group, int count)
{
    pthread_mutex_lock(&node->mutex);
    for (int number = 0; number < count && node->queued < QUEUE_MAX; number++) {
        neu_reqresp_trans_data_t *data;
        UT_array *values = values_make(1, false);
        ((neu_resp_tag_value_meta_t *) (void *) values->d)->value.value.i32 = number;
        data = data_make_of(driver, group, values);
        node->queue[node->queued++] = data;
    }
    pthread_cond_broadcast(&node->changed);
    pthread_mutex_unlock(&node->mutex);
    answer_number(count);
}

/* A group of one tag, of a text or an error. */
static void give_one(bool is_error, char *driver, char *group, char *rest)
{
    char *name = strtok_r(NULL, " ", &rest);
    UT_array *values = values_make(1, false);
    neu_resp_tag_value_meta_t *tag = (neu_resp_tag_value_meta_t *) (void *) values->d;

    snprintf(tag->tag, sizeof tag->tag, "%s", name != NULL ? name : "");
    tag->value.type = is_error ? NEU_TYPE_ERROR : NEU_TYPE_STRING;
    if (is_error)
        tag->value.value.i32 = atoi(rest);
    else
        snprintf(tag->value.value.str, NEU_VALUE_SIZE, "%s", rest);
    adapter_data(node, data_make_of(driver, group, values));
    answer_number(0);
}

static void wait_for_link(void)
{
    for (int round = 0; round < 10000 && adapter_link(node) == 0; round++)
        usleep(1000);
    answer_number(adapter_link(node));
}

static void print_log(int level, bool is_alone)
{
    char line[512];

    log_last(node->name, level, is_alone ? level : 120, line, sizeof line);
    printf("= %s\n", line);
}

static void live(unsigned count, const char *url)
{
    unsigned first = getenv("HOST_FIRST") != NULL ? (unsigned) atoi(getenv("HOST_FIRST")) : 0;

    for (unsigned number = first; number < first + count; number++)
        life(plugin_path, url, number);
    printf("= %u lives, %d foreign calls\n", count, foreign_calls());
}

static bool run_node(const char *word, char *rest, char *first, char *second, char *third)
{
    if (strcmp(word, "setting") == 0)
        answer_number(adapter_setting(node, rest));
    else if (strcmp(word, "nosetting") == 0)
        answer_number(adapter_setting(node, NULL));
    else if (strcmp(word, "start") == 0)
        answer_number(adapter_start(node));
    else if (strcmp(word, "stop") == 0)
        answer_number(adapter_stop(node));
    else if (strcmp(word, "subscribe") == 0)
        subscribe(NEU_REQ_SUBSCRIBE_GROUP, first, second, third);
    else if (strcmp(word, "update") == 0)
        subscribe(NEU_REQ_UPDATE_SUBSCRIBE_GROUP, first, second, third);
    else if (strcmp(word, "unsubscribe") == 0)
        subscribe(NEU_REQ_UNSUBSCRIBE_GROUP, first, second, NULL);
    else if (strcmp(word, "data") == 0)
        adapter_data(node, data_make(first, second, (size_t) atoi(third))), answer_number(0);
    else if (strcmp(word, "types") == 0)
        adapter_data(node, data_make_all_types(first, second)), answer_number(0);
    else if (strcmp(word, "burst") == 0)
        burst(first, second, atoi(third));
    else if (strcmp(word, "text") == 0 || strcmp(word, "error") == 0)
        give_one(word[0] == 'e', first, second, third);
    else if (strcmp(word, "delivered") == 0)
        answer_number((long long) node->delivered);
    else if (strcmp(word, "linked") == 0)
        wait_for_link();
    else if (strcmp(word, "link") == 0)
        answer_number(adapter_link(node));
    else if (strcmp(word, "metric") == 0)
        answer_number((long long) adapter_metric(node, first));
    else if (strcmp(word, "log") == 0)
        print_log(atoi(first), false);
    else if (strcmp(word, "logged") == 0)
        print_log(atoi(first), true);
    else if (strcmp(word, "polite") == 0)
        node->is_polite = atoi(first) != 0, answer_number(0);
    else if (strcmp(word, "commands") == 0)
        answer_number((long long) node->commands);
    else
        return false;
    return true;
}

static void unload(void)
{
    neu_adapter_t *adapter = other_node;

    other_node = NULL;
    adapter_delete(adapter, true);
}

static void run(char *line)
{
    char copy[1 << 16];
    char *save = NULL, *word, *first, *second, *third, *rest;

    line[strcspn(line, "\n")] = '\0';
    memcpy(copy, line, strlen(line) + 1);
    rest = strchr(line, ' ') != NULL ? strchr(line, ' ') + 1 : line + strlen(line);
    word = strtok_r(copy, " ", &save);
    first = strtok_r(NULL, " ", &save);
    second = strtok_r(NULL, " ", &save);
    third = save;
    if (word == NULL)
        return;
    if (strcmp(word, "lives") == 0)
        live((unsigned) atoi(first), second);
    else if (strcmp(word, "create") == 0)
        node = adapter_create(plugin_path, rest), node->is_polite = true, answer_number(0);
    else if (strcmp(word, "delete") == 0)
        persist_remove(node->name), adapter_delete(node, true), node = NULL, answer_number(0);
    else if (strcmp(word, "end") == 0)
        adapter_delete(node, true), node = NULL, answer_number(0);
    else if (strcmp(word, "rename") == 0)
        adapter_rename(node, rest), answer_number(0);
    else if (strcmp(word, "level") == 0)
        log_set_level(atoi(first)), answer_number(0);
    else if (strcmp(word, "other") == 0)
        other_node = adapter_create(rest, "other"), answer_number(0);
    else if (strcmp(word, "unload") == 0)
        unload(), answer_number(0);
    else if (strcmp(word, "statistics") == 0)
        answer_number((long long) registry_read());
    else if (strcmp(word, "foreign") == 0)
        answer_number(foreign_calls());
    else if (node == NULL || !run_node(word, rest, first, second, third))
        printf("= ? %s\n", word);
}

int main(int count, char **arguments)
{
    static char line[1 << 16];

    if (count != 2)
        return 2;
    plugin_path = arguments[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin) != NULL)
        run(line);
    if (node != NULL)
        adapter_delete(node, true);
    return foreign_calls() == 0 ? 0 : 3;
}
