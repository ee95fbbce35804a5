// SPDX-License-Identifier: Apache-2.0
/*
 * Requests to drivers, as the host takes and answers them. A polite host answers all; the other one refuses some,
 * forgets some, and is slow.
 */
#include "host.h"

#include <float.h>
#include <unistd.h>

typedef struct {
    neu_reqresp_head_t head;
    union {
        neu_req_read_group_t read;
        neu_req_write_tag_t write;
        neu_req_write_tags_t writes;
        neu_req_driver_action_t action;
    } data;
} command_t;

/* What the host owns from a command that it took: freed with libc's free, as it does. */
static void free_dvalue(neu_dvalue_t *value)
{
    if (value->type == NEU_TYPE_ARRAY_STRING) {
        for (unsigned index = 0; index < value->value.strs.length; index++)
            free(value->value.strs.strs[index]);
        free(value->value.strs.strs);
    } else if (value->type > NEU_TYPE_ARRAY_CHAR && value->type < NEU_TYPE_ARRAY_STRING) {
        free(value->value.u8s.u8s);
    } else if (value->type == NEU_TYPE_CUSTOM) {
        host_json_free(value->value.json);
    }
}

static void free_command(command_t *command)
{
    switch ((int) command->head.type) {
    case NEU_REQ_READ_GROUP:
        for (int index = 0; index < command->data.read.n_tag; index++)
            free(command->data.read.tags[index]);
        free(command->data.read.tags);
        free(command->data.read.driver);
        free(command->data.read.group);
        free(command->data.read.name);
        free(command->data.read.desc);
        break;
    case NEU_REQ_WRITE_TAG:
        free_dvalue(&command->data.write.value);
        free(command->data.write.driver);
        free(command->data.write.group);
        free(command->data.write.tag);
        break;
    case NEU_REQ_WRITE_TAGS:
        for (int index = 0; index < command->data.writes.n_tag; index++)
            free_dvalue(&command->data.writes.tags[index].value);
        free(command->data.writes.tags);
        free(command->data.writes.driver);
        free(command->data.writes.group);
        break;
    case NEU_REQ_DRIVER_ACTION:
        free(command->data.action.action);
        break;
    default:
        break;
    }
    free(command);
}

static void reply(neu_adapter_t *adapter, int type, void *ctx, void *data)
{
    neu_reqresp_head_t head = {.type = (neu_reqresp_type_e) type, .ctx = ctx};

    adapter->module->intf_funs->request(adapter->plugin, &head, data);
}

static void reply_error(neu_adapter_t *adapter, void *ctx, int error)
{
    neu_resp_error_t answer = {.error = error};

    reply(adapter, NEU_RESP_ERROR, ctx, &answer);
}

/* Values that take the most bytes in an answer. */
static void make_longest(neu_resp_tag_value_meta_t *tags, int count)
{
    for (int index = 0; index < count; index++) {
        neu_dvalue_t *value = &tags[index].value;

        memset(value, 0, sizeof *value);
        value->type = index % 2 == 0 ? NEU_TYPE_STRING : NEU_TYPE_DOUBLE;
        if (index % 2 == 0) {
            memset(value->value.str, 1, NEU_VALUE_SIZE - 1);
        } else {
            value->value.d64 = -DBL_MAX;
            value->precision = 17;
        }
    }
}

/* A tag "in-GROUP-…" is in this group alone. Of a group "partly" every second tag is there, of "nothing" none. */
static bool has_tag(const char *group, const char *tag, int index)
{
    size_t length = strlen(group);

    if (strcmp(group, "nothing") == 0 || (strcmp(group, "partly") == 0 && index % 2 != 0))
        return false;
    return strncmp(tag, "in-", 3) != 0 || (strncmp(tag + 3, group, length) == 0 && tag[3 + length] == '-');
}

/* Of tags that are not there the host says nothing. */
static void reply_read(neu_adapter_t *adapter, const command_t *command)
{
    const neu_req_read_group_t *read = &command->data.read;
    int count = read->n_tag != 0 ? 0 : 3;
    UT_array *values;
    neu_resp_read_group_t answer = {read->driver, read->group, NULL};
    neu_resp_tag_value_meta_t *tag;

    for (int index = 0; index < read->n_tag; index++)
        count += has_tag(read->group, read->tags[index], index);
    values = answer.tags = values_make((size_t) count, false);
    tag = (neu_resp_tag_value_meta_t *) (void *) values->d;
    if (strcmp(read->group, "longest") == 0)
        make_longest(tag, count);
    for (int index = 0; index < read->n_tag; index++) {
        if (has_tag(read->group, read->tags[index], index))
            snprintf((tag++)->tag, NEU_TAG_NAME_LEN, "%s", read->tags[index]);
    }
    reply(adapter, NEU_RESP_READ_GROUP, command->head.ctx, &answer);
    values_free(values);
}

/* The plugin frees the array. */
static void reply_writes(neu_adapter_t *adapter, const command_t *command)
{
    int count = command->data.writes.n_tag;
    UT_array *results = array_make(sizeof(neu_resp_write_tags_ele_t), (size_t) count);
    neu_resp_write_tags_ele_t *elements = (neu_resp_write_tags_ele_t *) (void *) results->d;
    neu_resp_write_tags_t answer = {results};

    for (int index = 0; index < count; index++) {
        snprintf(elements[index].group, NEU_GROUP_NAME_LEN, "%s", command->data.writes.group);
        snprintf(elements[index].tag, NEU_TAG_NAME_LEN, "%s", command->data.writes.tags[index].tag);
        elements[index].error = index == 1 ? NEU_ERR_TAG_NOT_EXIST : 0;
        if (strcmp(command->data.writes.tags[index].tag, "cut") == 0)
            snprintf(elements[index].tag, NEU_TAG_NAME_LEN, "caf\xc3");
    }
    reply(adapter, NEU_RESP_WRITE_TAGS, command->head.ctx, &answer);
}

/* The plugin frees the array. */
static void reply_states(neu_adapter_t *adapter, const command_t *command)
{
    UT_array *states = array_make(sizeof(neu_nodes_state_t), 2);
    neu_nodes_state_t *elements = (neu_nodes_state_t *) (void *) states->d;
    neu_resp_get_nodes_state_t answer = {.states = states};

    snprintf(elements[0].node, NEU_NODE_NAME_LEN, "modbus");
    elements[0].state = (neu_node_state_t){NEU_NODE_RUNNING_STATE_RUNNING, NEU_NODE_LINK_STATE_CONNECTED, 40};
    elements[0].is_driver = true;
    snprintf(elements[1].node, NEU_NODE_NAME_LEN, "%s", adapter->name);
    elements[1].state = (neu_node_state_t){NEU_NODE_RUNNING_STATE_RUNNING, NEU_NODE_LINK_STATE_CONNECTED, 40};
    reply(adapter, NEU_RESP_GET_NODES_STATE, command->head.ctx, &answer);
}

static bool is_to(const char *driver, const char *name)
{
    return strncmp(driver, name, NEU_NODE_NAME_LEN) == 0;
}

static const char *driver_of(const command_t *command)
{
    switch ((int) command->head.type) {
    case NEU_REQ_DRIVER_ACTION:
        return command->data.action.driver;
    case NEU_REQ_GET_NODES_STATE:
        return "";
    default:
        return command->data.read.driver;
    }
}

/* Also prints it, for the test to see what came. */
static void answer(neu_adapter_t *adapter, void *argument)
{
    command_t *command = argument;

    if (is_to(driver_of(command), "nodriver")) {
        reply_error(adapter, command->head.ctx, NEU_ERR_NODE_NOT_EXIST);
    } else if (command->head.type != NEU_REQ_GET_NODES_STATE && command->head.type != NEU_REQ_DRIVER_ACTION &&
               is_to(command->data.read.group, "absent")) {
        reply_error(adapter, command->head.ctx, NEU_ERR_GROUP_NOT_EXIST);
    } else if ((command->head.type == NEU_REQ_WRITE_TAGS && is_to(command->data.writes.group, "single")) ||
               (command->head.type == NEU_REQ_WRITE_TAG && strcmp(command->data.write.tag, "bad") == 0)) {
        /* The driver takes no lists; the device refuses this tag. */
        reply_error(adapter, command->head.ctx, 3004);
    } else if (command->head.type == NEU_REQ_READ_GROUP) {
        reply_read(adapter, command);
    } else if (command->head.type == NEU_REQ_WRITE_TAGS && is_to(command->data.writes.group, "each")) {
        reply_writes(adapter, command);
    } else if (command->head.type == NEU_REQ_GET_NODES_STATE) {
        reply_states(adapter, command);
    } else if (command->head.type == NEU_REQ_DRIVER_ACTION) {
        neu_resp_driver_action_t done = {0};
        reply(adapter, NEU_RESP_DRIVER_ACTION, command->head.ctx, &done);
    } else {
        reply_error(adapter, command->head.ctx, 0);
    }
    /* A second answer to the same request finds nothing. */
    if (!adapter->is_polite)
        reply_error(adapter, command->head.ctx, 0);
    free_command(command);
}

static size_t size_of(int type)
{
    switch (type) {
    case NEU_REQ_READ_GROUP:
        return sizeof(neu_req_read_group_t);
    case NEU_REQ_WRITE_TAG:
        return sizeof(neu_req_write_tag_t);
    case NEU_REQ_WRITE_TAGS:
        return sizeof(neu_req_write_tags_t);
    case NEU_REQ_DRIVER_ACTION:
        return sizeof(neu_req_driver_action_t);
    case NEU_REQ_GET_NODES_STATE:
        return 0;
    default:
        CHECK(false, "a command of type %d", type);
        return 0;
    }
}

static void print_value(const neu_dvalue_t *value)
{
    printf(" type %d", value->type);
    switch ((int) value->type) {
    case NEU_TYPE_INT64:
        printf(" %lld", (long long) value->value.i64);
        break;
    case NEU_TYPE_UINT64:
        printf(" %llu", (unsigned long long) value->value.u64);
        break;
    case NEU_TYPE_DOUBLE:
        printf(" %g", value->value.d64);
        break;
    case NEU_TYPE_BOOL:
        printf(" %d", value->value.boolean);
        break;
    case NEU_TYPE_STRING:
        printf(" %s", value->value.str);
        break;
    case NEU_TYPE_ARRAY_INT64:
        printf(" %u", value->value.i64s.length);
        for (unsigned index = 0; index < value->value.i64s.length; index++)
            printf(" %lld", (long long) value->value.i64s.i64s[index]);
        break;
    case NEU_TYPE_ARRAY_STRING:
        printf(" %u %s", value->value.strs.length, value->value.strs.strs[0]);
        break;
    default:
        break;
    }
}

static void print_command(const command_t *command)
{
    const neu_req_read_group_t *read = &command->data.read;

    switch ((int) command->head.type) {
    case NEU_REQ_READ_GROUP:
        printf("read %s %s %d%s", read->driver, read->group, read->n_tag, read->sync ? " sync" : "");
        break;
    case NEU_REQ_WRITE_TAG:
        printf("write %s %s %s", read->driver, read->group, command->data.write.tag);
        print_value(&command->data.write.value);
        break;
    case NEU_REQ_WRITE_TAGS:
        printf("writes %s %s %d", read->driver, read->group, command->data.writes.n_tag);
        print_value(&command->data.writes.tags[0].value);
        break;
    case NEU_REQ_DRIVER_ACTION:
        printf("action %s %s", command->data.action.driver, command->data.action.action);
        break;
    default:
        printf("states");
        break;
    }
    printf("\n");
}

int host_command(neu_adapter_t *adapter, neu_reqresp_head_t head, void *data)
{
    command_t *command;
    uint64_t number;

    CHECK(adapter->canary == CANARY && !adapter->is_uninit, "a command after uninit");
    CHECK(head.otel_trace_type == 0, "a trace");
    number = ++adapter->commands;
    if (!adapter->is_polite && number % 16 == 7)
        return -1; /* all of it stays the plugin's */
    if (!adapter->is_polite && number % 64 == 9)
        usleep(200000);
    command = calloc(1, sizeof *command);
    CHECK(command != NULL, "no memory");
    command->head = head;
    memcpy(&command->data, data, size_of((int) head.type));
    if (adapter->is_polite && head.type != NEU_REQ_GET_NODES_STATE)
        print_command(command);
    if ((!adapter->is_polite && number % 16 == 11) || is_to(driver_of(command), "silent"))
        free_command(command); /* and never answer */
    else
        adapter_do(adapter, answer, command, false);
    return 0;
}
