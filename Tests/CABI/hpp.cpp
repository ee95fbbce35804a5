// SPDX-License-Identifier: Apache-2.0
/*
 * Every part of neuron_ws.hpp. hpp PORT - an echoing WebSocket server listens on 127.0.0.1:PORT.
 *
 * Built with exceptions, with NEURON_WS_NO_EXCEPTIONS, and with -fno-exceptions.
 */
#include "hpp.h"

std::atomic<int> checks_passed{0};
std::atomic<int> checks_failed{0};
int port = 0;

namespace {

void run(const char *name, void (*part)())
{
#if defined(__cpp_exceptions)
    try {
        part();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        ++checks_failed;
    }
#else
    static_cast<void>(name);
    part();
#endif
}

} // namespace

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    port = std::atoi(arguments[1]);
    run("tags_and_encoding", tags_and_encoding);
    run("errors_and_handles", errors_and_handles);
    run("a_nodes_life", a_nodes_life);
    run("requests_and_attempts", requests_and_attempts);
    run("events", events);
    run("commands", commands);
    run("callbacks_that_end_their_node", callbacks_that_end_their_node);
    run("exceptions_in_callbacks", exceptions_in_callbacks);
    run("results_that_are_returned", results_that_are_returned);
    std::printf("%d passed, %d failed\n", checks_passed.load(), checks_failed.load());
    return checks_failed != 0;
}
