// SPDX-License-Identifier: Apache-2.0
/* Exceptions that leave callbacks: none crosses C, each is told, the first is kept. */
#include "hpp.h"

#include <mutex>
#include <vector>

#if defined(__cpp_exceptions)

using namespace std::chrono_literals;
using neuron_ws::Callbacks;
using neuron_ws::Node;
using neuron_ws::NodeRef;

namespace {

struct Told {
    std::mutex lock{};
    std::vector<std::string> lines{};

    bool has(const std::string &line)
    {
        const std::lock_guard<std::mutex> guard(lock);
        for (const std::string &one : lines)
            if (one == line)
                return true;
        return false;
    }
};

[[noreturn]] void fail(const char *what) { throw std::runtime_error(what); }
[[noreturn]] void fail_otherwise() { throw 4711; }

/* Every callback throws; attempts are let through from the second on. */
Callbacks throwing_host(Told &told, std::atomic<int> &attempts, std::atomic<int> &outcomes)
{
    Callbacks callbacks;
    callbacks.on_state = [](NodeRef, const neuron_ws::State &) { fail("state"); };
    callbacks.on_message = [](NodeRef, neuron_ws::Kind, std::string_view) { fail_otherwise(); };
    callbacks.on_request = [](NodeRef, neuron_ws::Request, const neuron_ws::RequestInfo &) { fail("request"); };
    callbacks.on_delivery = [&outcomes](NodeRef, std::uint64_t, neuron_ws::Outcome outcome, neuron_ws::Level) {
        outcomes += outcome == NEURON_WS_DROPPED_REFUSED ? 100 : 1;
        fail("delivery");
    };
    callbacks.on_log = [&told](NodeRef, neuron_ws::LogLevel level, std::string_view line) {
        const std::lock_guard<std::mutex> guard(told.lock);
        if (line.find("an exception left") == 0)
            CHECK(level == NEURON_WS_LOG_ERROR);
        told.lines.emplace_back(line);
        fail("log");
    };
    callbacks.before_connect = [&attempts](NodeRef, neuron_ws::Attempt) -> bool {
        if (++attempts == 1)
            fail("connect");
        return true;
    };
    callbacks.before_send = [](NodeRef, neuron_ws::Kind, std::string_view bytes) -> bool {
        if (bytes == "bad")
            fail("send");
        return true;
    };
    return callbacks;
}

std::string what_of(const std::exception_ptr &exception)
{
    if (exception == nullptr)
        return "";
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception &error) {
        return error.what();
    } catch (...) {
        return "no std::exception";
    }
}

} // namespace

void exceptions_in_callbacks()
{
    Told told;
    std::atomic<int> attempts{0}, outcomes{0};
    Node node = GOOD(Node::create("throwing", settings_for(R"(,"allow-requests":"all","log-level":"warn")"),
                                  throwing_host(told, attempts, outcomes)));
    GOOD(node.start());
    GOOD(node.send("bad"));
    GOOD(node.send("good"));
    GOOD(node.send(R"({"uuid":"r1","node":"plc1","group":"fast"})"));
    WAIT_UNTIL(outcomes == 102);
    WAIT_UNTIL(told.has("an exception left before_connect: connect"));
    WAIT_UNTIL(told.has("an exception left before_send: send"));
    WAIT_UNTIL(told.has("an exception left on_state: state"));
    WAIT_UNTIL(told.has("an exception left on_delivery: delivery"));
    WAIT_UNTIL(told.has("an exception left on_message: no std::exception"));
    WAIT_UNTIL(told.has("an exception left on_request: request"));
    CHECK(attempts >= 2);
    GOOD(node.stop(5s));
    /* The first of them, once. */
    CHECK(node.take_exception() != nullptr);
    CHECK(node.take_exception() == nullptr);

    /* Without on_log it is kept. */
    Callbacks callbacks;
    callbacks.on_message = [](NodeRef, neuron_ws::Kind, std::string_view) { fail("kept"); };
    Node quiet = GOOD(Node::create("quiet", settings_for(), std::move(callbacks)));
    GOOD(quiet.start());
    GOOD(quiet.send("x"));
    std::exception_ptr kept;
    WAIT_UNTIL(kept != nullptr || (kept = quiet.take_exception()) != nullptr);
    CHECK(what_of(kept) == "kept");
}

#else

void exceptions_in_callbacks() {}

#endif
