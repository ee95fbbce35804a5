// SPDX-License-Identifier: Apache-2.0
/* Checks for the programs in C++: the same source for results that throw and for results that are returned. */
#ifndef NEURON_WS_TEST_HPP_H
#define NEURON_WS_TEST_HPP_H

#include <neuron_ws.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

/* Defined once, in the file with main. */
extern std::atomic<int> checks_passed;
extern std::atomic<int> checks_failed;
extern int port;

inline bool check_that(bool holds, const char *text, const char *file, int line)
{
    ++(holds ? checks_passed : checks_failed);
    if (!holds)
        std::fprintf(stderr, "%s:%d: %s\n", file, line, text);
    return holds;
}

#define CHECK(condition) check_that(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

#if defined(NEURON_WS_NO_EXCEPTIONS)

template <class T> T good(neuron_ws::Result<T> result, const char *text, const char *file, int line)
{
    if (!check_that(result.has_value(), text, file, line))
        std::fprintf(stderr, "    %s\n", result.error().what());
    return std::move(result).value();
}

inline void good(neuron_ws::Result<void> result, const char *text, const char *file, int line)
{
    if (!check_that(result.has_value(), text, file, line))
        std::fprintf(stderr, "    %s\n", result.error().what());
}

/* The value; a failure is counted. */
#define GOOD(call) good((call), #call, __FILE__, __LINE__)
/* The call fails with this status, and says why. */
#define FAILS(wanted, call)                                                      \
    do {                                                                         \
        const auto result_of_call = (call);                                      \
        if (CHECK(result_of_call.status() == NEURON_WS_##wanted && #call[0]))    \
            CHECK(result_of_call.error().what()[0] != '\0');                     \
    } while (false)

#else

/* What throws ends the program's part, and main counts it as a failure. */
#define GOOD(call) (call)
#define FAILS(wanted, call)                                                      \
    do {                                                                         \
        try {                                                                    \
            static_cast<void>(call);                                             \
            check_that(false, "did not fail: " #call, __FILE__, __LINE__);       \
        } catch (const neuron_ws::Error &error_of_call) {                        \
            CHECK(error_of_call.status() == NEURON_WS_##wanted && #call[0]);     \
            CHECK(error_of_call.what()[0] != '\0');                              \
        }                                                                        \
    } while (false)

#endif

/* Waits up to 20 s for a condition; counts as a check. */
#define WAIT_UNTIL(condition)                                                    \
    do {                                                                         \
        int turns_left = 4000;                                                   \
        while (!(condition) && turns_left-- > 0)                                 \
            std::this_thread::sleep_for(std::chrono::milliseconds(5));           \
        CHECK(condition);                                                        \
    } while (false)

/* Settings for the server, with quick reconnections. `more` begins with a comma or is "". */
inline std::string settings_for(const std::string &more = "")
{
    return R"({"url":"ws://127.0.0.1:)" + std::to_string(port) +
           R"(/","reconnect-min":0.05,"reconnect-max":0.1)" + more + "}";
}

/* The parts, each in a file of its own. */
void tags_and_encoding();
void errors_and_handles();
void a_nodes_life();
void requests_and_attempts();
void events();
void commands();
void callbacks_that_end_their_node();
void exceptions_in_callbacks();
void results_that_are_returned();

#endif
