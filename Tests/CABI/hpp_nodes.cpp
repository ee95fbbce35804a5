// SPDX-License-Identifier: Apache-2.0
/* Nodes that talk to a server: callbacks, requests, attempts, events; nodes that end inside their callbacks. */
#include "hpp.h"

#include <poll.h>

#include <array>
#include <mutex>
#include <optional>
#include <vector>

using namespace std::chrono_literals;
using neuron_ws::Callbacks;
using neuron_ws::Node;
using neuron_ws::NodeRef;
using neuron_ws::Span;
using neuron_ws::Tag;

namespace {

struct Seen {
    std::mutex lock{};
    std::vector<std::string> messages{};
    std::atomic<int> states{0}, links{0}, deliveries{0}, logs{0}, sendings{0};
};

Callbacks whole_host(Seen &seen)
{
    Callbacks callbacks;
    callbacks.on_state = [&seen](NodeRef node, const neuron_ws::State &state) {
        CHECK(node && node.get() != nullptr && state.size == sizeof state);
        ++seen.states;
        seen.links += state.link;
    };
    callbacks.on_message = [&seen](NodeRef, neuron_ws::Kind kind, std::string_view bytes) {
        CHECK(kind == NEURON_WS_TEXT || kind == NEURON_WS_BINARY);
        const std::lock_guard<std::mutex> guard(seen.lock);
        seen.messages.emplace_back(bytes);
    };
    callbacks.on_delivery = [&seen](NodeRef, std::uint64_t id, neuron_ws::Outcome outcome, neuron_ws::Level level) {
        CHECK(id > 0 && outcome == NEURON_WS_DELIVERED && level == NEURON_WS_LEVEL_WRITTEN);
        ++seen.deliveries;
    };
    callbacks.on_log = [&seen](NodeRef, neuron_ws::LogLevel level, std::string_view line) {
        CHECK(level < NEURON_WS_LOG_OFF && !line.empty() && line.data()[line.size()] == '\0');
        ++seen.logs;
    };
    callbacks.before_send = [&seen](NodeRef, neuron_ws::Kind, std::string_view bytes) {
        ++seen.sendings;
        return bytes != "not this one";
    };
    return callbacks;
}

std::size_t messages_of(Seen &seen)
{
    const std::lock_guard<std::mutex> guard(seen.lock);
    return seen.messages.size();
}

} // namespace

void a_nodes_life()
{
    Seen seen;
    Node node = GOOD(Node::create("life", settings_for(R"(,"log-level":"debug")"), whole_host(seen)));
    GOOD(node.subscribe("plc1", "quick", R"({"static_tags":{"site":"A"}})"));
    GOOD(node.rename_driver("plc1", "plc2"));
    GOOD(node.rename_group("plc2", "quick", "slow"));
    GOOD(node.unsubscribe("plc2", "slow"));
    GOOD(node.subscribe("plc1", "fast"));
    GOOD(node.unsubscribe("plc1"));
    GOOD(node.subscribe("*", "*"));
    GOOD(node.start());

    CHECK(GOOD(node.push("plc1", "fast", {{"temperature", 21.5}, {"running", true}}, 1)) == 1);
    const std::vector<Tag> tags = {{"counter", 7}};
    CHECK(GOOD(node.push("plc1", "fast", tags, 2)) == 2);
    CHECK(GOOD(node.push({"plc1", "fast", tags, 3})) == 3);
    const neuron_ws::Pushed pushed = node.try_push({"plc1", "fast", tags, 4});
    CHECK(pushed && pushed.id == 4);
    CHECK(GOOD(node.push_json(R"({"node":"plc1","group":"fast","values":{"t":2}})")) == 5);
    CHECK(node.try_push_json(R"({"node":"plc1","group":"fast","values":{"t":2}})").id == 6);
    const std::uint8_t bytes[] = {0, 1};
    CHECK(GOOD(node.send(bytes)) == 7 && GOOD(node.send("text")) == 8 && GOOD(node.send("")) == 9);
    GOOD(node.flush(20s));
    WAIT_UNTIL(messages_of(seen) == 9);
    CHECK(seen.links == 1 && seen.states > 1 && seen.sendings == 9 && seen.deliveries == 9 && seen.logs > 0);
    {
        const std::lock_guard<std::mutex> guard(seen.lock);
        CHECK(seen.messages[0] == R"({"node":"plc1","group":"fast","timestamp":1,)"
                                  R"("values":{"temperature":21.5,"running":true},"errors":{},"metas":{}})");
        CHECK(seen.messages[6] == std::string("\0\1", 2) && seen.messages[7] == "text" && seen.messages[8].empty());
    }

    const neuron_ws::State state = GOOD(node.state());
    CHECK(state.link == 1 && state.phase == NEURON_WS_PHASE_OPEN && state.message[0] != '\0');
    const neuron_ws::Metrics metrics = GOOD(node.metrics());
    CHECK(metrics.messages_sent == 9 && metrics.link == 1);
    CHECK(GOOD(node.metrics_text()).find("# EOF") != std::string::npos);
    CHECK(GOOD(node.metrics_text(NEURON_WS_METRICS_JSON)).front() == '{');
    CHECK(GOOD(neuron_ws::metrics_text()).find("life") != std::string::npos);
    CHECK(GOOD(neuron_ws::metrics_text(NEURON_WS_METRICS_JSON)).front() == '[');
    GOOD(node.ping());
    GOOD(node.trace(std::chrono::seconds(1)));
    GOOD(node.set_log_level(NEURON_WS_LOG_WARN, 1s));
    GOOD(node.reconnect());
    GOOD(node.configure(settings_for(R"(,"upload_err":false)")));
    const neuron_ws::DriverState drivers[] = {{"modbus", 1, 3, true}};
    CHECK(GOOD(node.push_states(drivers)) == 10);
    GOOD(node.flush(20s));
    /* A moved node goes on, and its callbacks with it. */
    Node moved = std::move(node);
    GOOD(moved.send("moved"));
    WAIT_UNTIL(messages_of(seen) == 11);
    CHECK(GOOD(moved.stop_begin(5s)));
    WAIT_UNTIL(GOOD(moved.state()).phase == NEURON_WS_PHASE_IDLE);
    GOOD(moved.stop(5s));
    GOOD(moved.finish(5s));
    FAILS(NOT_RUNNING, moved.start());
    CHECK(moved.take_exception() == nullptr);
}

void requests_and_attempts()
{
    Seen seen;
    std::atomic<int> attempts{0}, asked{0}, unanswered{0};
    std::optional<neuron_ws::Request> kept;
    Callbacks callbacks;
    callbacks.on_message = whole_host(seen).on_message;
    callbacks.before_connect = [&](NodeRef, neuron_ws::Attempt attempt) {
        GOOD(attempt.set_url("ws://127.0.0.1:" + std::to_string(port) + "/cpp"));
        GOOD(attempt.set_header("X-Every", "part"));
        GOOD(attempt.remove_header("X-From-Settings"));
        GOOD(attempt.set_token("token-of-cpp"));
        FAILS(INVALID_ARGUMENT, attempt.set_header("X-Every", "a\r\nInjected: b"));
        FAILS(INVALID_ARGUMENT, attempt.set_token(std::string_view("a\0b", 3)));
        /* The first is cancelled, and another comes. */
        return ++attempts > 1;
    };
    callbacks.on_request = [&](NodeRef, neuron_ws::Request request, const neuron_ws::RequestInfo &info) {
        ++asked;
        CHECK(request && !info.too_late && info.driver == std::string_view("plc1"));
        if (info.kind == NEURON_WS_REQUEST_WRITE) {
            CHECK(info.tag_count == 2 && info.tag(0).value.i64 == 7 && info.tag(1).name == std::string_view("u"));
            const neuron_ws::RequestInfo again = GOOD(request.info());
            CHECK(again.uuid == std::string_view("w1") && !again.too_late);
            const std::string answer =
                GOOD(neuron_ws::encode(NEURON_WS_FORMAT_WRITE_RESPONSE, R"({"uuid":"w1","error":0})"));
            FAILS(INVALID_JSON, request.reply("{"));
            GOOD(request.reply(answer));
            CHECK(!request);
        } else if (info.group == std::string_view("later")) {
            kept = std::move(request);
        } else {
            ++unanswered; /* and dropped as `request` goes away */
        }
    };
    const std::string settings = settings_for(R"(,"allow-requests":"all","headers":{"X-From-Settings":"a"})");
    Node node = GOOD(Node::create("requests", settings, std::move(callbacks)));
    GOOD(node.start());
    GOOD(node.send(R"({"uuid":"w1","node":"plc1","group":"fast",)"
                   R"("tags":[{"tag":"t","value":7},{"tag":"u","value":1}]})"));
    GOOD(node.send(R"({"uuid":"r1","node":"plc1","group":"fast"})"));
    GOOD(node.send(R"({"uuid":"r2","node":"plc1","group":"later"})"));
    /* More than a node has at a time: those that went away without an answer were dropped, so that no more wait. */
    for (int number = 0; number < NEURON_WS_REQUESTS_MAX + 10; ++number)
        GOOD(node.send(R"({"uuid":"r3","node":"plc1","group":"fast"})"));
    WAIT_UNTIL(messages_of(seen) == 1);
    CHECK(seen.messages[0] == R"({"uuid":"w1","error":0})" && attempts >= 2);
    WAIT_UNTIL(asked == NEURON_WS_REQUESTS_MAX + 13 && unanswered == NEURON_WS_REQUESTS_MAX + 11);
    CHECK(messages_of(seen) == 1);
    /* It outlives its node. */
    node.destroy();
    if (CHECK(kept && *kept))
        FAILS(NOT_RUNNING, kept->reply("{}"));
    CHECK(!kept || !*kept);
}

void events()
{
    Node node = GOOD(Node::create("events", settings_for(R"(,"allow-requests":"all")")));
    const int descriptor = GOOD(node.event_fd());
    std::uint32_t kinds = 0;
    int outcomes = 0, requests = 0;

    const auto handle = [&](neuron_ws::Event &event) {
        kinds |= event.kind();
        if (event.kind() == NEURON_WS_EVENT_STATE && event.link())
            CHECK(event.phase() == NEURON_WS_PHASE_OPEN && event.reason() == NEURON_WS_REASON_NONE);
        if (event.kind() == NEURON_WS_EVENT_MESSAGE && event.text() == "hello") {
            CHECK(event.message_kind() == NEURON_WS_TEXT);
            CHECK(event.bytes().size() == 5 && event.bytes()[0] == 'h');
        }
        CHECK((event.kind() == NEURON_WS_EVENT_LOG) == (event.log_category() != NEURON_WS_CATEGORY_NONE));
        if (event.kind() == NEURON_WS_EVENT_LOG)
            CHECK(event.log_level() < NEURON_WS_LOG_OFF && event.text().data()[event.text().size()] == '\0');
        if (event.kind() == NEURON_WS_EVENT_DELIVERY) {
            CHECK(event.id() > 0 && event.outcome() == NEURON_WS_DELIVERED);
            CHECK(event.level() == NEURON_WS_LEVEL_WRITTEN && event.close_code() == 0 && event.text().empty());
            outcomes += static_cast<int>(event.count());
        }
        CHECK((event.kind() == NEURON_WS_EVENT_REQUEST) == static_cast<bool>(event.request()));
        if (event.kind() == NEURON_WS_EVENT_REQUEST && ++requests == 1) {
            neuron_ws::Request request = std::move(event.request());
            CHECK(GOOD(request.info()).uuid == std::string_view("r1") && !event.request());
            GOOD(request.reply(R"({"uuid":"r1","tags":[]})"));
        }
    };
    const auto take_until = [&](const auto &reached) {
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (!reached()) {
            pollfd ready{};
            if (!CHECK(std::chrono::steady_clock::now() < end))
                return;
            ready.fd = descriptor;
            ready.events = POLLIN;
            if (!CHECK(poll(&ready, 1, 20000) == 1))
                return;
            while (std::optional<neuron_ws::Event> event = GOOD(node.next_event()))
                handle(*event);
        }
    };

    GOOD(node.start());
    GOOD(node.send("hello"));
    GOOD(node.send(R"({"uuid":"r1","node":"plc1","group":"fast"})"));
    /* Together more than a node has at a time: one that nobody takes is dropped with its event. */
    const int half = NEURON_WS_REQUESTS_MAX / 2 + 10;
    for (int turn = 1; turn <= 2; ++turn) {
        for (int number = 0; number < half; ++number)
            GOOD(node.send(R"({"uuid":"r2","node":"plc1","group":"fast"})"));
        take_until([&] { return requests == 1 + turn * half; });
    }
    take_until([&] { return outcomes == 3 + 2 * half && (kinds & NEURON_WS_EVENT_MESSAGE) != 0; });
    CHECK((kinds & NEURON_WS_EVENT_STATE) != 0);
    GOOD(node.finish(5s));
    while (GOOD(node.next_event()))
        continue;
}

void callbacks_that_end_their_node()
{
    /* What a callback captured lives until it returns, even where it ended its node; meanwhile outcomes are told. */
    struct Ending {
        std::optional<Node> node{};
        std::atomic<bool> ended{false};
        std::atomic<int> dropped{0};
    };
    for (int round = 0; round < 20; ++round) {
        auto ending = std::make_shared<Ending>();
        const std::weak_ptr<Ending> watched = ending;
        Callbacks callbacks;
        callbacks.on_delivery = [watched](NodeRef, std::uint64_t, neuron_ws::Outcome outcome, neuron_ws::Level) {
            if (const std::shared_ptr<Ending> held = watched.lock())
                held->dropped += outcome == NEURON_WS_DROPPED_STOPPED ? 1 : 0;
        };
        /* Too large for a std::function itself: a closure that was freed is noticed. */
        const std::array<int, 16> large = {4711};
        callbacks.on_state = [watched, large](NodeRef, const neuron_ws::State &state) {
            const std::shared_ptr<Ending> held = watched.lock();
            if (!held || state.phase == NEURON_WS_PHASE_IDLE)
                return;
            if (held->node)
                held->node.reset();
            CHECK(large[0] == 4711);
            held->ended = true;
        };
        ending->node.emplace(GOOD(Node::create("ending", settings_for(), std::move(callbacks))));
        GOOD(ending->node->send("never sent"));
        GOOD(ending->node->start());
        WAIT_UNTIL(ending->ended);
        CHECK(ending->dropped == 1);
    }
}
