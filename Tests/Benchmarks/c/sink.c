// SPDX-License-Identifier: Apache-2.0
/*
 * A WebSocket server for measuring, on 127.0.0.1: takes what comes as fast as it can and counts it.
 *
 *     sink [--port N] [--cert FILE --key FILE] [--latency] [--ack]
 *
 * Prints {"port":N}, then one JSON line per run. A run goes from the first connection to the end of the last one; its
 * seconds go from the first message to the last, so that (messages - at_first) / seconds is the rate. One thread,
 * epoll, any number of connections.
 */
#define _GNU_SOURCE
#include "sink.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 * 1024, REPLY_BYTES = 65536, EVENTS = 256, READS_PER_TURN = 32, ACK_BYTES = 1 << 20 };
enum phase { SECURING, HANDSHAKING, OPEN, ENDING };

struct connection {
    int fd;
    enum phase phase;
    SSL *ssl;
    uint8_t *cipher; /* what came from the socket and TLS has not taken yet */
    size_t cipher_at, cipher_end;
    uint8_t held[HELD_BYTES]; /* the opening handshake, then the beginning of a header */
    size_t held_length;
    uint8_t reply[REPLY_BYTES];
    size_t reply_at, reply_end;
    bool counted;
    uint64_t acknowledged; /* messages */
    size_t unacknowledged; /* bytes */
    struct frames frames;
};

static struct {
    int epoll;
    int listener;
    SSL_CTX *tls;
    BIO_METHOD *method;
    bool latency;
    bool acknowledges;
    size_t open; /* connections whose handshake is done and that have not ended */
    struct run run;
    uint8_t buffer[BUFFER_BYTES + HELD_BYTES];
} sink;

/* ---- TLS over our own reads: many records in one, where OpenSSL would read each header by itself ---- */

static int bio_read(BIO *bio, char *data, int length) {
    struct connection *connection = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (connection->cipher_at == connection->cipher_end) {
        ssize_t got = recv(connection->fd, connection->cipher, BUFFER_BYTES, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
        if (got <= 0) return (int)got;
        connection->cipher_at = 0;
        connection->cipher_end = (size_t)got;
    }
    size_t part = connection->cipher_end - connection->cipher_at;
    if (part > (size_t)length) part = (size_t)length;
    memcpy(data, connection->cipher + connection->cipher_at, part);
    connection->cipher_at += part;
    return (int)part;
}

static int bio_write(BIO *bio, const char *data, int length) {
    struct connection *connection = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(connection->fd, data, (size_t)length, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return (int)sent;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void tls_prepare(const char *certificate, const char *key) {
    sink.tls = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(sink.tls, certificate) != 1) die(certificate);
    if (SSL_CTX_use_PrivateKey_file(sink.tls, key, SSL_FILETYPE_PEM) != 1) die(key);
    SSL_CTX_set_mode(sink.tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    sink.method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sink");
    BIO_meth_set_read(sink.method, bio_read);
    BIO_meth_set_write(sink.method, bio_write);
    BIO_meth_set_ctrl(sink.method, bio_control);
}

static void tls_begin(struct connection *connection) {
    connection->cipher = allocate(BUFFER_BYTES);
    connection->ssl = SSL_new(sink.tls);
    BIO *bio = BIO_new(sink.method);
    BIO_set_data(bio, connection);
    BIO_set_init(bio, 1);
    SSL_set_bio(connection->ssl, bio, bio);
    SSL_set_accept_state(connection->ssl);
}

/* ---- A connection's bytes ---- */

/* Bytes read; 0: the end or a failure; -1: nothing for now. */
static ssize_t stream_read(struct connection *connection, uint8_t *data, size_t length) {
    if (connection->ssl == NULL) {
        ssize_t got = recv(connection->fd, data, length, 0);
        return got < 0 && errno != EAGAIN && errno != EINTR ? 0 : got;
    }
    ERR_clear_error();
    int got = SSL_read(connection->ssl, data, (int)length);
    if (got > 0) return got;
    int error = SSL_get_error(connection->ssl, got);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

/* Sends what waits. False: the connection is gone. */
static bool reply_flush(struct connection *connection) {
    while (connection->reply_at < connection->reply_end) {
        const uint8_t *data = connection->reply + connection->reply_at;
        size_t length = connection->reply_end - connection->reply_at;
        ssize_t sent;
        if (connection->ssl != NULL) {
            ERR_clear_error();
            sent = SSL_write(connection->ssl, data, (int)length);
            if (sent <= 0 && SSL_get_error(connection->ssl, (int)sent) == SSL_ERROR_WANT_WRITE) break;
        } else {
            sent = send(connection->fd, data, length, MSG_NOSIGNAL);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
        }
        if (sent <= 0) return false;
        connection->reply_at += (size_t)sent;
    }
    bool done = connection->reply_at == connection->reply_end;
    if (done) connection->reply_at = connection->reply_end = 0;
    struct epoll_event event = {.events = EPOLLIN | (done ? 0 : EPOLLOUT), .data.ptr = connection};
    epoll_ctl(sink.epoll, EPOLL_CTL_MOD, connection->fd, &event);
    if (done && connection->phase == ENDING) {
        /* Our side ends; the client's is read to its end, because a close() before that could reset the connection. */
        if (connection->ssl != NULL) SSL_shutdown(connection->ssl);
        shutdown(connection->fd, SHUT_WR);
    }
    return true;
}

/* False: a peer that does not read fills even this; it is given up. */
static bool reply_add(struct connection *connection, const void *data, size_t length) {
    if (length > REPLY_BYTES - connection->reply_end) return false;
    memcpy(connection->reply + connection->reply_end, data, length);
    connection->reply_end += length;
    return true;
}

static void connection_end(struct connection *connection) {
    if (connection->ssl != NULL) SSL_free(connection->ssl);
    if (connection->counted && (connection->frames.skip > 0 || connection->frames.in_message)) sink.run.errors++;
    close(connection->fd);
    if (connection->counted && --sink.open == 0) {
        run_print(&sink.run, sink.latency);
        free(sink.run.latencies);
        memset(&sink.run, 0, sizeof sink.run);
    }
    free(connection->cipher);
    free(connection);
}

/* ---- The opening handshake ---- */

static bool handshake_answer(struct connection *connection) {
    char text[128], answer[256];
    unsigned char digest[SHA_DIGEST_LENGTH], accept[64];
    char *key = strcasestr((char *)connection->held, "\r\nSec-WebSocket-Key:");
    if (key == NULL) return false;
    key += strlen("\r\nSec-WebSocket-Key:");
    key += strspn(key, " \t");
    int length = (int)strcspn(key, " \t\r\n");
    if (length != 24) return false;
    /* RFC 6455, 4.2.2. */
    snprintf(text, sizeof text, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", length, key);
    SHA1((unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock(accept, digest, sizeof digest);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    connection->phase = OPEN;
    connection->counted = true;
    sink.open++;
    sink.run.connections++;
    return reply_add(connection, answer, (size_t)size) && reply_flush(connection);
}

/* Takes bytes until the header's end. What follows it stays in `held`. */
static bool handshake_take(struct connection *connection, const uint8_t *data, size_t length) {
    if (length >= HELD_BYTES - connection->held_length) return false;
    memcpy(connection->held + connection->held_length, data, length);
    connection->held_length += length;
    connection->held[connection->held_length] = 0;
    char *end = strstr((char *)connection->held, "\r\n\r\n");
    if (end == NULL) return true;
    if (!handshake_answer(connection)) return false;
    size_t used = (size_t)(end + 4 - (char *)connection->held);
    connection->held_length -= used;
    memmove(connection->held, connection->held + used, connection->held_length);
    return true;
}

/* ---- Messages ---- */

static bool control_answer(struct connection *connection, const struct control *control) {
    if (control->opcode == 10) return true;
    /* A Ping is answered by a Pong (5.5.3), a Close by a Close with the same code (5.5.1). */
    uint8_t frame[2 + CONTROL_BYTES_MAX] = {control->opcode == 9 ? 0x8a : 0x88, control->length};
    if (control->opcode == 8) frame[1] = control->length >= 2 ? 2 : 0;
    memcpy(frame + 2, control->payload, frame[1]);
    if (control->opcode == 8) connection->phase = ENDING;
    return reply_add(connection, frame, 2 + (size_t)frame[1]) && reply_flush(connection);
}

/*
 * For one connection at a time, of a new node, whose messages have the numbers 1, 2, 3…; all that came is said, once
 * for what came together, or for so many bytes of it.
 */
static bool acknowledge(struct connection *connection) {
    if (!sink.acknowledges || connection->phase != OPEN || connection->acknowledged == sink.run.messages) return true;
    connection->acknowledged = sink.run.messages;
    connection->unacknowledged = 0;
    uint8_t frame[64];
    int length = snprintf((char *)frame + 2, sizeof frame - 2, "{\"ack\":%llu}", (unsigned long long)sink.run.messages);
    frame[0] = 0x81;
    frame[1] = (uint8_t)length;
    return reply_add(connection, frame, 2 + (size_t)length) && reply_flush(connection);
}

/* `length` bytes of `data`, the held ones among them. False: the connection is to end. */
static bool messages_take(struct connection *connection, uint8_t *data, size_t length) {
    int64_t now = monotonic_ns();
    uint64_t before = sink.run.messages;
    struct control control;
    bool broken = false;
    size_t at = 0;
    do {
        at += frames_walk(&connection->frames, &sink.run, sink.latency, now, data + at, length - at, &control, &broken);
        if (control.opcode != 0 && !control_answer(connection, &control)) return false;
    } while (control.opcode != 0 && connection->phase == OPEN);
    if (sink.run.messages > before) {
        if (before == 0) {
            sink.run.at_first = sink.run.messages;
            sink.run.first_ns = now;
        }
        sink.run.last_ns = now;
    }
    if (broken) {
        sink.run.errors++;
        return false;
    }
    connection->unacknowledged += at;
    if (connection->unacknowledged >= ACK_BYTES && !acknowledge(connection)) return false;
    connection->held_length = length - at;
    if (connection->phase != OPEN) return true;
    memcpy(connection->held, data + at, connection->held_length);
    return true;
}

/* False: the connection is to end. */
static bool connection_read(struct connection *connection) {
    /* Held bytes go before those that are read, so that a split header lies in one piece. */
    for (int turn = 0; turn < READS_PER_TURN || (connection->ssl != NULL && SSL_has_pending(connection->ssl)) ||
                       connection->cipher_at < connection->cipher_end; turn++) {
        size_t held = connection->phase == OPEN ? connection->held_length : 0;
        ssize_t got = stream_read(connection, sink.buffer + held, BUFFER_BYTES);
        if (got < 0) break;
        if (got == 0) return false;
        if (connection->phase == ENDING) continue;
        if (connection->phase == HANDSHAKING) {
            if (!handshake_take(connection, sink.buffer, (size_t)got)) return false;
            if (connection->phase != OPEN || connection->held_length == 0) continue;
            memcpy(sink.buffer, connection->held, connection->held_length);
            if (!messages_take(connection, sink.buffer, connection->held_length)) return false;
            continue;
        }
        memcpy(sink.buffer, connection->held, held);
        if (!messages_take(connection, sink.buffer, held + (size_t)got)) return false;
    }
    return acknowledge(connection);
}

static bool connection_turn(struct connection *connection, uint32_t events) {
    if (connection->phase == SECURING) {
        ERR_clear_error();
        int done = SSL_do_handshake(connection->ssl);
        int error = done == 1 ? 0 : SSL_get_error(connection->ssl, done);
        if (done != 1) return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        connection->phase = HANDSHAKING;
    }
    if ((events & EPOLLOUT) != 0 && !reply_flush(connection)) return false;
    return connection_read(connection);
}

/* ---- The server ---- */

static void connection_accept(void) {
    int fd = accept4(sink.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) die("calloc");
    connection->fd = fd;
    connection->phase = sink.tls != NULL ? SECURING : HANDSHAKING;
    if (sink.tls != NULL) tls_begin(connection);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(sink.epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static void listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t length = sizeof address;
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sink.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(sink.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(sink.listener, (struct sockaddr *)&address, length) != 0) die("bind");
    if (listen(sink.listener, 1024) != 0) die("listen");
    if (getsockname(sink.listener, (struct sockaddr *)&address, &length) != 0) die("getsockname");
    sink.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(sink.epoll, EPOLL_CTL_ADD, sink.listener, &event) != 0) die("epoll_ctl");
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *certificate = NULL, *key = NULL;
    int port = 0;
    signal(SIGPIPE, SIG_IGN);
    for (int index = 1; index < argc; index++) {
        const char *next = index + 1 < argc ? argv[index + 1] : "";
        if (strcmp(argv[index], "--port") == 0) port = atoi(next), index++;
        else if (strcmp(argv[index], "--cert") == 0) certificate = next, index++;
        else if (strcmp(argv[index], "--key") == 0) key = next, index++;
        else if (strcmp(argv[index], "--latency") == 0) sink.latency = true;
        else if (strcmp(argv[index], "--ack") == 0) sink.acknowledges = true;
        else return fprintf(stderr, "sink [--port N] [--cert FILE --key FILE] [--latency] [--ack]\n"), 2;
    }
    if (certificate != NULL && key != NULL) tls_prepare(certificate, key);
    listen_on(port);
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(sink.epoll, events, EVENTS, -1);
        for (int index = 0; index < count; index++) {
            struct connection *connection = events[index].data.ptr;
            if (connection == NULL) connection_accept();
            else if (!connection_turn(connection, events[index].events)) connection_end(connection);
        }
    }
}
