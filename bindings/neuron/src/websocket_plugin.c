// SPDX-License-Identifier: Apache-2.0
/*
 * The plugin as Neuron sees it in the library: what it is called and which
 * functions it has.
 */
#include "websocket_plugin_intf.h"

#define DESCRIPTION                                                       \
    "Northbound WebSocket plugin: pushes tags as JSON to a server over "  \
    "ws:// or wss://, and takes reads and writes back."
#define DESCRIPTION_ZH                       \
    "北向 WebSocket 插件：通过 ws:// 或 wss:// " \
    "将点位数据以 JSON 推送到服务器，"         \
    "并接收读写请求。"

__attribute__((visibility("default")))
const neu_plugin_module_t neu_plugin_module = {
    .version         = NEURON_PLUGIN_VER_1_0,
    .schema          = "websocket",
    .module_name     = "WebSocket",
    .module_descr    = DESCRIPTION,
    .module_descr_zh = DESCRIPTION_ZH,
    .intf_funs       = &websocket_plugin_intf_funs,
    .type            = NEU_NA_TYPE_APP,
    .kind            = NEU_PLUGIN_KIND_CUSTOM,
    .display         = true,
    .single          = false,
};
