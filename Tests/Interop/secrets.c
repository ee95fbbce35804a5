// SPDX-License-Identifier: Apache-2.0
/*
 * What of a node's secrets is left in a process's memory.
 *
 * secrets FIRST SECOND NEEDLES QUIET REFUSED [silent|traced]: creates a node with the settings in the file FIRST,
 * connects, configures it with those in SECOND, connects again (silent: to a server that says nothing, so that it only
 * begins), and destroys it (traced: all that it sends and gets is told); all the while a quiet node with the settings
 * QUIET keeps the loop alive. REFUSED holds settings that are refused. All files are xor-ed with 0x5a, and so is
 * whatever this program keeps: what it finds, somebody else has kept. NEEDLES: a byte for the length, then so many
 * bytes, again and again.
 *
 * Each stage prints a line: its name, and how often each needle was found in memory that can be written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <neuron_ws.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MASK = 0x5a, NEEDLES_MAX = 64, NEEDLE_BYTES_MAX = 64 };

static unsigned char needles[NEEDLES_MAX][NEEDLE_BYTES_MAX];
static int needle_lengths[NEEDLES_MAX];
static int needle_count;
static int found[NEEDLES_MAX];
static unsigned char window[1 << 16];
/* No stdio: what it allocates could cover what is looked for. */
static char maps[1 << 20];

static void die(const char *what)
{
    printf("FAILED %s: %s\n", what, neuron_ws_last_error());
    exit(1);
}

static size_t read_whole(const char *path, unsigned char *room, size_t capacity)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t count;
    if (descriptor < 0) die(path);
    while (length < capacity && (count = read(descriptor, room + length, capacity - length)) > 0)
        length += (size_t) count;
    close(descriptor);
    return length;
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

static bool is_here(const unsigned char *place, int needle)
{
    for (int index = 0; index < needle_lengths[needle]; index++)
        if ((place[index] ^ MASK) != needles[needle][index]) return false;
    return true;
}

static void search_window(size_t length, size_t fresh)
{
    static unsigned long long starts[256];
    memset(starts, 0, sizeof starts);
    for (int needle = 0; needle < needle_count; needle++) starts[needles[needle][0] ^ MASK] |= 1ull << needle;
    for (size_t place = 0; place < fresh; place++) {
        if (starts[window[place]] == 0) continue;
        for (int needle = 0; needle < needle_count; needle++)
            if ((starts[window[place]] >> needle & 1) && place + (size_t) needle_lengths[needle] <= length &&
                is_here(window + place, needle))
                found[needle]++;
    }
}

static void search_map(int memory, unsigned long begin, unsigned long end)
{
    const size_t step = sizeof window - NEEDLE_BYTES_MAX;
    for (unsigned long at = begin; at < end; at += step) {
        size_t length = end - at < sizeof window ? end - at : sizeof window;
        ssize_t count;
        /* The window would find itself. */
        if ((unsigned long) window < at + length && (unsigned long) window + sizeof window > at) continue;
        count = pread(memory, window, length, (off_t) at);
        if (count <= 0) break;
        search_window((size_t) count, (size_t) count < step ? (size_t) count : step);
    }
    explicit_bzero(window, sizeof window);
}

static int search(void)
{
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), sum = 0;
    size_t length = read_whole("/proc/self/maps", (unsigned char *) maps, sizeof maps - 1);
    maps[length] = 0;
    memset(found, 0, sizeof found);
    for (char *line = maps; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned long begin, end;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &begin, &end, mode) == 3 && mode[0] == 'r' && mode[1] == 'w')
            search_map(memory, begin, end);
    }
    close(memory);
    for (int needle = 0; needle < needle_count; needle++) sum += found[needle];
    return sum;
}

static void tell(const char *stage)
{
    printf("%s", stage);
    for (int needle = 0; needle < needle_count; needle++) printf(" %d", found[needle]);
    printf("\n");
    fflush(stdout);
}

/* ---- the node ---------------------------------------------------------------------------------------------------- */

/* Settings as a text of the host's own, gone when it is given back. */
typedef struct {
    unsigned char *text;
    size_t capacity;
} settings_t;

static settings_t take_settings(const char *path)
{
    settings_t settings = {NULL, 1 << 20};
    size_t length;
    settings.text = mmap(NULL, settings.capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (settings.text == MAP_FAILED) die("mmap");
    length = read_whole(path, settings.text, settings.capacity - 1);
    for (size_t index = 0; index < length; index++) settings.text[index] ^= MASK;
    return settings;
}

static void give_back(settings_t settings)
{
    explicit_bzero(settings.text, settings.capacity);
    munmap(settings.text, settings.capacity);
}

/* The first needle goes into a header of each attempt. */
static neuron_ws_status_t before_connect(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context)
{
    char value[NEEDLE_BYTES_MAX + 1] = {0};
    neuron_ws_status_t status;
    (void) node;
    (void) context;
    for (int index = 0; index < needle_lengths[0]; index++) value[index] = (char) (needles[0][index] ^ MASK);
    status = neuron_ws_attempt_set_header(attempt, "X-Attempt", value);
    explicit_bzero(value, sizeof value);
    return status;
}

static void nap(void)
{
    struct timespec time = {0, 20 * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* Or, of a silent server, for that many attempts. */
static void wait_for_openings(neuron_ws_node_t *node, uint64_t count, bool is_silent)
{
    static neuron_ws_metrics_t metrics;
    static neuron_ws_state_t state;
    for (int turn = 0; turn < 3000; turn++) {
        metrics.size = sizeof metrics;
        state.size = sizeof state;
        if (neuron_ws_node_metrics(node, &metrics) == NEURON_WS_OK &&
            neuron_ws_node_state(node, &state) == NEURON_WS_OK) {
            if (!is_silent && metrics.connections_opened >= count && state.link) return;
            if (is_silent && metrics.connection_attempts >= count && state.phase == NEURON_WS_PHASE_SECURING) return;
        }
        nap();
    }
    printf("%s\n", state.message);
    die("connecting");
}

int main(int argc, char **argv)
{
    static unsigned char raw[NEEDLES_MAX * (NEEDLE_BYTES_MAX + 1)];
    neuron_ws_host_t host = {.size = sizeof host, .before_connect = before_connect};
    neuron_ws_node_t *node = NULL, *quiet = NULL;
    settings_t settings;
    size_t length;
    bool second_is_silent = argc == 7 && strcmp(argv[6], "silent") == 0;
    bool is_traced = argc == 7 && strcmp(argv[6], "traced") == 0;
    if (argc != 6 && !second_is_silent && !is_traced) return 2;
    length = read_whole(argv[3], raw, sizeof raw);
    for (size_t at = 0; at < length && needle_count < NEEDLES_MAX; needle_count++) {
        needle_lengths[needle_count] = raw[at] ^ MASK;
        memcpy(needles[needle_count], raw + at + 1, (size_t) needle_lengths[needle_count]);
        at += 1 + (size_t) needle_lengths[needle_count];
    }
    search();
    tell("before");
    settings = take_settings(argv[4]);
    if (neuron_ws_node_create("quiet", (char *) settings.text, NULL, &quiet) != NEURON_WS_OK) die("quiet");
    give_back(settings);
    neuron_ws_node_start(quiet);

    settings = take_settings(argv[5]);
    if (neuron_ws_node_create("plant", (char *) settings.text, NULL, &node) == NEURON_WS_OK) die("refused");
    give_back(settings);
    search();
    tell("refused");

    settings = take_settings(argv[1]);
    if (neuron_ws_node_create("plant", (char *) settings.text, &host, &node) != NEURON_WS_OK) die("create");
    give_back(settings);
    if (is_traced && neuron_ws_node_trace(node, UINT32_MAX) != NEURON_WS_OK) die("trace");
    neuron_ws_node_start(node);
    wait_for_openings(node, 1, false);
    search();
    tell("connected");

    settings = take_settings(argv[2]);
    if (neuron_ws_node_configure(node, (char *) settings.text) != NEURON_WS_OK) die("configure");
    give_back(settings);
    wait_for_openings(node, 2, second_is_silent);
    search();
    tell("configured");

    neuron_ws_node_destroy(node);
    search();
    tell("destroyed");
    neuron_ws_node_destroy(quiet);
    return 0;
}
