// SPDX-License-Identifier: Apache-2.0
/*
 * What a tag costs to encode: neuron_ws_encode beside a jansson tree that is built, dumped into the same buffer and
 * freed, in one process, in rounds that take turns.
 *
 *     encode [ROUNDS] [MILLISECONDS PER ROUND]
 *
 * Prints one JSON line: for each case the medians over the rounds, ns per tag. Before it measures a case it holds the
 * two texts against each other: a fast encoder of something else would be no news.
 */
#include "groups.h"

enum { TAGS = 100, ROWS = 256, ROUNDS_MAX = 1001, MESSAGES_PER_LOOK = 16, TIMESTAMP = 1650006388 };

static const struct test_case {
    const char *name;
    neuron_ws_format_t format;
    bool long_reals;
} cases[] = {
    {"values", NEURON_WS_FORMAT_VALUES, false},
    {"tags", NEURON_WS_FORMAT_TAGS, false},
    {"values, reals of 16 digits", NEURON_WS_FORMAT_VALUES, true},
    {"tags, reals of 16 digits", NEURON_WS_FORMAT_TAGS, true},
};

static struct {
    struct bench_group group;
    char *buffer;
    size_t room;
    union number rows[ROWS][TAGS]; /* the messages' values, made beforehand: making them is not encoding */
    size_t message;
    uint64_t bytes; /* Summed up, so that no work can be left out as unused. */
} bench;

static const union number *row_next(void) { return bench.rows[bench.message++ % ROWS]; }

static size_t encode_ours(const struct test_case *test, const union number *row) {
    size_t length = 0;
    group_set(&bench.group, row);
    neuron_ws_status_t status =
        neuron_ws_encode(test->format, NULL, &bench.group.group, bench.buffer, bench.room, &length);
    if (status != NEURON_WS_OK) die_status("neuron_ws_encode", status);
    return length;
}

static json_t *tree_make(const struct test_case *test, const union number *row) {
    int64_t timestamp_ms = bench.group.group.timestamp_ms;
    return test->format == NEURON_WS_FORMAT_VALUES ? values_tree(bench.group.names, row, TAGS, timestamp_ms)
                                                   : tags_tree(bench.group.names, row, TAGS, timestamp_ms);
}

static size_t encode_jansson(const struct test_case *test, const union number *row) {
    json_t *root = tree_make(test, row);
    size_t length = json_dumpb(root, bench.buffer, bench.room, JSON_COMPACT);
    json_decref(root);
    if (length == 0 || length > bench.room) die("json_dumpb");
    return length;
}

/* Our text reads back as the very document that jansson was given. */
static void compare(const struct test_case *test) {
    for (int index = 0; index < ROWS; index++) {
        const union number *row = bench.rows[index];
        json_error_t error;
        size_t length = encode_ours(test, row);
        json_t *ours = json_loadb(bench.buffer, length, 0, &error);
        json_t *theirs = tree_make(test, row);
        if (ours == NULL || !json_equal(theirs, ours)) {
            fprintf(stderr, "%s: neuron_ws and jansson differ in row %d:\n%.*s\n", test->name, index, (int)length,
                    bench.buffer);
            exit(1);
        }
        json_decref(ours);
        json_decref(theirs);
    }
}

/* This thread's own time: what else runs on the machine does not make encoding dearer. */
static int64_t processor_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double round_ns_per_tag(const struct test_case *test, bool ours, int64_t budget) {
    int64_t started = processor_ns(), ended, messages = 0;
    do {
        for (int index = 0; index < MESSAGES_PER_LOOK; index++, messages++)
            bench.bytes += ours ? encode_ours(test, row_next()) : encode_jansson(test, row_next());
        ended = processor_ns();
    } while (ended - started < budget);
    return (double)(ended - started) / (double)messages / TAGS;
}

static int compare_double(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare_double);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv) {
    static double ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
    int rounds = argc > 1 ? atoi(argv[1]) : 31;
    int64_t budget = (argc > 2 ? atoll(argv[2]) : 20) * 1000000;
    if (rounds < 1 || rounds > ROUNDS_MAX || budget < 1) return 2;
    bench.group = group_make(TAGS, (int64_t)TIMESTAMP * 1000);
    bench.room = tags_text_max(TAGS);
    bench.buffer = allocate(bench.room);
    printf("{\"version\":\"%s\",\"rounds\":%d,\"tags\":%d,\"cases\":[", neuron_ws_version(), rounds, TAGS);
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        const struct test_case *test = &cases[index];
        for (int row = 0; row < ROWS; row++) row_fill(bench.rows[row], TAGS, row * 997, test->long_reals);
        compare(test);
        round_ns_per_tag(test, true, budget), round_ns_per_tag(test, false, budget);
        for (int round = 0; round < rounds; round++) {
            ours[round] = round_ns_per_tag(test, true, budget);
            theirs[round] = round_ns_per_tag(test, false, budget);
        }
        printf("%s{\"case\":\"%s\",\"neuron_ws\":%.2f,\"jansson\":%.2f}", index > 0 ? "," : "", test->name,
               median(ours, rounds), median(theirs, rounds));
    }
    printf("],\"bytes\":%llu}\n", (unsigned long long)bench.bytes);
    return 0;
}
