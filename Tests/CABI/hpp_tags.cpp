// SPDX-License-Identifier: Apache-2.0
/* Tags of every type, groups, the encoder, names, and what is refused before a node is asked. */
#include "hpp.h"

#include <array>
#include <limits>
#include <memory>
#include <vector>

#if defined(__has_include)
#if __has_include(<span>) && __cplusplus >= 202002L
#include <span>
#define HAS_STD_SPAN 1
#endif
#endif

using neuron_ws::Group;
using neuron_ws::Span;
using neuron_ws::Tag;

namespace {

/* The tags of a group as the tags-format has them. */
std::string encoded(Span<const Tag> tags)
{
    std::string text = GOOD(neuron_ws::encode(NEURON_WS_FORMAT_TAGS, Group{"plc1", "fast", tags, 1}));
    const std::string head = R"({"node":"plc1","group":"fast","timestamp":1,"tags":[)";
    CHECK(text.compare(0, head.size(), head) == 0);
    return text.substr(head.size(), text.size() - head.size() - 2);
}

std::string value_of(const Tag &tag)
{
    const std::string text = encoded({&tag, 1});
    const std::string head = R"({"name":"t","value":)";
    CHECK(text.compare(0, head.size(), head) == 0);
    return text.substr(head.size(), text.size() - head.size() - 1);
}

template <class T> void extremes(neuron_ws::Type type, neuron_ws::Type array_type)
{
    const T values[] = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    const Tag low("t", values[0]), high("t", values[1]), both("t", values);
    CHECK(low.type == type && high.type == type && both.type == array_type);
    CHECK(value_of(low) == std::to_string(values[0]) && value_of(high) == std::to_string(values[1]));
    /* An ARRAY_UINT64 writes what is above 2^63 - 1 as the gateway does, negative. */
    const bool wraps = array_type == NEURON_WS_TYPE_ARRAY_UINT64;
    const std::string last = wraps ? "-1" : std::to_string(values[1]);
    CHECK(value_of(both) == "[" + std::to_string(values[0]) + "," + last + "]");
}

void numbers()
{
    extremes<std::int8_t>(NEURON_WS_TYPE_INT8, NEURON_WS_TYPE_ARRAY_INT8);
    extremes<std::uint8_t>(NEURON_WS_TYPE_UINT8, NEURON_WS_TYPE_ARRAY_UINT8);
    extremes<std::int16_t>(NEURON_WS_TYPE_INT16, NEURON_WS_TYPE_ARRAY_INT16);
    extremes<std::uint16_t>(NEURON_WS_TYPE_UINT16, NEURON_WS_TYPE_ARRAY_UINT16);
    extremes<std::int32_t>(NEURON_WS_TYPE_INT32, NEURON_WS_TYPE_ARRAY_INT32);
    extremes<std::uint32_t>(NEURON_WS_TYPE_UINT32, NEURON_WS_TYPE_ARRAY_UINT32);
    extremes<std::int64_t>(NEURON_WS_TYPE_INT64, NEURON_WS_TYPE_ARRAY_INT64);
    extremes<std::uint64_t>(NEURON_WS_TYPE_UINT64, NEURON_WS_TYPE_ARRAY_UINT64);
    extremes<long long>(NEURON_WS_TYPE_INT64, NEURON_WS_TYPE_ARRAY_INT64);
    CHECK(value_of(Tag("t", 7)) == "7" && value_of(Tag("t", true)) == "true" && value_of(Tag("t", false)) == "false");
    CHECK(value_of(Tag("t", 0.1f)) == "0.1" && value_of(Tag("t", 21.5)) == "21.5");
    CHECK(value_of(Tag("t", 0.1f).with_precision(3)) == "0.100");
    CHECK(Tag("t", 0.1f).type == NEURON_WS_TYPE_FLOAT && Tag("t", 0.1).type == NEURON_WS_TYPE_DOUBLE);
    CHECK(value_of(Tag::bit("t", true)) == "1" && Tag::bit("t", true).type == NEURON_WS_TYPE_BIT);
    CHECK(value_of(Tag("t", std::uint16_t{7}).as(NEURON_WS_TYPE_WORD)) == "7");
}

void texts_and_arrays()
{
    const std::string text = "heat \xc3\xbc";
    char buffer[16] = "short";
    const char *nothing = nullptr;
    CHECK(value_of(Tag("t", text)) == "\"" + text + "\"");
    CHECK(value_of(Tag("t", "literal")) == "\"literal\"" && value_of(Tag("t", buffer)) == "\"short\"");
    CHECK(value_of(Tag("t", std::string_view("viewed").substr(0, 4))) == "\"view\"");
    CHECK(value_of(Tag("t", "")) == "\"\"" && value_of(Tag("t", std::string_view())) == "\"\"");
    CHECK(value_of(Tag("t", nothing)) == "\"\"");
    CHECK(value_of(Tag("t", "12:00").as(NEURON_WS_TYPE_TIME)) == "\"12:00\"");
    CHECK(value_of(Tag::json("t", R"({"step":[1,2]})")) == R"({"step":[1,2]})");

    const std::vector<float> zones = {210.5f, 230.5f};
    const std::array<bool, 2> doors = {true, false};
    const char *words[] = {"a", "b"};
    const std::vector<std::uint8_t> bytes = {1, 255};
    CHECK(value_of(Tag("t", zones)) == "[210.5,230.5]" && value_of(Tag("t", doors)) == "[true,false]");
    CHECK(value_of(Tag("t", words)) == R"(["a","b"])");
    CHECK(value_of(Tag("t", std::vector<double>())) == "[]");
    CHECK(value_of(Tag("t", Span<const float>(zones))) == "[210.5,230.5]");
    CHECK(Tag::bytes("t", bytes).type == NEURON_WS_TYPE_BYTES && value_of(Tag::bytes("t", bytes)) == "[1,255]");
#if defined(HAS_STD_SPAN)
    CHECK(value_of(Tag("t", std::span<const float>(zones))) == "[210.5,230.5]");
    const std::vector<Tag> tags = {{"a", 1}};
    CHECK(encoded(std::span<const Tag>(tags)) == R"({"name":"a","value":1})");
#endif
}

void groups()
{
    const Tag metas[] = {{"quality", 192}};
    const std::vector<Tag> tags = {
        {"counter", 7u}, Tag("level", 0.5).with_metas(metas), Tag::failed("pressure", 2014), {"", true}};
    CHECK(encoded(tags) == R"({"name":"counter","value":7},{"name":"level","value":0.5,"quality":192},)"
                           R"({"name":"pressure","error":2014},{"name":"","value":true})");
    /* Names need not end with NUL. */
    const std::string_view names = "plc1fasttemperature";
    const Tag tag(names.substr(8, 4), 1);
    const Group cut{names.substr(0, 4), names.substr(4, 4), {&tag, 1}, 1};
    CHECK(GOOD(neuron_ws::encode(NEURON_WS_FORMAT_VALUES, cut)) ==
          R"({"node":"plc1","group":"fast","timestamp":1,"values":{"temp":1},"errors":{},"metas":{}})");

    /* Longer than the first buffer, with options. */
    const std::string large(100000, 'x');
    const Tag big("t", large);
    CHECK(GOOD(neuron_ws::encode(NEURON_WS_FORMAT_TAGS, {"p", "g", {&big, 1}, 1}, R"({"static_tags":{"s":1}})"))
              .size() > large.size());
    CHECK(GOOD(neuron_ws::encode(NEURON_WS_FORMAT_WRITE_RESPONSE, R"({"uuid":"u","error":0})")) ==
          R"({"uuid":"u","error":0})");
    const char *const json = R"({"node":"p","group":"g","timestamp":1,"values":{"a":1}})";
    CHECK(GOOD(neuron_ws::encode_json(NEURON_WS_FORMAT_TAGS, json)) ==
          R"({"node":"p","group":"g","timestamp":1,"tags":[{"name":"a","value":1}]})");
    FAILS(SKIPPED, neuron_ws::encode(NEURON_WS_FORMAT_TAGS, Group{"p", "g"}));
    FAILS(INVALID_GROUP, neuron_ws::encode(NEURON_WS_FORMAT_TAGS, {"", "g", {&big, 1}, 1}));
    const Group cut_off{std::string_view("p\0q", 3), "g", {&big, 1}, 1};
    FAILS(INVALID_ARGUMENT, neuron_ws::encode(NEURON_WS_FORMAT_TAGS, cut_off));
    FAILS(INVALID_ARGUMENT, neuron_ws::encode(NEURON_WS_FORMAT_WRITE_RESPONSE, std::string_view("{}\0", 3)));
    FAILS(INVALID_JSON, neuron_ws::encode_json(NEURON_WS_FORMAT_TAGS, "{"));
}

} // namespace

void tags_and_encoding()
{
    numbers();
    texts_and_arrays();
    groups();
    CHECK(GOOD(neuron_ws::settings_schema()).find("\"url\"") != std::string_view::npos);
    const auto faults = GOOD(neuron_ws::check_settings("{\"url\":\"ws://h/\",\"formatt\":1}"));
    CHECK(faults.size() == 1 && faults[0].key == "formatt" && !faults[0].text.empty());
    CHECK(GOOD(neuron_ws::check_settings("{\"url\":\"ws://h/\"}")).empty());
    CHECK(GOOD(neuron_ws::settings_from_oda("deviceId=d", NEURON_WS_ODA_DEVICE_INFO)) == "{\"device-id\":\"d\"}");
    FAILS(NOT_FOUND, neuron_ws::list_caches("/nowhere"));
    FAILS(NOT_FOUND, neuron_ws::drop_cache("/nowhere", "n"));
    FAILS(NOT_FOUND, neuron_ws::resend_cache("/nowhere", "n"));
    FAILS(NOT_FOUND, neuron_ws::read_cache("/nowhere", "n", NEURON_WS_CACHE_WAITING,
                                           [](const neuron_ws::CachedMessage &) { return true; }));
    FAILS(INVALID_ARGUMENT, neuron_ws::list_caches(std::string_view("a\0b", 3)));
    CHECK(neuron_ws::version() == "1.0.0" && neuron_ws::abi_version() == NEURON_WS_ABI_VERSION);
    CHECK(neuron_ws::name(NEURON_WS_QUEUE_FULL) == "NEURON_WS_QUEUE_FULL");
    CHECK(!neuron_ws::text(NEURON_WS_QUEUE_FULL).empty());
    CHECK(neuron_ws::name(NEURON_WS_TYPE_BIT) == "NEURON_WS_TYPE_BIT");
    CHECK(neuron_ws::name(NEURON_WS_PHASE_OPEN) == "NEURON_WS_PHASE_OPEN");
    CHECK(neuron_ws::name(NEURON_WS_REASON_DNS) == "NEURON_WS_REASON_DNS");
    CHECK(neuron_ws::name(NEURON_WS_TLS_EXPIRED) == "NEURON_WS_TLS_EXPIRED");
    CHECK(neuron_ws::name(NEURON_WS_LEVEL_WRITTEN) == "NEURON_WS_LEVEL_WRITTEN");
    CHECK(neuron_ws::name(NEURON_WS_DELIVERED) == "NEURON_WS_DELIVERED");
    CHECK(neuron_ws::name(NEURON_WS_LOG_WARN) == "NEURON_WS_LOG_WARN");
    CHECK(neuron_ws::name(static_cast<neuron_ws::Outcome>(4711)) == "NEURON_WS_UNKNOWN");
}

void errors_and_handles()
{
    using namespace std::chrono_literals;
    const std::string_view cut("a\0b", 3);
    FAILS(INVALID_SETTINGS, neuron_ws::Node::create("n", R"({"url":"ws://h/","oops":1})"));
    FAILS(INVALID_ARGUMENT, neuron_ws::Node::create("", settings_for()));
    FAILS(INVALID_ARGUMENT, neuron_ws::Node::create(cut, settings_for()));
    FAILS(INVALID_ARGUMENT, neuron_ws::Node::create("n", cut));

    /* Without a handle every call is an error and none a crash. */
    const neuron_ws::NodeRef none;
    const Tag tag("t", 1);
    FAILS(INVALID_ARGUMENT, none.start());
    FAILS(INVALID_ARGUMENT, none.stop(0ms));
    FAILS(INVALID_ARGUMENT, none.stop_begin(0ms));
    FAILS(INVALID_ARGUMENT, none.finish(0ms));
    FAILS(INVALID_ARGUMENT, none.forget());
    FAILS(INVALID_ARGUMENT, none.push("p", "g", {tag}));
    FAILS(INVALID_ARGUMENT, none.send("x"));
    FAILS(INVALID_ARGUMENT, none.state());
    FAILS(INVALID_ARGUMENT, none.metrics());
    FAILS(INVALID_ARGUMENT, none.metrics_text());
    FAILS(INVALID_ARGUMENT, none.event_fd());
    FAILS(INVALID_ARGUMENT, none.next_event());
    FAILS(INVALID_ARGUMENT, none.flush(0ms));
    CHECK(none.try_push({"p", "g", {&tag, 1}}).status == NEURON_WS_INVALID_ARGUMENT && none.get() == nullptr);
    neuron_ws::Request no_request;
    FAILS(INVALID_ARGUMENT, no_request.info());
    FAILS(INVALID_ARGUMENT, no_request.reply("{}"));
    FAILS(INVALID_ARGUMENT, no_request.drop());

    neuron_ws::Node node = GOOD(neuron_ws::Node::create("errors", settings_for()));
    FAILS(INVALID_ARGUMENT, node.subscribe(cut, "*"));
    FAILS(INVALID_ARGUMENT, node.unsubscribe(cut, "g"));
    FAILS(INVALID_ARGUMENT, node.unsubscribe(cut));
    FAILS(INVALID_ARGUMENT, node.rename_driver(cut, "d"));
    FAILS(INVALID_ARGUMENT, node.rename_group("d", cut, "g"));
    FAILS(INVALID_ARGUMENT, node.configure(cut));
    FAILS(INVALID_ARGUMENT, node.push(cut, "g", {tag}));
    CHECK(node.try_push({cut, "g", {&tag, 1}}).status == NEURON_WS_INVALID_GROUP);
    FAILS(NOT_SUBSCRIBED, node.push("p", "g", {tag}));
    CHECK(!node.try_push({"p", "g", {&tag, 1}}) && !node.try_push_json("{"));
    FAILS(INVALID_ARGUMENT, node.send("\xff"));
    FAILS(NOT_FOUND, node.unsubscribe("d", "g"));
    FAILS(NOT_FOUND, node.unsubscribe("d"));
    FAILS(NOT_FOUND, node.rename_driver("d", "e"));
    FAILS(NOT_RUNNING, node.ping());
    FAILS(NOT_RUNNING, node.reconnect());
    FAILS(UNSUPPORTED, node.flush(0ms, NEURON_WS_LEVEL_STORED));
    CHECK(!GOOD(node.stop_begin(-1ms)));
    GOOD(node.stop(std::chrono::hours(10000)));

    /* Moves take the node along. */
    neuron_ws_node_t *const handle = node.get();
    neuron_ws::Node second(std::move(node));
    CHECK(second.get() == handle && second);
    neuron_ws::Node third;
    CHECK(!third && third.take_exception() == nullptr);
    third = std::move(second);
    CHECK(third.get() == handle);
    neuron_ws::Node &same = third;
    third = std::move(same);
    CHECK(third.get() == handle);
    third = GOOD(neuron_ws::Node::create("another", settings_for()));
    CHECK(third.get() != nullptr);
    third.destroy();
    third.destroy();
    CHECK(!third);
    static_assert(!std::is_copy_constructible_v<neuron_ws::Node> && !std::is_copy_assignable_v<neuron_ws::Node>);
    static_assert(!std::is_copy_constructible_v<neuron_ws::Request> && !std::is_copy_constructible_v<neuron_ws::Event>);
    static_assert(std::is_nothrow_move_constructible_v<neuron_ws::Node>);
    static_assert(std::is_nothrow_move_assignable_v<neuron_ws::Node>);
    static_assert(std::is_standard_layout_v<Tag> && std::is_trivially_copyable_v<Tag>);
}
