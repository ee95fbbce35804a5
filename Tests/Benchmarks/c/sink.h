// SPDX-License-Identifier: Apache-2.0
/*
 * The sink's parts: what a run has counted, and the walk through a connection's frames.
 */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include "common.h"

/* What one run brought: from the first connection to the end of the last. */
struct run {
    uint64_t messages;
    uint64_t bytes;
    uint64_t connections;
    uint64_t errors;
    uint64_t at_first; /* messages that had come at first_ns: the seconds do not cover them */
    int64_t first_ns;
    int64_t last_ns;
    uint64_t *latencies;
    size_t latency_count;
    size_t latency_room;
};

void run_message_latency(struct run *run, const uint8_t *head, size_t length, int64_t now);
void run_print(struct run *run, bool latency);

/* Where the walk through one connection's frames stands. */
enum { HEAD_BYTES = 64, HELD_BYTES = 16384, CONTROL_BYTES_MAX = 125 };

struct frames {
    uint64_t skip;       /* payload bytes of the present data frame that are still to come */
    uint8_t mask[4];     /* its key; used in latency mode alone */
    bool final;          /* it ends its message */
    bool in_message;     /* a fragment that is not the last one has been seen */
    uint8_t head[HEAD_BYTES];
    size_t head_length;  /* in latency mode: the message's first bytes, unmasked */
    uint64_t frame_done; /* payload bytes of the present frame that came */
};

/* A whole control frame, unmasked, for the connection to act on. */
struct control {
    uint8_t opcode;
    uint8_t length;
    uint8_t payload[CONTROL_BYTES_MAX];
};

/*
 * Walks through `length` bytes. Returns how many it is done with; the rest is the beginning of a header or of a
 * control frame. Stops behind a control frame, which it stores (opcode 0: none), and sets `broken` at a wrong header.
 */
size_t frames_walk(struct frames *frames, struct run *run, bool latency, int64_t now, const uint8_t *bytes,
                   size_t length, struct control *control, bool *broken);

#endif
