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

static const unsigned char page_js[] = {
#embed "../neuron-ws/Page/page.js"
};

static const neuron_ws_page_file_t files[] = {
    {"index.html", index_html, sizeof index_html},
    {"page.css", page_css, sizeof page_css},
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
