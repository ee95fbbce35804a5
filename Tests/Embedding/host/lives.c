// SPDX-License-Identifier: Apache-2.0
/*
 * Whole lives of a node: add, set, subscribe, data, rename, resubscribe with static tags, stop, start, delete.
 */
#include "host.h"

#include <unistd.h>

/* Gives data until it is told to end, as a driver does. */
typedef struct {
    neu_adapter_t *adapter;
    pthread_t thread;
    _Atomic bool ends;
} driver_t;

static void *driver_thread(void *context)
{
    driver_t *driver = context;
    unsigned number = 0;

    while (!driver->ends) {
        const char *name = number % 3 == 0 ? "driver" : number % 3 == 1 ? "renamed" : "other";
        neu_reqresp_trans_data_t *data =
            number % 7 == 0 ? data_make_all_types(name, "group") : data_make(name, "group", number % 20);
        adapter_data(driver->adapter, data);
        number++;
        if (number % 8 == 0)
            usleep(500);
    }
    return NULL;
}

static void *subscription_text(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void subscribe(neu_adapter_t *adapter, int type, const char *driver, const char *group, const char *static_tags)
{
    neu_req_subscribe_t request = {.port = 1234};
    char *params = subscription_text("{\"params\":{\"topic\":\"/x\"}}"), *tags = subscription_text(static_tags);

    snprintf(request.app, sizeof request.app, "%s", adapter->name);
    snprintf(request.driver, sizeof request.driver, "%s", driver);
    snprintf(request.group, sizeof request.group, "%s", group);
    request.params = params;
    request.static_tags = tags;
    adapter_control(adapter, type, &request, sizeof request);
    /* The manager reads them now: they are neither freed nor changed. The plugin owns them. */
    CHECK(strcmp(params, "{\"params\":{\"topic\":\"/x\"}}") == 0, "params were changed");
    CHECK(static_tags == NULL || strcmp(tags, static_tags) == 0, "static tags were changed");
}

static void rename_things(neu_adapter_t *adapter)
{
    neu_req_update_node_t node = {"driver", "renamed"};
    neu_req_update_group_t group = {"other", "group", "new group", 1000}, back = {"other", "new group", "group", 1000};
    neu_req_update_group_t same = {"other", "group", "", 1000}, none = {"none", "none", "new", 1000};

    adapter_control(adapter, NEU_REQ_UPDATE_NODE, &node, sizeof node);
    adapter_control(adapter, NEU_REQ_UPDATE_GROUP, &group, sizeof group);
    adapter_control(adapter, NEU_REQ_UPDATE_GROUP, &back, sizeof back);
    adapter_control(adapter, NEU_REQ_UPDATE_GROUP, &same, sizeof same);
    adapter_control(adapter, NEU_REQ_UPDATE_GROUP, &none, sizeof none);
    subscribe(adapter, NEU_REQ_UPDATE_SUBSCRIBE_GROUP, "renamed", "group",
        "{\"static_tags\":{\"line\":1,\"s\":\"x\"}}");
    subscribe(adapter, NEU_REQ_UPDATE_SUBSCRIBE_GROUP, "other", "group", "{\"static_tags\":[broken");
}

static void end_subscriptions(neu_adapter_t *adapter)
{
    neu_req_unsubscribe_t unsubscribe = {"app", "other", "group"};
    neu_req_del_group_t group = {"third", "group"};
    neu_reqresp_node_deleted_t node = {"renamed"};

    adapter_control(adapter, NEU_REQ_UNSUBSCRIBE_GROUP, &unsubscribe, sizeof unsubscribe);
    adapter_control(adapter, NEU_REQ_UNSUBSCRIBE_GROUP, &unsubscribe, sizeof unsubscribe);
    adapter_control(adapter, NEU_REQ_DEL_GROUP, &group, sizeof group);
    adapter_control(adapter, NEU_REQRESP_NODE_DELETED, &node, sizeof node);
}

/* Messages that say nothing to the plugin, and replies to nothing. */
static void send_strange_messages(neu_adapter_t *adapter)
{
    static const int types[] = {NEU_REQ_ADD_TAG, NEU_REQ_DEL_TAG, NEU_REQ_UPDATE_TAG, NEU_REQRESP_NODES_STATE,
                                NEU_REQ_READ_GROUP, 500, -1, 0x7fffffff};
    char nothing[1024] = {0};
    neu_resp_error_t error = {5};
    neu_resp_read_group_t read = {0};
    neu_resp_write_tags_t writes = {array_make(sizeof(neu_resp_write_tags_ele_t), 2)}, none = {0};
    neu_resp_get_nodes_state_t states = {.states = array_make(sizeof(neu_nodes_state_t), 2)};

    for (size_t index = 0; index < sizeof types / sizeof *types; index++)
        adapter_control(adapter, types[index], nothing, sizeof nothing);
    adapter_control(adapter, NEU_RESP_ERROR, &error, sizeof error);
    adapter_control(adapter, NEU_RESP_READ_GROUP, &read, sizeof read);
    adapter_control(adapter, NEU_RESP_WRITE_TAGS, &writes, sizeof writes);
    adapter_control(adapter, NEU_RESP_WRITE_TAGS, &none, sizeof none);
    adapter_control(adapter, NEU_RESP_GET_NODES_STATE, &states, sizeof states);
}

static void give_strange_data(neu_adapter_t *adapter, unsigned number)
{
    neu_reqresp_trans_data_t *none = data_make("driver", "group", 0);

    adapter_data(adapter, data_make(NULL, "group", 1));
    adapter_data(adapter, data_make("driver", NULL, 1));
    adapter_data(adapter, data_make("", "", 1));
    adapter_data(adapter, data_make("unknown", "group", 1));
    adapter_data(adapter, none);
    adapter_data(adapter, data_make("driver", "group", number % 50 == 0 ? 10000 : 100));
}

static void wait_for_link(neu_adapter_t *adapter)
{
    for (int round = 0; round < 20000 && adapter_link(adapter) != NEU_NODE_LINK_STATE_CONNECTED; round++)
        usleep(1000);
    CHECK(adapter_link(adapter) == NEU_NODE_LINK_STATE_CONNECTED, "no link");
}

static void check_refusal(neu_adapter_t *adapter)
{
    char line[512];

    log_clear();
    CHECK(adapter_setting(adapter, "{\"params\":{\"url\":\"ws://127.0.0.1\",\"formatt\":1}}") != 0, "taken");
    log_last(adapter->name, 100, 120, line, sizeof line);
    CHECK(strstr(line, "formatt") != NULL, "the log says: %s", line);
    CHECK(adapter_setting(adapter, "{") != 0 && adapter_setting(adapter, "") != 0 &&
              adapter_setting(adapter, NULL) != 0 && adapter_setting(adapter, "\xff\xfe") != 0,
          "taken");
}

/* The same settings, others that reconnect, and refused ones, while data flows. */
static void change_settings(neu_adapter_t *adapter, const char *url)
{
    char settings[512];

    for (int round = 0; round < 6; round++) {
        snprintf(settings, sizeof settings, "{\"params\":{\"url\":\"%s\",\"format\":%d,\"user-agent\":\"%d\"}}", url,
                 round % 2, round / 2);
        CHECK(adapter_setting(adapter, settings) == 0, "%s refused", settings);
        CHECK(adapter_setting(adapter, "{\"params\":{\"url\":7}}") != 0, "taken");
    }
}

static void live(neu_adapter_t *adapter, const char *url, unsigned number)
{
    char settings[512], name[64];
    driver_t driver = {.adapter = adapter};

    snprintf(settings, sizeof settings, "{\"params\":{\"url\":\"%s\",\"format\":%u}}", url, number % 3);
    if (number % 2 == 0)
        subscribe(adapter, NEU_REQ_SUBSCRIBE_GROUP, "driver", "group", NULL);
    if (number % 4 == 1)
        CHECK(adapter_start(adapter) != 0, "started without settings");
    check_refusal(adapter);
    if (number % 8 == 3)
        send_strange_messages(adapter);
    CHECK(adapter_setting(adapter, settings) == 0, "%s refused", settings);
    CHECK(adapter_start(adapter) == 0, "not started");
    subscribe(adapter, NEU_REQ_SUBSCRIBE_GROUP, "driver", "group", "{\"static_tags\":{\"a\":1}}");
    subscribe(adapter, NEU_REQ_SUBSCRIBE_GROUP, "other", "group", NULL);
    subscribe(adapter, NEU_REQ_SUBSCRIBE_GROUP, "third", "group", "{\"static_tags\":{}}");
    CHECK(pthread_create(&driver.thread, NULL, driver_thread, &driver) == 0, "no thread");
    if (number % 3 != 2)
        wait_for_link(adapter);
    give_strange_data(adapter, number);
    rename_things(adapter);
    snprintf(name, sizeof name, "renamed app %u", number);
    adapter_rename(adapter, name);
    if (number % 3 == 1)
        change_settings(adapter, url);
    send_strange_messages(adapter);
    if (number % 4 != 3) {
        CHECK(adapter_stop(adapter) == 0, "not stopped");
        CHECK(adapter_link(adapter) == NEU_NODE_LINK_STATE_DISCONNECTED, "a link while stopped");
        CHECK(adapter_start(adapter) == 0, "not started again");
    }
    if (number % 5 == 0)
        end_subscriptions(adapter);
    if (number % 16 == 5)
        usleep(1200000); /* so that metrics are told, and requests are under way */
    /* In most lives data comes on through uninit(). */
    if (number % 2 == 0)
        persist_remove(adapter->name);
    if (number % 9 != 4)
        adapter_uninit(adapter);
    driver.ends = true;
    pthread_join(driver.thread, NULL);
    persist_remove(adapter->name);
    adapter_delete(adapter, number % 9 == 4);
}

void life(const char *plugin_path, const char *url, unsigned number)
{
    char name[64];
    neu_adapter_t *adapter;

    snprintf(name, sizeof name, "app %u", number);
    adapter = adapter_create(plugin_path, name);
    if (number % 8 == 7) {
        /* As after an init that failed: settings, then close without uninit. */
        char settings[256];
        snprintf(settings, sizeof settings, "{\"params\":{\"url\":\"%s\"}}", url);
        adapter_setting(adapter, settings);
        subscribe(adapter, NEU_REQ_SUBSCRIBE_GROUP, "driver", "group", "{\"static_tags\":{\"a\":1}}");
        adapter_delete(adapter, false);
        return;
    }
    live(adapter, url, number);
}
