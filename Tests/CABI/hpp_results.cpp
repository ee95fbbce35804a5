// SPDX-License-Identifier: Apache-2.0
/* Results that are returned, in every build: a file of the other kind than its neighbours may be in one program. */
#ifndef NEURON_WS_NO_EXCEPTIONS
#define NEURON_WS_NO_EXCEPTIONS
#endif
#include "hpp.h"

using neuron_ws::Error;
using neuron_ws::Node;
using neuron_ws::Result;

void results_that_are_returned()
{
    Result<Node> bad = Node::create("results", R"({"url":"ws://h/","oops":1})");
    CHECK(!bad && !bad.has_value() && bad.status() == NEURON_WS_INVALID_SETTINGS);
    CHECK(bad.error().status() == NEURON_WS_INVALID_SETTINGS);
    CHECK(std::string(bad.error().what()).find("oops") != std::string::npos);

    Result<Node> made = Node::create("results", settings_for());
    if (!CHECK(made))
        return;
    CHECK(made.status() == NEURON_WS_OK && made->get() != nullptr && (*made).get() == made.value().get());
    Node node = *std::move(made);
    Result<std::uint64_t> number = node.push("p", "g", {{"t", 1}});
    CHECK(!number && number.error().status() == NEURON_WS_NOT_SUBSCRIBED && number.error().what()[0] != '\0');
    Result<void> done = node.subscribe("*", "*");
    CHECK(done && done.has_value() && done.status() == NEURON_WS_OK);
    done.value();
    number = node.push("p", "g", {{"t", 1}});
    CHECK(number && *number == 1);
    const Result<void> failed = node.ping();
    CHECK(!failed && failed.status() == NEURON_WS_NOT_RUNNING && failed.error().what()[0] != '\0');
    const Result<std::uint64_t> copied = number;
    CHECK(*copied == 1 && copied.value() == 1);
    static_assert(!std::is_convertible_v<Result<void>, bool>, "only where a condition is asked for");
}
