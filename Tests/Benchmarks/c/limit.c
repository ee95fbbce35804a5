// SPDX-License-Identifier: Apache-2.0
/*
 * The limit: how fast frames can be written at all. No client; it keeps no queue, answers nothing, checks little.
 *
 *     limit URL COUNT SIZE [CONNS] [--masking] [--tags N] [--rate HZ]
 *
 * Without --masking it masks a batch of frames once and writes that again and again. With it each message is masked
 * anew, with a fresh unpredictable key, while it is copied into the buffer that is written when it is full; with
 * --tags N each message is also built anew, by jansson. With --rate messages go out one at a time. CONNS is 1.
 */
#include "tags.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH_BYTES = 256 * 1024, KEY_POOL_BYTES = 64 * 1024, HEADER_BYTES_MAX = 14 };

static struct {
    int fd;
    SSL *ssl;
    uint8_t *buffer;
    size_t room, used;
} out;

/* ---- Writing ---- */

static void write_all(const uint8_t *bytes, size_t length) {
    while (length > 0) {
        size_t part = length < (1 << 30) ? length : (1 << 30);
        ssize_t sent = out.ssl != NULL ? SSL_write(out.ssl, bytes, (int)part) : send(out.fd, bytes, part, MSG_NOSIGNAL);
        if (sent <= 0 && errno == EINTR) continue;
        if (sent <= 0) die("write");
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void out_flush(void) {
    write_all(out.buffer, out.used);
    out.used = 0;
}

static size_t read_some(char *bytes, size_t length) {
    ssize_t got = out.ssl != NULL ? SSL_read(out.ssl, bytes, (int)length) : recv(out.fd, bytes, length, 0);
    return got > 0 ? (size_t)got : 0;
}

static void tls_open(const char *host) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    out.ssl = SSL_new(context);
    SSL_set_fd(out.ssl, out.fd);
    SSL_set_tlsext_host_name(out.ssl, host);
    if (SSL_connect(out.ssl) != 1) die("TLS");
}

static void open_connection(const struct plan *plan) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)plan->port)};
    char text[2048];
    int on = 1;
    if (inet_pton(AF_INET, plan->host, &address.sin_addr) != 1) die("the limit takes an IPv4 address only");
    out.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(out.fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
    setsockopt(out.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (plan->tls) tls_open(plan->host);
    int length = snprintf(text, sizeof text,
                          "GET / HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          plan->host, plan->port);
    write_all((uint8_t *)text, (size_t)length);
    size_t got = 0;
    do {
        size_t more = read_some(text + got, sizeof text - 1 - got);
        if (more == 0) die("handshake");
        text[got += more] = 0;
    } while (strstr(text, "\r\n\r\n") == NULL);
    /* The answer to the key above, RFC 6455, 1.3. */
    if (strstr(text, " 101 ") == NULL || strstr(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == NULL) die("handshake");
}

static void close_connection(void) {
    static const uint8_t close_frame[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};
    char rest[256];
    write_all(close_frame, sizeof close_frame);
    while (read_some(rest, sizeof rest) > 0) {
    }
    if (out.ssl != NULL) SSL_shutdown(out.ssl);
    close(out.fd);
}

/* ---- Masking ---- */

/* Unpredictable keys, cheaply: the stream of AES-128 in counter mode, a pool of it at a time. */
static uint32_t key_next(void) {
    static uint32_t pool[KEY_POOL_BYTES / 4];
    static const uint8_t zero[KEY_POOL_BYTES];
    static size_t at = KEY_POOL_BYTES / 4;
    static EVP_CIPHER_CTX *cipher;
    if (at == KEY_POOL_BYTES / 4) {
        uint8_t seed[32];
        int length;
        if (cipher == NULL) {
            cipher = EVP_CIPHER_CTX_new();
            if (RAND_bytes(seed, sizeof seed) != 1) die("RAND_bytes");
            if (EVP_EncryptInit_ex(cipher, EVP_aes_128_ctr(), NULL, seed, seed + 16) != 1) die("AES");
        }
        EVP_EncryptUpdate(cipher, (uint8_t *)pool, &length, zero, KEY_POOL_BYTES);
        at = 0;
    }
    return pool[at++];
}

static size_t header_write(uint8_t *at, size_t payload, uint32_t key) {
    size_t length = 2;
    at[0] = 0x81;
    if (payload < 126) {
        at[1] = 0x80 | (uint8_t)payload;
    } else if (payload < 65536) {
        at[1] = 0x80 | 126;
        for (int byte = 1; byte >= 0; byte--) at[length++] = (uint8_t)(payload >> (8 * byte));
    } else {
        at[1] = 0x80 | 127;
        for (int byte = 7; byte >= 0; byte--) at[length++] = (uint8_t)((uint64_t)payload >> (8 * byte));
    }
    memcpy(at + length, &key, 4);
    return length + 4;
}

static void mask_copy(uint8_t *restrict to, const uint8_t *restrict from, size_t length, uint32_t key) {
    uint64_t wide = (uint64_t)key << 32 | key;
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        uint64_t word;
        memcpy(&word, from + at, 8);
        word ^= wide;
        memcpy(to + at, &word, 8);
    }
    for (; at < length; at++) to[at] = from[at] ^ ((const uint8_t *)&key)[at & 3];
}

/* One message into the buffer; what is full is written, and a long message goes through it in parts. */
static void message_mask(const char *text, size_t length) {
    uint32_t key = key_next();
    if (out.room - out.used < HEADER_BYTES_MAX) out_flush();
    out.used += header_write(out.buffer + out.used, length, key);
    for (size_t at = 0; at < length;) {
        /* Parts are multiples of four bytes, so that each begins with the key's first byte. */
        size_t part = (out.room - out.used) & ~(size_t)3;
        if (part == 0) {
            out_flush();
            continue;
        }
        if (part > length - at) part = length - at;
        mask_copy(out.buffer + out.used, (const uint8_t *)text + at, part, key);
        out.used += part;
        at += part;
    }
}

/* ---- The four ways ---- */

static void write_prepared(const char *text, size_t length, int64_t count) {
    size_t frame = length + (length < 126 ? 6 : length < 65536 ? 8 : 14);
    int64_t per_batch = frame < BATCH_BYTES ? BATCH_BYTES / (int64_t)frame : 1;
    free(out.buffer);
    out.room = frame * (size_t)per_batch;
    out.buffer = allocate(out.room);
    for (int64_t index = 0; index < per_batch; index++) {
        uint32_t key = key_next();
        size_t header = header_write(out.buffer + out.used, length, key);
        mask_copy(out.buffer + out.used + header, (const uint8_t *)text, length, key);
        out.used += frame;
    }
    for (int64_t left = count; left > 0; left -= per_batch)
        write_all(out.buffer, frame * (size_t)(left < per_batch ? left : per_batch));
    out.used = 0;
}

static void write_tags(int tags, int64_t count) {
    char **names = tag_names_make(tags);
    size_t room = tags_text_max(tags);
    char *text = allocate(room);
    union number *row = allocate(sizeof *row * (size_t)tags);
    for (int64_t index = 0; index < count; index++)
        message_mask(text, values_text(names, row, tags, index, text, room));
    out_flush();
}

static void write_paced(char *text, size_t length, int64_t count, int64_t rate) {
    int64_t started = monotonic_ns();
    for (int64_t index = 0; index < count; index++) {
        sleep_until_ns(started + index / rate * 1000000000 + index % rate * 1000000000 / rate);
        message_set_time(text, monotonic_ns());
        message_mask(text, length);
        out_flush();
    }
}

int main(int argc, char **argv) {
    struct plan plan = plan_read(argc, argv);
    size_t length;
    char *text = message_make(plan.size, &length);
    signal(SIGPIPE, SIG_IGN);
    out.room = BATCH_BYTES;
    out.buffer = allocate(out.room);
    open_connection(&plan);
    int64_t started = monotonic_ns();
    if (plan.rate > 0) {
        write_paced(text, length, plan.count, plan.rate);
    } else if (plan.tags > 0) {
        write_tags(plan.tags, plan.count);
    } else if (plan.masking) {
        for (int64_t index = 0; index < plan.count; index++) message_mask(text, length);
        out_flush();
    } else {
        write_prepared(text, length, plan.count);
    }
    close_connection();
    result_print(plan.masking || plan.tags > 0 ? "limit-masking" : "limit", "1", started);
    return 0;
}
