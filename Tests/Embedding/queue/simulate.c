// SPDX-License-Identifier: Apache-2.0
/*
 * simulate FIRST COUNT - the plugin's queue of requests under a made clock, with devices that answer, are slow, are
 * dead, or come back, and a host that at times takes nothing. One run for each seed; what is wrong ends the program.
 *
 * Of the gateway one thing is kept: each device takes messages out of a socket that holds ten, one after the other.
 */
#include "websocket_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 12
#define SOCKET_MAX 10
#define REQUESTS 4000
#define STEP_MS 10

#define CHECK(condition, ...)                                                     \
    do {                                                                          \
        if (!(condition)) {                                                       \
            fprintf(stderr, "seed %u, %lld ms: %s: ", seed, (long long) now, #condition); \
            fprintf(stderr, __VA_ARGS__);                                         \
            fprintf(stderr, "\n");                                                \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

typedef enum { HEALTHY, SLOW, DEAD, FLAKY, KINDS } device_kind_t;

typedef struct {
    device_kind_t kind;
    char name[24];
    /* Numbers of the queue's in its socket, and when it is done with the first. */
    uint64_t socket[SOCKET_MAX];
    int count;
    int64_t done_ms;
    /* The order in which it was given requests: by the time of their making. */
    uintptr_t last;
} device_t;

/* A request of the server, which the simulation keeps by its handle's number. */
typedef struct {
    int device;
    int64_t made_ms;
    int64_t timeout_ms;
    int outcomes;
    bool is_refused;
    int64_t answered_ms;
} made_t;

static unsigned seed;
static int64_t now;
static uint64_t random_state;
static device_t devices[DEVICES];
static made_t made[REQUESTS + 1];
static websocket_queue_t queue;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (random_state >> 33) % below;
}

static uintptr_t number_of(const websocket_request_t *request) { return (uintptr_t) request->handle; }

/* What the queue's code needs of the rest of the plugin. */
bool websocket_request_is_late(const websocket_request_t *request)
{
    const made_t *it = &made[number_of(request)];

    return now - it->made_ms >= it->timeout_ms;
}

static void end(websocket_request_t *request, bool is_refused)
{
    made_t *it = &made[number_of(request)];

    it->outcomes++;
    CHECK(it->outcomes == 1, "request %zu ends twice", (size_t) number_of(request));
    it->is_refused = is_refused;
    it->answered_ms = now;
    free(request);
}

static void end_all(websocket_request_t *request, bool is_refused)
{
    while (request != NULL) {
        websocket_request_t *next = request->next;
        end(request, is_refused);
        request = next;
    }
}

static int64_t time_of(device_kind_t kind)
{
    switch (kind) {
    case HEALTHY:
        return 10 + draw(80);
    case SLOW:
        return 500 + draw(3000);
    case FLAKY:
        return draw(4) == 0 ? 30000 : 20;
    default:
        return INT64_MAX / 4;
    }
}

static void work(device_t *device)
{
    while (device->count > 0 && now >= device->done_ms) {
        websocket_request_t *request = websocket_queue_answered(&queue, device->socket[0]);
        if (request != NULL)
            end(request, false);
        memmove(device->socket, device->socket + 1, sizeof(device->socket) - sizeof(device->socket[0]));
        if (--device->count > 0)
            device->done_ms = now + time_of(device->kind);
    }
}

/* As the plugin's worker does it; the host at times takes nothing. */
static void ask(bool host_takes)
{
    websocket_request_t *request;

    while ((request = websocket_queue_next(&queue, now)) != NULL) {
        made_t *it = &made[number_of(request)];
        device_t *device = &devices[it->device];
        if (websocket_request_is_late(request)) {
            CHECK(websocket_queue_take_back(&queue, request->id) == request, "not there");
            end(request, true);
        } else if (!host_takes) {
            websocket_command_t command = request->command;
            websocket_request_t *refused = NULL;
            websocket_taken_t taken = websocket_queue_not_taken(&queue, request->id, &command, now, &refused);
            CHECK(taken != WEBSOCKET_TAKEN_ELSEWHERE, "not there");
            if (taken == WEBSOCKET_TAKEN_NEVER)
                end(refused, true);
        } else {
            CHECK(number_of(request) > device->last, "%s is given %zu after %zu", device->name,
                  (size_t) number_of(request), (size_t) device->last);
            device->last = number_of(request);
            CHECK(device->count < SOCKET_MAX, "the socket of %s is full: the manager waits", device->name);
            device->socket[device->count++] = request->id;
            if (device->count == 1)
                device->done_ms = now + time_of(device->kind);
        }
    }
}

static void add(size_t number, int device, int64_t timeout_ms)
{
    websocket_request_t *request = calloc(1, sizeof *request);

    CHECK(request != NULL, "no memory");
    request->handle = (neuron_ws_request_t *) number;
    made[number] = (made_t){.device = device, .made_ms = now, .timeout_ms = timeout_ms};
    if (!websocket_queue_add(&queue, request, devices[device].name, now))
        end(request, true);
}

static void tick(void)
{
    websocket_ended_t ended = websocket_queue_tick(&queue, now, websocket_request_is_late);

    for (const websocket_request_t *it = ended.waited; it != NULL; it = it->next)
        CHECK(now - it->arrival_ms > WEBSOCKET_WAIT_MS, "refused early");
    end_all(ended.waited, true);
    end_all(ended.late, true);
}

/* Minutes of requests to all devices at random; then the rest runs out. */
static void run(void)
{
    static const int64_t timeouts[] = {1000, 5000, 30000, 120000};
    size_t number = 0, still = 0;
    bool is_burst = draw(2) == 0;

    memset(made, 0, sizeof made);
    for (int index = 0; index < DEVICES; index++) {
        memset(&devices[index], 0, sizeof devices[index]);
        devices[index].kind = index == 0 ? HEALTHY : index == 1 ? DEAD : (device_kind_t) draw(KINDS);
        snprintf(devices[index].name, sizeof devices[index].name, "device%d", index);
    }
    for (now = 0; number < REQUESTS || queue.count != 0; now += STEP_MS) {
        bool host_takes = draw(200) != 0;
        if (number < REQUESTS && draw(10) < 4) {
            int count = is_burst && draw(40) == 0 ? 50 : 1;
            int device = (int) draw(DEVICES);
            for (; count > 0 && number < REQUESTS; count--)
                add(++number, device, timeouts[draw(4)]);
        }
        for (int index = 0; index < DEVICES; index++)
            work(&devices[index]);
        ask(host_takes);
        if (now % 1000 == 0)
            tick();
        still = number == REQUESTS ? still + 1 : 0;
        CHECK(still < 3600000 / STEP_MS, "%zu requests never end", queue.count);
    }
    for (size_t index = 1; index <= REQUESTS; index++)
        CHECK(made[index].outcomes == 1, "request %zu has %d outcomes", index, made[index].outcomes);
    now += 3600000;
    tick();
    CHECK(queue.device_count == 0, "%zu devices are remembered for ever", queue.device_count);
    CHECK(websocket_queue_end(&queue) == NULL, "something is left");
}

/* Many writes to dead devices, and a healthy one's requests behind them. */
static void run_dead_beside_healthy(int dead)
{
    int64_t longest = 0;
    size_t number = 0;

    memset(made, 0, sizeof made);
    memset(devices, 0, sizeof devices);
    for (int index = 0; index <= dead; index++) {
        devices[index].kind = index == 0 ? HEALTHY : DEAD;
        snprintf(devices[index].name, sizeof devices[index].name, "device%d", index);
    }
    now = 0;
    for (int index = 1; index <= dead; index++)
        for (int count = 0; count < 20; count++)
            add(++number, index, 30000);
    for (; now < 20000; now += STEP_MS) {
        if (now % 500 == 0)
            add(++number, 0, 30000);
        for (int index = 0; index <= dead; index++)
            work(&devices[index]);
        ask(true);
        if (now % 1000 == 0)
            tick();
    }
    for (size_t index = 1; index <= number; index++) {
        const made_t *it = &made[index];
        if (it->device != 0 || it->made_ms > 19000)
            continue;
        CHECK(it->outcomes == 1 && !it->is_refused, "request %zu of the healthy device: not answered", index);
        longest = it->answered_ms - it->made_ms > longest ? it->answered_ms - it->made_ms : longest;
    }
    /* Each dead device can take a slot twice before it is known to be dead. */
    CHECK(longest <= 200 + WEBSOCKET_BUSY_MS * (1 + dead * WEBSOCKET_DEVICE_MAX / WEBSOCKET_BUSY_MAX),
          "the healthy device waits %lld ms", (long long) longest);
    end_all(websocket_queue_end(&queue), true);
    printf("%d dead: the healthy one waits %lld ms at most\n", dead, (long long) longest);
}

/* A timeout of an hour: a reply after fifty minutes still finds its request. */
static void run_patient(void)
{
    websocket_request_t *request;

    memset(made, 0, sizeof made);
    snprintf(devices[0].name, sizeof devices[0].name, "device0");
    now = 0;
    add(1, 0, 3600000);
    request = websocket_queue_next(&queue, now);
    CHECK(request != NULL, "not asked");
    for (; now < 3000000; now += 1000)
        tick();
    CHECK(made[1].outcomes == 0, "forgotten");
    request = websocket_queue_answered(&queue, request->id);
    CHECK(request != NULL, "the reply finds nothing");
    end(request, false);
    CHECK(websocket_queue_end(&queue) == NULL && queue.count == 0, "something is left");
}

/* Devices are remembered up to a limit, beyond which a request of one more is refused, and not of a known one. */
static void run_many_devices(void)
{
    char name[24];

    memset(made, 0, sizeof made);
    now = 0;
    for (int index = 0; index <= WEBSOCKET_DEVICES_MAX; index++) {
        websocket_request_t *request = calloc(1, sizeof *request);
        CHECK(request != NULL, "no memory");
        snprintf(name, sizeof name, "many%d", index);
        if (websocket_queue_add(&queue, request, name, now))
            continue;
        CHECK(index == WEBSOCKET_DEVICES_MAX, "refused at %d", index);
        CHECK(websocket_queue_add(&queue, request, "many0", now), "a known device is refused");
    }
    CHECK(queue.device_count == WEBSOCKET_DEVICES_MAX, "%zu devices", queue.device_count);
    for (websocket_request_t *next, *request = websocket_queue_end(&queue); request != NULL; request = next) {
        next = request->next;
        free(request);
    }
}

int main(int count, char **arguments)
{
    unsigned first = count > 1 ? (unsigned) atoi(arguments[1]) : 1;
    unsigned seeds = count > 2 ? (unsigned) atoi(arguments[2]) : 20;

    run_patient();
    run_many_devices();
    for (int dead = 1; dead < DEVICES; dead++)
        run_dead_beside_healthy(dead);
    for (seed = first; seed < first + seeds; seed++) {
        random_state = seed;
        run();
    }
    printf("%u seeds from %u: all is as it should be\n", seeds, first);
    return 0;
}
