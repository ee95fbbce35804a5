// SPDX-License-Identifier: Apache-2.0
/* Commands and their responses, on_room, and before_send as messages are queued. */
#include "hpp.h"

#include <mutex>
#include <optional>
#include <vector>

using namespace std::chrono_literals;
using neuron_ws::Callbacks;
using neuron_ws::Command;
using neuron_ws::Node;
using neuron_ws::NodeRef;

void commands()
{
    std::atomic<int> rooms{0}, answered{0}, cancelled{0};
    Callbacks callbacks;
    callbacks.on_room = [&rooms](NodeRef) { ++rooms; };
    callbacks.before_send = [](NodeRef, neuron_ws::Kind, std::string_view bytes) { return bytes != "no"; };
    callbacks.before_send_when_queued = true;
    Node node = GOOD(Node::create("commands", settings_for(",\"queue-max-messages\":2"), callbacks));
    GOOD(node.send("1"));
    FAILS(REFUSED, node.send("no"));
    GOOD(node.send("2"));
    FAILS(QUEUE_FULL, node.send("3"));
    GOOD(node.start());
    const auto told = [&](NodeRef, std::uint64_t, neuron_ws::Status status, std::string_view response) {
        if (status == NEURON_WS_OK && response == "{\"a\":[{\"id\":\"x\"}]}")
            ++answered;
        if (status == NEURON_WS_CANCELLED && response.empty())
            ++cancelled;
    };
    Command command;
    command.bytes = "{\"a\":[{\"id\":\"x\"}]}";
    command.timeout = 60s;
    command.match_member = "/a/0/id";
    command.match_value = "x";
    CHECK(GOOD(node.request(command, told)) == 1);
    command.match_member = "never";
    command.match_value.reset();
    const std::uint64_t id = GOOD(node.request(command, told));
    WAIT_UNTIL(answered == 1 && rooms == 1);
    GOOD(node.request_cancel(id));
    WAIT_UNTIL(cancelled == 1);
    FAILS(NOT_FOUND, node.request_cancel(id));
    command.match_member = std::string_view("a\0b", 3);
    FAILS(INVALID_ARGUMENT, node.request(command, told));
    command.match_member = {};
    /* Nobody would hear of it. */
    FAILS(INVALID_ARGUMENT, node.request(command));
    /* Its function goes with the node. */
    command.match_member = "never";
    GOOD(node.request(command, told));
}
