// SPDX-License-Identifier: Apache-2.0
/*
 * libwebsockets as an echo server: sends each message back in fragments of odd lengths, with a Ping between them.
 *
 *     lws_server PORT plain|deflate [CERT KEY]
 *
 * deflate: agrees to permessage-deflate where it is offered.
 * Prints its port when it listens; runs until standard input ends.
 */
#include <libwebsockets.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct message {
    struct message *next;
    size_t length, sent;
    bool binary, started;
    unsigned char bytes[]; /* LWS_PRE bytes of room, then the message */
};

struct session {
    struct message *first, *last; /* to be sent back */
    struct message *incoming;
    size_t room;
    int piece; /* how many fragments went out */
    bool owes_ping;
};

static const size_t pieces[] = {1, 126, 3, 65537, 125, 999983};
static struct lws_context *context;
static volatile bool is_over;

static bool take(struct session *session, struct lws *wsi, const void *bytes, size_t length) {
    size_t have = session->incoming ? session->incoming->length : 0;
    if (!session->incoming || have + length > session->room) {
        session->room = (have + length) * 2 + 1024;
        bool is_new = !session->incoming;
        session->incoming = realloc(session->incoming, sizeof(struct message) + LWS_PRE + session->room);
        if (!session->incoming) return false;
        if (is_new) memset(session->incoming, 0, sizeof(struct message));
    }
    memcpy(session->incoming->bytes + LWS_PRE + have, bytes, length);
    session->incoming->length = have + length;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0) return true;
    session->incoming->binary = lws_frame_is_binary(wsi);
    if (session->last) session->last->next = session->incoming;
    else session->first = session->incoming;
    session->last = session->incoming;
    session->incoming = NULL;
    lws_callback_on_writable(wsi);
    return true;
}

static bool send_next(struct session *session, struct lws *wsi) {
    struct message *message = session->first;
    if (!message) return true;
    if (session->owes_ping) {
        unsigned char ping[LWS_PRE + 4];
        memcpy(ping + LWS_PRE, "ping", 4);
        session->owes_ping = false;
        lws_callback_on_writable(wsi);
        return lws_write(wsi, ping + LWS_PRE, 4, LWS_WRITE_PING) >= 4;
    }
    size_t left = message->length - message->sent;
    size_t count = pieces[session->piece++ % (int)(sizeof pieces / sizeof *pieces)];
    if (count > left) count = left;
    int flags = message->started ? LWS_WRITE_CONTINUATION : message->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    if (count < left) flags |= LWS_WRITE_NO_FIN;
    /* What stands before the piece has gone out: lws may write its header over it. */
    if (lws_write(wsi, message->bytes + LWS_PRE + message->sent, count, flags) < (int)count) return false;
    message->started = true;
    message->sent += count;
    session->owes_ping = count < left;
    if (count == left) {
        session->first = message->next;
        if (!session->first) session->last = NULL;
        free(message);
    }
    if (session->first) lws_callback_on_writable(wsi);
    return true;
}

static void forget(struct session *session) {
    while (session->first) {
        struct message *next = session->first->next;
        free(session->first);
        session->first = next;
    }
    free(session->incoming);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *bytes, size_t length) {
    struct session *session = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        memset(session, 0, sizeof *session);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return take(session, wsi, bytes, length) ? 0 : -1;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return send_next(session, wsi) ? 0 : -1;
    case LWS_CALLBACK_CLOSED:
        forget(session);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, bytes, length);
    }
}

static void *wait_for_the_end(void *unused) {
    char byte;
    while (read(0, &byte, 1) > 0) continue;
    is_over = true;
    lws_cancel_service(context);
    return unused;
}

int main(int count, char **words) {
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"}, {0}};
    static const struct lws_protocols protocols[] = {{"", callback, sizeof(struct session), 65536, 0, NULL, 0}, {0}};
    struct lws_context_creation_info info = {0};
    if (count < 3) return 2;
    info.port = atoi(words[1]);
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.gid = info.uid = -1;
    if (strcmp(words[2], "deflate") == 0) info.extensions = extensions;
    if (count > 4) {
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = words[3];
        info.ssl_private_key_filepath = words[4];
    }
    lws_set_log_level(LLL_ERR, NULL);
    context = lws_create_context(&info);
    if (!context) return 1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_the_end, NULL) != 0) return 1;
    printf("%d\n", info.port);
    fflush(stdout);
    while (!is_over && lws_service(context, 0) >= 0) continue;
    lws_context_destroy(context);
    return 0;
}
