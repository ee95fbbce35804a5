// SPDX-License-Identifier: Apache-2.0
/*
 * The frame walk: lengths alone are read, nothing is unmasked, so that the sink costs as little as it can and the
 * sender is what is measured.
 */
#include "sink.h"

struct header {
    size_t bytes; /* 0: not all of it is there yet */
    uint64_t payload;
    uint8_t opcode;
    bool final;
    bool wrong;
};

static struct header header_read(const uint8_t *bytes, size_t length) {
    struct header header = {0};
    if (length < 2) return header;
    header.final = (bytes[0] & 0x80) != 0;
    header.opcode = bytes[0] & 0x0f;
    bool control = header.opcode >= 8;
    bool known = header.opcode <= 2 || (header.opcode >= 8 && header.opcode <= 10);
    uint8_t small = bytes[1] & 0x7f;
    /* RFC 6455, 5.1: a client masks each frame; 5.5: a control frame is short and whole. */
    header.wrong = (bytes[0] & 0x70) != 0 || (bytes[1] & 0x80) == 0 || !known ||
                   (control && (!header.final || small > CONTROL_BYTES_MAX));
    size_t extra = small == 126 ? 2 : small == 127 ? 8 : 0;
    if (length < 2 + extra + 4) return header;
    header.payload = extra == 0 ? small : 0;
    for (size_t index = 0; index < extra; index++) header.payload = header.payload << 8 | bytes[2 + index];
    if (header.payload >> 63) header.wrong = true;
    header.bytes = 2 + extra + 4;
    return header;
}

/* Adds the payload's part that is at hand to the message's head. */
static void head_take(struct frames *frames, const uint8_t *payload, size_t length) {
    for (size_t index = 0; index < length && frames->head_length < HEAD_BYTES; index++) {
        uint8_t key = frames->mask[(frames->frame_done + index) & 3];
        frames->head[frames->head_length++] = payload[index] ^ key;
    }
}

static void frame_end(struct frames *frames, struct run *run, bool latency, int64_t now) {
    frames->in_message = !frames->final;
    if (!frames->final) return;
    run->messages++;
    if (latency) run_message_latency(run, frames->head, frames->head_length, now);
    frames->head_length = 0;
}

/*
 * Whole messages whose headers begin alike come in long rows. Stepping by the length of the one before, and only
 * comparing, keeps the address of the next header from waiting for the load of this one.
 */
static size_t row_walk(struct run *run, const uint8_t *bytes, size_t length, const struct header *header) {
    uint32_t signature, next;
    uint32_t relevant = header->bytes == 6 ? 0x0000ffff : 0xffffffff; /* x86-64 and arm64 are little endian. */
    size_t step = header->bytes + (size_t)header->payload, at = 0, count = 0;
    memcpy(&signature, bytes, sizeof signature);
    while (length - at >= step) {
        memcpy(&next, bytes + at, sizeof next);
        if (((next ^ signature) & relevant) != 0) break;
        at += step;
        count++;
    }
    run->messages += count;
    run->bytes += count * header->payload;
    return at;
}

static void control_take(struct control *control, const struct header *header, const uint8_t *bytes) {
    control->opcode = header->opcode;
    control->length = (uint8_t)header->payload;
    for (size_t index = 0; index < control->length; index++)
        control->payload[index] = bytes[header->bytes + index] ^ bytes[header->bytes - 4 + (index & 3)];
}

size_t frames_walk(struct frames *frames, struct run *run, bool latency, int64_t now, const uint8_t *bytes,
                   size_t length, struct control *control, bool *broken) {
    size_t at = 0;
    control->opcode = 0;
    while (at < length) {
        if (frames->skip > 0) {
            size_t part = length - at < frames->skip ? length - at : (size_t)frames->skip;
            if (latency) head_take(frames, bytes + at, part);
            at += part;
            run->bytes += part;
            frames->frame_done += part;
            frames->skip -= part;
            if (frames->skip == 0) frame_end(frames, run, latency, now);
            continue;
        }
        struct header header = header_read(bytes + at, length - at);
        /* A continuation belongs into a message, a new message does not (5.4). */
        bool misplaced = header.bytes > 0 && header.opcode < 8 && (header.opcode == 0) != frames->in_message;
        if (header.wrong || misplaced) {
            *broken = true;
            return at;
        }
        if (header.bytes == 0) return at;
        if (header.opcode >= 8) {
            if (length - at < header.bytes + header.payload) return at;
            control_take(control, &header, bytes + at);
            return at + header.bytes + (size_t)header.payload;
        }
        bool whole = header.final && header.opcode != 0 && length - at - header.bytes >= header.payload;
        if (whole && !latency && header.bytes <= 8) {
            at += row_walk(run, bytes + at, length - at, &header);
            continue;
        }
        memcpy(frames->mask, bytes + at + header.bytes - 4, 4);
        frames->final = header.final;
        frames->skip = header.payload;
        frames->frame_done = 0;
        at += header.bytes;
        if (frames->skip == 0) frame_end(frames, run, latency, now);
    }
    return at;
}

/* The time in `{"seq":…,"t":%19d,…`; a message without one, or with a time of 0, says nothing. */
void run_message_latency(struct run *run, const uint8_t *head, size_t length, int64_t now) {
    if (length < MESSAGE_TIME_OFFSET + MESSAGE_TIME_DIGITS) return;
    if (memcmp(head + MESSAGE_TIME_OFFSET - 4, "\"t\":", 4) != 0) return;
    int64_t time = 0;
    for (int index = 0; index < MESSAGE_TIME_DIGITS; index++) {
        uint8_t digit = head[MESSAGE_TIME_OFFSET + index];
        if (digit >= '0' && digit <= '9') time = time * 10 + (digit - '0');
    }
    if (time == 0 || time > now) return;
    if (run->latency_count == run->latency_room) {
        run->latency_room = run->latency_room == 0 ? 4096 : run->latency_room * 2;
        run->latencies = realloc(run->latencies, run->latency_room * sizeof *run->latencies);
        if (run->latencies == NULL) die("realloc");
    }
    run->latencies[run->latency_count++] = (uint64_t)(now - time);
}

void run_print(struct run *run, bool latency) {
    double seconds = (double)(run->last_ns - run->first_ns) / 1e9;
    printf("{\"messages\":%llu,\"bytes\":%llu,\"seconds\":%.9f,\"at_first\":%llu,\"connections\":%llu,\"errors\":%llu",
           (unsigned long long)run->messages, (unsigned long long)run->bytes, seconds,
           (unsigned long long)run->at_first, (unsigned long long)run->connections, (unsigned long long)run->errors);
    if (latency) {
        size_t count = run->latency_count;
        if (count > 0) qsort(run->latencies, count, sizeof *run->latencies, compare_u64);
        printf(",\"timed\":%zu,\"p50_us\":%.3f,\"p99_us\":%.3f,\"p999_us\":%.3f,\"max_us\":%.3f", count,
               (double)percentile(run->latencies, count, 0.5) / 1e3,
               (double)percentile(run->latencies, count, 0.99) / 1e3,
               (double)percentile(run->latencies, count, 0.999) / 1e3,
               (double)percentile(run->latencies, count, 1) / 1e3);
    }
    printf("}\n");
    fflush(stdout);
}
