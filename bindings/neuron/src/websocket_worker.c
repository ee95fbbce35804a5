#include "websocket_worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "websocket_command.h"
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_metrics.h"
#include "websocket_plugin_intf.h"

/* Between two updates of the metrics. */
#define INTERVAL_MS 1000
/* Requests that wait for the host at one time, asked and not asked. */
#define REQUESTS_MAX 8192
/*
 * The gateway's threads pass messages through sockets that hold ten each, and
 * wait a second for room: many requests at once jam manager and driver against
 * each other, and messages are lost. So few are under way at a time; one that
 * has no answer for this long no longer holds the others up.
 */
#define BUSY_MAX 4
#define BUSY_MS 3000
/* What has waited so long for its turn is refused: the host is busy. */
#define WAIT_MS 5000
/* How often, and after what pause, a request is tried that was not taken. */
#define FAILURES_MAX 5
#define RETRY_MS 200
/* The library answers a request that the host forgot long before this. */
#define FORGET_MS (120 * 1000)
/* The host's habit: debug ends after so long. */
#define DEBUG_SECONDS 600

static int64_t now_ms(void)
{
    struct timespec time = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t) time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int websocket_worker_init(websocket_worker_t *worker)
{
    pthread_condattr_t attributes;

    if (pthread_mutex_init(&worker->mutex, NULL) != 0) {
        return NEU_ERR_EINTERNAL;
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    worker->last = &worker->first;
    return 0;
}

void websocket_worker_free(websocket_worker_t *worker)
{
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->mutex);
}

/* While the node's category takes debug lines, the library writes them. */
static void follow_log_level(neu_plugin_t *plugin, int64_t now)
{
    websocket_worker_t *worker = &plugin->worker;

    if (!websocket_log_enabled(plugin, WEBSOCKET_LOG_DEBUG)) {
        if (worker->debug_until_ms != 0) {
            worker->debug_until_ms = 0;
            websocket_library.node_set_log_level(worker->node,
                                                 NEURON_WS_LOG_DEBUG, 1);
        }
    } else if (now >= worker->debug_until_ms) {
        worker->debug_until_ms = now + DEBUG_SECONDS * 1000 / 2;
        websocket_library.node_set_log_level(worker->node, NEURON_WS_LOG_DEBUG,
                                             DEBUG_SECONDS);
    }
}

/* Driver states, as often as the settings say and while they can be sent. */
static void ask_for_states(neu_plugin_t *plugin, int64_t now)
{
    websocket_worker_t *worker = &plugin->worker;
    neuron_ws_state_t   state  = { .size = sizeof(state) };

    if (websocket_library.node_state(worker->node, &state) != NEURON_WS_OK ||
        state.states_interval_s == 0 || state.link == 0) {
        worker->states_due_ms = 0;
    } else if (now >= worker->states_due_ms) {
        worker->states_due_ms = now + (int64_t) state.states_interval_s * 1000;
        websocket_states_ask(plugin);
    }
}

static void put_first(websocket_worker_t *worker, websocket_request_t *request)
{
    pthread_mutex_lock(&worker->mutex);
    request->next = worker->first;
    if (worker->first == NULL) {
        worker->last = &request->next;
    }
    worker->first = request;
    worker->count++;
    worker->retry_ms = now_ms() + RETRY_MS;
    pthread_mutex_unlock(&worker->mutex);
}

/*
 * Asks the host, which may answer on another thread before this returns: so
 * the request is among those that wait for an answer before it is asked, and
 * no longer holds what will be the host's.
 */
static void ask(neu_plugin_t *plugin, websocket_request_t *request)
{
    websocket_worker_t *worker  = &plugin->worker;
    websocket_command_t command = request->command;
    uint64_t            id      = request->id;
    int64_t             now     = now_ms();

    memset(&request->command, 0, sizeof(request->command));
    request->busy_until_ms = now + BUSY_MS;
    request->forget_ms     = now + FORGET_MS;
    pthread_mutex_lock(&worker->mutex);
    websocket_pending_add(&worker->pending, request);
    pthread_mutex_unlock(&worker->mutex);
    if (websocket_command_send(plugin, id, &command) == 0) {
        return;
    }

    request = websocket_worker_take(worker, id);
    if (request == NULL) {
        websocket_command_free(&command);
        return;
    }
    request->command = command;
    if (++request->failures < FAILURES_MAX) {
        put_first(worker, request);
    } else {
        websocket_request_refuse(request, NEU_ERR_IS_BUSY,
                                 "the gateway takes no request now");
    }
}

static void forget(websocket_worker_t *worker, int64_t now)
{
    websocket_request_t *old = NULL;

    pthread_mutex_lock(&worker->mutex);
    websocket_pending_give_up(&worker->pending, now);
    old = websocket_pending_take_old(&worker->pending, now);
    pthread_mutex_unlock(&worker->mutex);
    websocket_request_drop_all(old);
}

/* Whether the host may be asked the first request now. */
static bool may_ask(const websocket_worker_t *worker)
{
    return worker->first != NULL && worker->pending.busy < BUSY_MAX &&
        now_ms() >= worker->retry_ms;
}

static void wait_until(websocket_worker_t *worker, int64_t due)
{
    struct timespec until = { 0 };

    if (worker->first != NULL && worker->pending.busy < BUSY_MAX &&
        worker->retry_ms < due) {
        due = worker->retry_ms;
    }
    until.tv_sec  = due / 1000;
    until.tv_nsec = due % 1000 * 1000000;
    pthread_cond_timedwait(&worker->wake, &worker->mutex, &until);
}

static websocket_request_t *next(websocket_worker_t *worker, int64_t due)
{
    websocket_request_t *request = NULL;

    pthread_mutex_lock(&worker->mutex);
    if (!may_ask(worker) && !worker->quit) {
        wait_until(worker, due);
    }
    if (may_ask(worker) && !worker->quit) {
        request       = worker->first;
        worker->first = request->next;
        worker->count--;
        if (worker->first == NULL) {
            worker->last = &worker->first;
        }
        request->next = NULL;
    }
    pthread_mutex_unlock(&worker->mutex);
    return request;
}

static bool is_ending(websocket_worker_t *worker)
{
    bool quit = false;

    pthread_mutex_lock(&worker->mutex);
    quit = worker->quit;
    pthread_mutex_unlock(&worker->mutex);
    return quit;
}

static void *run(void *context)
{
    neu_plugin_t       *plugin = context;
    websocket_worker_t *worker = &plugin->worker;
    int64_t             due    = now_ms();

    while (!is_ending(worker)) {
        websocket_request_t *request = next(worker, due);
        int64_t              now     = now_ms();

        if (request != NULL && websocket_request_is_late(request)) {
            websocket_log_warn(plugin,
                               "request %.64s is not done: it waited for the "
                               "gateway beyond request-timeout",
                               request->uuid);
            websocket_request_drop_all(request);
        } else if (request != NULL && now - request->arrival_ms > WAIT_MS) {
            websocket_request_refuse(request, NEU_ERR_IS_BUSY,
                                     "the gateway is busy with other requests");
        } else if (request != NULL) {
            ask(plugin, request);
        }
        if (now >= due) {
            due = now + INTERVAL_MS;
            websocket_metrics_update(plugin, worker->node);
            follow_log_level(plugin, now);
            ask_for_states(plugin, now);
            forget(worker, now);
        }
    }
    return NULL;
}

int websocket_worker_start(neu_plugin_t *plugin, neuron_ws_node_t *node)
{
    websocket_worker_t *worker = &plugin->worker;
    sigset_t            all, before;
    int                 result = 0;

    worker->node = node;
    pthread_mutex_lock(&worker->mutex);
    worker->quit = false;
    pthread_mutex_unlock(&worker->mutex);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(&worker->thread, NULL, run, plugin);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result == 0) {
        worker->running = true;
        pthread_setname_np(worker->thread, "websocket");
    }
    return result == 0 ? 0 : NEU_ERR_EINTERNAL;
}

void websocket_worker_stop(neu_plugin_t *plugin)
{
    websocket_worker_t  *worker  = &plugin->worker;
    websocket_request_t *queued  = NULL;
    websocket_request_t *pending = NULL;

    pthread_mutex_lock(&worker->mutex);
    worker->quit = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
    if (worker->running) {
        pthread_join(worker->thread, NULL);
        worker->running = false;
    }

    pthread_mutex_lock(&worker->mutex);
    queued        = worker->first;
    worker->first = NULL;
    worker->last  = &worker->first;
    worker->count = 0;
    pending       = websocket_pending_take_old(&worker->pending, INT64_MAX);
    pthread_mutex_unlock(&worker->mutex);
    websocket_request_drop_all(queued);
    websocket_request_drop_all(pending);
}

bool websocket_worker_queue(websocket_worker_t  *worker,
                            websocket_request_t *request)
{
    bool taken = false;

    pthread_mutex_lock(&worker->mutex);
    if (!worker->quit &&
        worker->count + worker->pending.count < REQUESTS_MAX) {
        request->id         = ++worker->pending.id;
        request->arrival_ms = now_ms();
        *worker->last = request;
        worker->last  = &request->next;
        worker->count++;
        taken = true;
        pthread_cond_signal(&worker->wake);
    }
    pthread_mutex_unlock(&worker->mutex);
    return taken;
}

websocket_request_t *websocket_worker_take(websocket_worker_t *worker,
                                           uint64_t            id)
{
    websocket_request_t *request = NULL;

    pthread_mutex_lock(&worker->mutex);
    request = websocket_pending_take(&worker->pending, id);
    if (request != NULL) {
        pthread_cond_signal(&worker->wake);
    }
    pthread_mutex_unlock(&worker->mutex);
    return request;
}
