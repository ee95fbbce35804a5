// SPDX-License-Identifier: Apache-2.0
/*
 * libwebsockets as its users use it: one lws_write per writable callback, which asks for the next one.
 *
 *     peer_lws URL COUNT SIZE [CONNS] [--tags N] [--rate HZ] [--idle]
 *
 * The same command line and the same result line as `neuron-ws bench`. With --tags each message is built by jansson.
 * With --rate a thread of the host's hands messages over and wakes the service loop by lws_cancel_service.
 */
#include "tags.h"
#include <libwebsockets.h>
#include <pthread.h>
#include <signal.h>

enum { RING = 4096, OPEN_SECONDS = 60 };

struct session {
    struct lws *wsi;
    int64_t left; /* messages of this connection that are still to be written */
    bool open, ended;
};

static struct {
    struct plan plan;
    struct lws_context *context;
    struct session *sessions;
    int opened, ended;
    bool closing;
    bool failed;
    char *text; /* the message; lws masks in place, so each goes out as a copy */
    size_t length;
    uint8_t *frame;
    char **names;
    union number *row;
    int64_t message;
    pthread_mutex_t lock; /* of the ring of times, written by the pacing thread */
    int64_t times[RING];
    unsigned head, tail;
} peer;

static struct session *session_of(struct lws *wsi) {
    for (int index = 0; index < peer.plan.connections; index++)
        if (peer.sessions[index].wsi == wsi) return &peer.sessions[index];
    return NULL;
}

static bool is_due(void) {
    pthread_mutex_lock(&peer.lock);
    bool due = peer.head != peer.tail;
    pthread_mutex_unlock(&peer.lock);
    return due;
}

/* The next message into the frame's room. 0: none is due yet. */
static size_t message_next(void) {
    char *payload = (char *)peer.frame + LWS_PRE;
    if (peer.plan.tags > 0)
        return values_text(peer.names, peer.row, peer.plan.tags, peer.message++, payload,
                           tags_text_max(peer.plan.tags));
    if (peer.plan.rate > 0) {
        pthread_mutex_lock(&peer.lock);
        bool due = peer.head != peer.tail;
        if (due) message_set_time(peer.text, peer.times[peer.tail++ % RING]);
        pthread_mutex_unlock(&peer.lock);
        if (!due) return 0;
    }
    memcpy(payload, peer.text, peer.length);
    return peer.length;
}

/* -1 closes the connection. */
static int writable(struct lws *wsi, struct session *session) {
    if (session->left == 0) {
        if (!peer.closing && peer.plan.idle) return 0;
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    if (peer.opened < peer.plan.connections) return 0;
    size_t length = message_next();
    if (length == 0) return 0;
    if (lws_write(wsi, peer.frame + LWS_PRE, length, LWS_WRITE_TEXT) < (int)length) {
        peer.failed = true;
        return -1;
    }
    session->left--;
    if (peer.plan.rate == 0 || session->left == 0 || is_due()) lws_callback_on_writable(wsi);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length) {
    struct session *session = session_of(wsi);
    (void)user, (void)length;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        session->open = true;
        peer.opened++;
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return session != NULL ? writable(wsi, session) : 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        if (peer.sessions[0].open && !peer.sessions[0].ended) lws_callback_on_writable(peer.sessions[0].wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "connection: %s\n", in != NULL ? (char *)in : "failed");
        exit(1);
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (session == NULL || session->ended) return 0;
        if (session->left > 0) peer.failed = true;
        session->ended = true;
        session->wsi = NULL;
        peer.ended++;
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {{"bench", callback, 0, 65536, 0, NULL, 0}, {0}};

static void connect_all(void) {
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .gid = (gid_t)-1,
                                             .uid = (uid_t)-1};
    if (peer.plan.tls) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    lws_set_log_level(LLL_ERR, NULL);
    peer.context = lws_create_context(&info);
    if (peer.context == NULL) die("lws_create_context");
    for (int index = 0; index < peer.plan.connections; index++) {
        struct session *session = &peer.sessions[index];
        int64_t share = peer.plan.count / peer.plan.connections;
        session->left = peer.plan.idle ? 0 : share + (index < peer.plan.count % peer.plan.connections);
        struct lws_client_connect_info to = {.context = peer.context, .address = peer.plan.host,
                                             .port = peer.plan.port, .path = "/", .host = peer.plan.host,
                                             .origin = peer.plan.host, .pwsi = &session->wsi,
                                             .local_protocol_name = "bench"};
        if (peer.plan.tls)
            to.ssl_connection = LCCSCF_USE_SSL | LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK |
                                LCCSCF_ALLOW_INSECURE;
        if (lws_client_connect_via_info(&to) == NULL) die("lws_client_connect_via_info");
    }
    int64_t deadline = monotonic_ns() + (int64_t)OPEN_SECONDS * 1000000000;
    while (peer.opened < peer.plan.connections) {
        if (lws_service(peer.context, 0) < 0 || monotonic_ns() > deadline) die("not all connections came up");
    }
}

static void *pace(void *unused) {
    int64_t started = monotonic_ns(), rate = peer.plan.rate;
    (void)unused;
    for (int64_t index = 0; index < peer.plan.count; index++) {
        sleep_until_ns(started + index / rate * 1000000000 + index % rate * 1000000000 / rate);
        pthread_mutex_lock(&peer.lock);
        if (peer.head - peer.tail == RING) die("the ring is full");
        peer.times[peer.head++ % RING] = monotonic_ns();
        pthread_mutex_unlock(&peer.lock);
        lws_cancel_service(peer.context);
    }
    return NULL;
}

/* Asks for a writable callback on each open connection, and serves until all have ended. */
static void finish(void) {
    for (int index = 0; index < peer.plan.connections; index++)
        if (!peer.sessions[index].ended) lws_callback_on_writable(peer.sessions[index].wsi);
    while (peer.ended < peer.plan.connections)
        if (lws_service(peer.context, 0) < 0) die("lws_service");
}

int main(int argc, char **argv) {
    peer.plan = plan_read(argc, argv);
    peer.text = message_make(peer.plan.size, &peer.length);
    size_t room = peer.plan.tags > 0 ? tags_text_max(peer.plan.tags) : peer.length;
    peer.frame = allocate(LWS_PRE + room);
    peer.names = tag_names_make(peer.plan.tags);
    peer.row = allocate(sizeof *peer.row * (size_t)peer.plan.tags);
    peer.sessions = calloc((size_t)peer.plan.connections, sizeof *peer.sessions);
    pthread_mutex_init(&peer.lock, NULL);
    signal(SIGPIPE, SIG_IGN);
    connect_all();
    int64_t started = monotonic_ns();
    if (peer.plan.idle) {
        printf("{\"peer\":\"libwebsockets\",\"version\":\"%s\",\"conns\":%d,\"rss_kb\":%ld,\"threads\":%ld}\n",
               LWS_LIBRARY_VERSION, peer.plan.connections, status_field("VmRSS"), status_field("Threads"));
        fflush(stdout);
        peer.closing = true;
        finish();
        return peer.failed ? 1 : 0;
    }
    pthread_t thread;
    if (peer.plan.rate > 0 && pthread_create(&thread, NULL, pace, NULL) != 0) die("pthread_create");
    finish();
    if (peer.plan.rate > 0) pthread_join(thread, NULL);
    if (peer.failed) {
        fprintf(stderr, "not all messages were written\n");
        return 1;
    }
    result_print("libwebsockets", LWS_LIBRARY_VERSION, started);
    lws_context_destroy(peer.context);
    return 0;
}
