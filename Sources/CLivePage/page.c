// SPDX-License-Identifier: Apache-2.0
#include "CLivePage.h"

#include <string.h>

/* By #embed (C23, an extension of clang's in older C): the same by SwiftPM's .embedInCode takes the Swift compiler some
   twenty seconds for 100 KB, this takes none, and a page that has changed is seen too. index.html says where the other
   files belong in it. */
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "../neuron-ws/Page/index.html"
};

static const unsigned char page_css[] = {
#embed "../neuron-ws/Page/page.css"
};

static const unsigned char json_js[] = {
#embed "../neuron-ws/Page/Data/json.js"
};

static const unsigned char dom_js[] = {
#embed "../neuron-ws/Page/dom.js"
};

static const unsigned char formats_js[] = {
#embed "../neuron-ws/Page/Data/formats.js"
};

static const unsigned char sequence_js[] = {
#embed "../neuron-ws/Page/Data/sequence.js"
};

static const unsigned char history_js[] = {
#embed "../neuron-ws/Page/Data/history.js"
};

static const unsigned char plant_js[] = {
#embed "../neuron-ws/Page/Data/plant.js"
};

static const unsigned char records_js[] = {
#embed "../neuron-ws/Page/Data/records.js"
};

static const unsigned char chart_js[] = {
#embed "../neuron-ws/Page/Views/chart.js"
};

static const unsigned char tree_js[] = {
#embed "../neuron-ws/Page/Views/tree.js"
};

static const unsigned char link_js[] = {
#embed "../neuron-ws/Page/link.js"
};

static const unsigned char plug_js[] = {
#embed "../neuron-ws/Page/Views/plug.js"
};

static const unsigned char connections_js[] = {
#embed "../neuron-ws/Page/Views/connections.js"
};

static const unsigned char traffic_js[] = {
#embed "../neuron-ws/Page/Views/traffic.js"
};

static const unsigned char inspector_js[] = {
#embed "../neuron-ws/Page/Views/inspector.js"
};

static const unsigned char ask_js[] = {
#embed "../neuron-ws/Page/Views/ask.js"
};

static const unsigned char page_js[] = {
#embed "../neuron-ws/Page/page.js"
};

static const neuron_ws_page_file_t files[] = {
    {"index.html", index_html, sizeof index_html},
    {"page.css", page_css, sizeof page_css},
    {"Data/json.js", json_js, sizeof json_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"Data/formats.js", formats_js, sizeof formats_js},
    {"Data/sequence.js", sequence_js, sizeof sequence_js},
    {"Data/history.js", history_js, sizeof history_js},
    {"Data/plant.js", plant_js, sizeof plant_js},
    {"Data/records.js", records_js, sizeof records_js},
    {"Views/chart.js", chart_js, sizeof chart_js},
    {"Views/tree.js", tree_js, sizeof tree_js},
    {"link.js", link_js, sizeof link_js},
    {"Views/plug.js", plug_js, sizeof plug_js},
    {"Views/connections.js", connections_js, sizeof connections_js},
    {"Views/traffic.js", traffic_js, sizeof traffic_js},
    {"Views/inspector.js", inspector_js, sizeof inspector_js},
    {"Views/ask.js", ask_js, sizeof ask_js},
    {"page.js", page_js, sizeof page_js},
};

const neuron_ws_page_file_t *neuron_ws_page_file(const char *name)
{
    for (size_t index = 0; index < sizeof files / sizeof *files; index++) {
        if (strcmp(files[index].name, name) == 0) {
            return &files[index];
        }
    }
    return NULL;
}
