// SPDX-License-Identifier: Apache-2.0
#include "websocket_worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "websocket_command.h"
#include "websocket_library.h"
#include "websocket_log.h"
#include "websocket_metrics.h"
#include "websocket_operation.h"
#include "websocket_plugin_intf.h"
#include "websocket_states.h"

/* Between two updates of the metrics. */
#define INTERVAL_MS 1000
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

static int send_command(neu_plugin_t *plugin, uint64_t id,
                        websocket_command_t *command)
{
    neu_reqresp_head_t head = { .type = command->type,
                                .ctx  = (void *) (uintptr_t) id };

    return plugin->common.adapter_callbacks->command(plugin->common.adapter,
                                                     head, &command->data);
}

/*
 * Asks the host, which may answer on another thread before this returns: the
 * request, which is among those that were asked already, is not touched then,
 * and no longer holds what will be the host's.
 */
static void ask(neu_plugin_t *plugin, uint64_t id, websocket_command_t *command)
{
    websocket_worker_t  *worker  = &plugin->worker;
    websocket_request_t *refused = NULL;
    websocket_taken_t    taken   = WEBSOCKET_TAKEN_ELSEWHERE;

    if (send_command(plugin, id, command) == 0) {
        return;
    }
    pthread_mutex_lock(&worker->mutex);
    taken = websocket_queue_not_taken(&worker->queue, id, command, now_ms(),
                                      &refused);
    pthread_mutex_unlock(&worker->mutex);
    if (taken == WEBSOCKET_TAKEN_ELSEWHERE) {
        websocket_command_free(command);
    } else if (taken == WEBSOCKET_TAKEN_NEVER) {
        websocket_request_refuse(refused, NEU_ERR_IS_BUSY,
                                 "the gateway takes no request now");
    }
}

static void refuse_all(websocket_request_t *request, const char *reason)
{
    while (request != NULL) {
        websocket_request_t *next = request->next;
        websocket_request_refuse(request, NEU_ERR_IS_BUSY, reason);
        request = next;
    }
}

/* What has had its time, with the host or before it was asked. */
static void tick(websocket_worker_t *worker, int64_t now)
{
    websocket_ended_t ended;

    pthread_mutex_lock(&worker->mutex);
    ended =
        websocket_queue_tick(&worker->queue, now, websocket_request_is_late);
    pthread_mutex_unlock(&worker->mutex);
    refuse_all(ended.waited,
               "the gateway is busy with other requests to this node");
    websocket_request_drop_all(ended.late);
}

static void wait_until(websocket_worker_t *worker, int64_t due)
{
    struct timespec until  = { 0 };
    int64_t         queued = websocket_queue_due(&worker->queue);

    if (queued < due) {
        due = queued;
    }
    until.tv_sec  = due / 1000;
    until.tv_nsec = due % 1000 * 1000000;
    pthread_cond_timedwait(&worker->wake, &worker->mutex, &until);
}

/* What is left to be asked for an operation; where nothing is, it is answered.
   Nobody else has the request: the host does not know of it yet. */
static bool go_on(neu_plugin_t *plugin, websocket_request_t *request,
                  websocket_command_t *command)
{
    websocket_worker_t *worker = &plugin->worker;
    websocket_text_t    answer = { 0 };

    if (websocket_operation_next(plugin, request->operation, command,
                                 &answer)) {
        return true;
    }
    pthread_mutex_lock(&worker->mutex);
    websocket_queue_take_back(&worker->queue, request->id);
    pthread_mutex_unlock(&worker->mutex);
    if (answer.failed) {
        websocket_request_refuse(request, NEU_ERR_EINTERNAL, "no memory");
    } else {
        websocket_request_answer(request, answer.data, answer.length);
    }
    websocket_text_free(&answer);
    return false;
}

/* A request that the host is to be asked now, as far as it is this thread's:
   its number and its command. False: there is none, at `due` at the latest. */
static bool next(neu_plugin_t *plugin, int64_t due, uint64_t *id,
                 websocket_command_t *command)
{
    websocket_worker_t  *worker  = &plugin->worker;
    websocket_request_t *request = NULL;

    pthread_mutex_lock(&worker->mutex);
    if (!worker->quit) {
        request = websocket_queue_next(&worker->queue, now_ms());
    }
    if (request == NULL && !worker->quit) {
        wait_until(worker, due);
    }
    if (request != NULL && websocket_request_is_late(request)) {
        websocket_log_warn(plugin,
                           "request %.64s is not done: it waited for the "
                           "gateway beyond request-timeout",
                           request->uuid);
        websocket_queue_take_back(&worker->queue, request->id);
        websocket_request_drop_all(request);
        request = NULL;
    }
    if (request != NULL) {
        *id      = request->id;
        *command = request->command;
        memset(&request->command, 0, sizeof(request->command));
    }
    pthread_mutex_unlock(&worker->mutex);
    if (request != NULL && request->operation != NULL && command->type == 0) {
        return go_on(plugin, request, command);
    }
    return request != NULL;
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
        websocket_command_t command;
        uint64_t            id  = 0;
        int64_t             now = 0;

        if (next(plugin, due, &id, &command)) {
            ask(plugin, id, &command);
        }
        now = now_ms();
        if (now >= due) {
            due = now + INTERVAL_MS;
            websocket_metrics_update(plugin, worker->node);
            follow_log_level(plugin, now);
            ask_for_states(plugin, now);
            tick(worker, now);
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
    websocket_worker_t  *worker = &plugin->worker;
    websocket_request_t *left   = NULL;

    pthread_mutex_lock(&worker->mutex);
    worker->quit = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
    if (worker->running) {
        pthread_join(worker->thread, NULL);
        worker->running = false;
    }

    pthread_mutex_lock(&worker->mutex);
    left = websocket_queue_end(&worker->queue);
    pthread_mutex_unlock(&worker->mutex);
    websocket_request_drop_all(left);
}

bool websocket_worker_queue(websocket_worker_t  *worker,
                            websocket_request_t *request, const char *device)
{
    bool taken = false;

    pthread_mutex_lock(&worker->mutex);
    if (!worker->quit) {
        taken =
            websocket_queue_add(&worker->queue, request, device, now_ms());
    }
    if (taken) {
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
    request = websocket_queue_answered(&worker->queue, id);
    if (request != NULL) {
        pthread_cond_signal(&worker->wake);
    }
    pthread_mutex_unlock(&worker->mutex);
    return request;
}
