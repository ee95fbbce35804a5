// SPDX-License-Identifier: Apache-2.0
/*
 * An application's plugin as the gateway's own are: it registers metrics under names that others use too, and is
 * unloaded with its last node.
 */
#include "neuron_host.h"

#include <stdlib.h>

struct neu_plugin {
    neu_plugin_common_t common;
};

static neu_plugin_t *plugin_open(void)
{
    neu_plugin_t *plugin = calloc(1, sizeof *plugin);

    if (plugin != NULL)
        plugin->common.magic = 0x43474d50;
    return plugin;
}

static int plugin_close(neu_plugin_t *plugin)
{
    free(plugin);
    return 0;
}

static int plugin_init(neu_plugin_t *plugin, bool load)
{
    (void) load;
    plugin->common.adapter_callbacks->register_metric(plugin->common.adapter, NEU_METRIC_CACHED_MSGS_NUM,
        NEU_METRIC_CACHED_MSGS_NUM_HELP, (neu_metric_type_e) NEU_METRIC_CACHED_MSGS_NUM_TYPE, 0);
    plugin->common.adapter_callbacks->register_metric(plugin->common.adapter, NEU_METRIC_SEND_BYTES_5S,
        NEU_METRIC_SEND_BYTES_5S_HELP, (neu_metric_type_e) NEU_METRIC_SEND_BYTES_5S_TYPE, 5000);
    return 0;
}

static int nothing(neu_plugin_t *plugin)
{
    (void) plugin;
    return 0;
}

static int plugin_setting(neu_plugin_t *plugin, const char *setting)
{
    (void) plugin;
    (void) setting;
    return 0;
}

static int plugin_request(neu_plugin_t *plugin, neu_reqresp_head_t *head, void *data)
{
    (void) plugin;
    (void) head;
    (void) data;
    return 0;
}

static const neu_plugin_intf_funs_t functions = {
    .open = plugin_open,
    .close = plugin_close,
    .init = plugin_init,
    .uninit = nothing,
    .start = nothing,
    .stop = nothing,
    .setting = plugin_setting,
    .request = plugin_request,
};

const neu_plugin_module_t neu_plugin_module = {
    .version = 2u << 16 | NEURON_VERSION_MINOR << 8,
    .schema = "mqtt",
    .module_name = "MQTT",
    .module_descr = "Another application",
    .module_descr_zh = "Another application",
    .intf_funs = &functions,
    .type = NEU_NA_TYPE_APP,
    .kind = NEU_PLUGIN_KIND_SYSTEM,
    .display = true,
};
