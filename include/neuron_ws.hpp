// SPDX-License-Identifier: Apache-2.0
/*
 * neuron_ws.hpp - neuron_ws.h for C++17 and later. Header only: a program links libneuron_ws.so and nothing more.
 *
 * Thirty seconds of it:
 *
 *     neuron_ws::Node node("line-1", R"({"url":"ws://127.0.0.1:8080/data"})");
 *     node.subscribe("*", "*");
 *     node.start();
 *     node.push("plc1", "fast", {{"temperature", 21.5}, {"running", true}});
 *     node.flush(std::chrono::seconds(5));
 *
 * What neuron_ws.h says of each function holds here too: threads, limits, what each status means. Here stands what is
 * different in C++. C stays at hand: NodeRef::get() gives the handle, enums and the structs of state, metrics and
 * requests are the C ones under shorter names.
 *
 * CONVENTIONS
 *
 * Ownership  Node, Request and Event own what they hold, can be moved and not copied, and end it in their destructors.
 *            NodeRef and Attempt do not own; they are copied as pointers are.
 * Errors     As the macro NEURON_WS_NO_EXCEPTIONS chooses. It is defined before this header is included, or by this
 *            header where the compiler has no exceptions (-fno-exceptions):
 *            without it  Result<T> is T, and what fails throws Error;
 *            with it     Result<T> is like std::expected<T, Error>: it has either a value or an error, and nothing of
 *                        this header throws. Where there is no memory for a copied text or a callback the program ends.
 *                        A Result is true where the call went well, whatever its value: next_event().value() says
 *                        whether there was an event.
 *            Both may be mixed in one program: they are of different inline namespaces.
 * Borrowing  string_view, Span, Tag and Group own nothing. What they point to has to live until the call that they are
 *            given to returns, and no longer.
 * Texts      string_view need not end with NUL. Where C wants a NUL, a copy gets one; a NUL inside such a text is
 *            NEURON_WS_INVALID_ARGUMENT.
 * Times      are std::chrono::milliseconds: below 0 they count as 0, past 2^32 - 1 ms as that.
 * Moved-from objects and NodeRef{} hold no handle: each call on them is NEURON_WS_INVALID_ARGUMENT.
 */
#ifndef NEURON_WS_HPP
#define NEURON_WS_HPP

#include "neuron_ws.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if defined(__cpp_exceptions)
#define NEURON_WS_HPP_CATCHES 1
#else
#define NEURON_WS_HPP_CATCHES 0
#ifndef NEURON_WS_NO_EXCEPTIONS
#define NEURON_WS_NO_EXCEPTIONS
#endif
#endif

/* What is compiled in different ways has different names for the linker. */
#if !defined(NEURON_WS_NO_EXCEPTIONS)
#define NEURON_WS_HPP_VARIANT throwing
#elif NEURON_WS_HPP_CATCHES
#define NEURON_WS_HPP_VARIANT returning
#else
#define NEURON_WS_HPP_VARIANT returning_without_exceptions
#endif

namespace neuron_ws {
inline namespace NEURON_WS_HPP_VARIANT {

/* The numbers of neuron_ws.h: NEURON_WS_QUEUE_FULL is a Status. Numbers of later versions may come. */
using Status = ::neuron_ws_status_t;
using Type = ::neuron_ws_type_t;
using Format = ::neuron_ws_format_t;
using Kind = ::neuron_ws_kind_t;
using Phase = ::neuron_ws_phase_t;
using Reason = ::neuron_ws_reason_t;
using TLSFailure = ::neuron_ws_tls_failure_t;
using Level = ::neuron_ws_level_t;
using Outcome = ::neuron_ws_outcome_t;
using LogLevel = ::neuron_ws_log_level_t;
using LogCategory = ::neuron_ws_log_category_t;
using MetricsFormat = ::neuron_ws_metrics_format_t;
using RequestKind = ::neuron_ws_request_kind_t;

/* Structs of neuron_ws.h, whose size member is set where they come from here. Texts in them end with NUL. */
using State = ::neuron_ws_state_t;
using Metrics = ::neuron_ws_metrics_t;
using DriverState = ::neuron_ws_driver_state_t;

/* A number's name as in the header, "NEURON_WS_PHASE_OPEN"; "NEURON_WS_UNKNOWN" for one that the library does not know.
   Any thread; the text lives as long as the library, and ends with NUL. */
inline std::string_view name(Status status) noexcept { return ::neuron_ws_status_name(status); }
inline std::string_view name(Type type) noexcept { return ::neuron_ws_type_name(type); }
inline std::string_view name(Phase phase) noexcept { return ::neuron_ws_phase_name(phase); }
inline std::string_view name(Reason reason) noexcept { return ::neuron_ws_reason_name(reason); }
inline std::string_view name(TLSFailure failure) noexcept { return ::neuron_ws_tls_failure_name(failure); }
inline std::string_view name(Level level) noexcept { return ::neuron_ws_level_name(level); }
inline std::string_view name(Outcome outcome) noexcept { return ::neuron_ws_outcome_name(outcome); }
inline std::string_view name(LogLevel level) noexcept { return ::neuron_ws_log_level_name(level); }
inline std::string_view name(LogCategory category) noexcept { return ::neuron_ws_log_category_name(category); }

/* One sentence for people about the status. As name. */
inline std::string_view text(Status status) noexcept { return ::neuron_ws_status_text(status); }

/* The library's version, "1.0.0". As name. */
inline std::string_view version() noexcept { return ::neuron_ws_version(); }

/* NEURON_WS_ABI_VERSION as the library was built with. Any thread. */
inline std::uint32_t abi_version() noexcept { return ::neuron_ws_abi_version(); }

/* ---------------------------------------------------------------------------------------------------------------------
 * Errors and results
 */

/*
 * Why a call failed: the status, and as what() the sentence of neuron_ws_last_error, which names the detail. Never
 * holds a secret. A std::runtime_error where results throw.
 */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wweak-vtables" /* a header has no other file that its table could be in */
#endif
#if defined(NEURON_WS_NO_EXCEPTIONS)
class Error {
public:
    Error(Status status, std::string sentence) : sentence_(std::move(sentence)), status_(status) {}
    const char *what() const noexcept { return sentence_.c_str(); }

private:
    std::string sentence_;
#else
class Error : public std::runtime_error {
public:
    Error(Status status, const std::string &sentence) : std::runtime_error(sentence), status_(status) {}

private:
#endif
    Status status_;

public:
    Status status() const noexcept { return status_; }
};
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#if defined(NEURON_WS_NO_EXCEPTIONS)

/*
 * A value, or the error in its place; with the names of std::expected. To ask for what is not there is the caller's
 * fault: value() and error() end the program then, * and -> are undefined.
 */
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T &value() & { return *checked(std::get_if<0>(&held_)); }
    const T &value() const & { return *checked(std::get_if<0>(&held_)); }
    T &&value() && { return std::move(*checked(std::get_if<0>(&held_))); }
    T &operator*() & noexcept { return *std::get_if<0>(&held_); }
    const T &operator*() const & noexcept { return *std::get_if<0>(&held_); }
    T &&operator*() && noexcept { return std::move(*std::get_if<0>(&held_)); }
    T *operator->() noexcept { return std::get_if<0>(&held_); }
    const T *operator->() const noexcept { return std::get_if<0>(&held_); }

    const Error &error() const { return *checked(std::get_if<1>(&held_)); }
    /* NEURON_WS_OK where there is a value. */
    Status status() const noexcept { return has_value() ? NEURON_WS_OK : std::get_if<1>(&held_)->status(); }

private:
    template <class Member> static Member *checked(Member *member) noexcept
    {
        if (member == nullptr)
            std::abort();
        return member;
    }

    std::variant<T, Error> held_;
};

template <> class [[nodiscard]] Result<void> {
public:
    Result() noexcept = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const noexcept
    {
        if (error_)
            std::abort();
    }
    const Error &error() const noexcept
    {
        if (!error_)
            std::abort();
        return *error_;
    }
    /* NEURON_WS_OK where it went well. */
    Status status() const noexcept { return error_ ? error_->status() : NEURON_WS_OK; }

private:
    std::optional<Error> error_{};
};

#else

template <class T> using Result = T;

#endif

namespace detail {

#if defined(NEURON_WS_NO_EXCEPTIONS)

template <class T> Result<T> failed(Status status, const char *sentence) { return Error(status, sentence); }

inline Result<void> done(Status status)
{
    if (status == NEURON_WS_OK)
        return {};
    return failed<void>(status, ::neuron_ws_last_error());
}

template <class T> Result<T> done(Status status, T &value)
{
    if (status == NEURON_WS_OK)
        return std::move(value);
    return failed<T>(status, ::neuron_ws_last_error());
}

#else

template <class T> [[noreturn]] T failed(Status status, const char *sentence) { throw Error(status, sentence); }

inline void done(Status status)
{
    if (status != NEURON_WS_OK)
        failed<void>(status, ::neuron_ws_last_error());
}

template <class T> T done(Status status, T &value)
{
    done(status);
    return std::move(value);
}

#endif

/* Whether C sees the whole of these texts: none has a NUL inside. */
inline bool whole(std::initializer_list<std::string_view> texts) noexcept
{
    for (const std::string_view one : texts)
        if (one.find('\0') != std::string_view::npos)
            return false;
    return true;
}

template <class T> Result<T> has_a_nul(const char *what)
{
    const std::string sentence = std::string(what) + " has a NUL byte inside: give it without one.";
    return failed<T>(NEURON_WS_INVALID_ARGUMENT, sentence.c_str());
}

inline std::uint32_t milliseconds(std::chrono::milliseconds time) noexcept
{
    if (time.count() <= 0)
        return 0;
    const auto count = static_cast<std::uint64_t>(time.count());
    return count > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(count);
}

inline std::uint32_t seconds(std::chrono::seconds time) noexcept
{
    const auto count = time.count() <= 0 ? 0 : static_cast<std::uint64_t>(time.count());
    return count > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(count);
}

inline const char *characters(const std::uint8_t *bytes) noexcept { return reinterpret_cast<const char *>(bytes); }

/* The text that `fill` writes, however long it is and while it grows. */
template <class Fill> Result<std::string> written(Fill fill)
{
    std::string text(512, '\0');
    for (;;) {
        std::size_t length = 0;
        const Status status = fill(text.data(), text.size(), &length);
        if (status == NEURON_WS_BUFFER_TOO_SMALL && length > text.size()) {
            text.resize(length + length / 8);
            continue;
        }
        if (status == NEURON_WS_OK)
            text.resize(length);
        return done(status, text);
    }
}

} // namespace detail

/* ---------------------------------------------------------------------------------------------------------------------
 * Groups and tags
 */

/*
 * `size` elements behind each other that another owns, as std::span has it; made of whatever has data() and size(), and
 * of C arrays. Of a temporary it is good until the end of the statement.
 */
template <class T> class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t count> constexpr Span(T (&array)[count]) noexcept : data_(array), size_(count) {}
    template <class Container, class = std::enable_if_t<
        std::is_convertible_v<decltype(std::data(std::declval<const Container &>())), T *> &&
        std::is_convertible_v<decltype(std::size(std::declval<const Container &>())), std::size_t>>>
    constexpr Span(const Container &container) noexcept : data_(std::data(container)), size_(std::size(container)) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

template <class T> inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>
#if defined(__cpp_char8_t)
    || std::is_same_v<T, char8_t>
#endif
    ;

template <class T> inline constexpr bool is_number =
    (std::is_integral_v<T> && !is_character<T> && sizeof(T) <= 8) || std::is_same_v<T, float> ||
    std::is_same_v<T, double>;

/* The type of a bool, a number of so many bytes, or an array of these. */
template <class T> constexpr Type type_of(bool array) noexcept
{
    if constexpr (std::is_same_v<T, bool>)
        return array ? NEURON_WS_TYPE_ARRAY_BOOL : NEURON_WS_TYPE_BOOL;
    else if constexpr (std::is_same_v<T, float>)
        return array ? NEURON_WS_TYPE_ARRAY_FLOAT : NEURON_WS_TYPE_FLOAT;
    else if constexpr (std::is_same_v<T, double>)
        return array ? NEURON_WS_TYPE_ARRAY_DOUBLE : NEURON_WS_TYPE_DOUBLE;
    else if constexpr (sizeof(T) == 1)
        return std::is_signed_v<T> ? (array ? NEURON_WS_TYPE_ARRAY_INT8 : NEURON_WS_TYPE_INT8)
                                   : (array ? NEURON_WS_TYPE_ARRAY_UINT8 : NEURON_WS_TYPE_UINT8);
    else if constexpr (sizeof(T) == 2)
        return std::is_signed_v<T> ? (array ? NEURON_WS_TYPE_ARRAY_INT16 : NEURON_WS_TYPE_INT16)
                                   : (array ? NEURON_WS_TYPE_ARRAY_UINT16 : NEURON_WS_TYPE_UINT16);
    else if constexpr (sizeof(T) == 4)
        return std::is_signed_v<T> ? (array ? NEURON_WS_TYPE_ARRAY_INT32 : NEURON_WS_TYPE_INT32)
                                   : (array ? NEURON_WS_TYPE_ARRAY_UINT32 : NEURON_WS_TYPE_UINT32);
    else
        return std::is_signed_v<T> ? (array ? NEURON_WS_TYPE_ARRAY_INT64 : NEURON_WS_TYPE_INT64)
                                   : (array ? NEURON_WS_TYPE_ARRAY_UINT64 : NEURON_WS_TYPE_UINT64);
}

template <class T> void set_number(::neuron_ws_value_t &value, T number) noexcept
{
    if constexpr (std::is_same_v<T, bool>)
        value.boolean = number;
    else if constexpr (std::is_same_v<T, float>)
        value.f32 = number;
    else if constexpr (std::is_same_v<T, double>)
        value.d64 = number;
    else if constexpr (std::is_signed_v<T>) {
        if constexpr (sizeof(T) == 1)
            value.i8 = number;
        else if constexpr (sizeof(T) == 2)
            value.i16 = number;
        else if constexpr (sizeof(T) == 4)
            value.i32 = number;
        else
            value.i64 = number;
    } else {
        if constexpr (sizeof(T) == 1)
            value.u8 = number;
        else if constexpr (sizeof(T) == 2)
            value.u16 = number;
        else if constexpr (sizeof(T) == 4)
            value.u32 = number;
        else
            value.u64 = number;
    }
}

template <class T, class = void> struct element_of {
    using type = void;
};

template <class T> struct element_of<T, std::void_t<decltype(std::data(std::declval<const T &>())),
                                                    decltype(std::size(std::declval<const T &>()))>> {
    using type = std::remove_cv_t<std::remove_pointer_t<decltype(std::data(std::declval<const T &>()))>>;
};

} // namespace detail

/*
 * One tag: a name with a value, or with an error code instead. Owns nothing: name, text, array and metas have to live
 * until the push returns. It is a neuron_ws_tag_t with constructors, and nothing more.
 *
 *     Tag("running", true)                      BOOL
 *     Tag("counter", std::uint64_t{7})          INT8 to UINT64, by size and sign; 7 alone is an int: INT32
 *     Tag("level", 0.5f).with_precision(2)      FLOAT, DOUBLE
 *     Tag("program", "heat")                    STRING: whatever converts to string_view; a NULL pointer is ""
 *     Tag("zones", std::vector<float>{…})       ARRAY_…: what has data() and size(), of numbers or bool; of
 *                                               const char *: ARRAY_STRING
 *     Tag::bit("valve", true)                   BIT
 *     Tag::bytes("frame", Span<const std::uint8_t>(…))
 *     Tag::json("recipe", R"({"step":1})")      CUSTOM: one JSON document
 *     Tag::failed("pressure", 2014)             the gateway's error code instead of a value; 0 is no error
 *     Tag("status", word).as(NEURON_WS_TYPE_WORD)     another type with the same member of the value
 */
class Tag : public ::neuron_ws_tag_t {
public:
    Tag() noexcept : ::neuron_ws_tag_t{} { neuron_ws_tag_t::name = ""; }

    template <class T> Tag(std::string_view tag_name, const T &tag_value) noexcept : Tag(tag_name)
    {
        using Element = typename detail::element_of<T>::type;
        if constexpr (std::is_convertible_v<const T &, const char *>) {
            const char *characters = tag_value;
            set_text(characters == nullptr ? std::string_view() : std::string_view(characters));
        } else if constexpr (std::is_convertible_v<const T &, std::string_view>) {
            set_text(tag_value);
        } else if constexpr (detail::is_number<T>) {
            type = detail::type_of<T>(false);
            detail::set_number(value, tag_value);
        } else if constexpr (std::is_same_v<Element, const char *> || std::is_same_v<Element, char *>) {
            set_array(NEURON_WS_TYPE_ARRAY_STRING, std::data(tag_value), std::size(tag_value));
        } else {
            static_assert(detail::is_number<Element>,
                          "a tag takes bool, numbers up to 64 bits, float, double, texts, and arrays with data() and "
                          "size() of bool, these numbers or const char *");
            set_array(detail::type_of<Element>(true), std::data(tag_value), std::size(tag_value));
        }
    }

    static Tag failed(std::string_view tag_name, std::int32_t code) noexcept
    {
        Tag tag(tag_name);
        tag.type = NEURON_WS_TYPE_ERROR;
        tag.error = code;
        tag.value.i32 = code;
        return tag;
    }

    static Tag bit(std::string_view tag_name, bool on) noexcept
    {
        Tag tag(tag_name);
        tag.type = NEURON_WS_TYPE_BIT;
        tag.value.u8 = on ? 1 : 0;
        return tag;
    }

    static Tag bytes(std::string_view tag_name, Span<const std::uint8_t> bytes) noexcept
    {
        Tag tag(tag_name);
        tag.set_array(NEURON_WS_TYPE_BYTES, bytes.data(), bytes.size());
        return tag;
    }

    static Tag json(std::string_view tag_name, std::string_view document) noexcept
    {
        Tag tag(tag_name);
        tag.set_text(document);
        tag.type = NEURON_WS_TYPE_CUSTOM;
        return tag;
    }

    /* Another type for the same member of the value: WORD for uint16_t, TIME for a text. */
    Tag as(Type other) const noexcept
    {
        Tag tag(*this);
        tag.type = other;
        return tag;
    }

    /* FLOAT and DOUBLE: decimals written, 1 to 17; 0: the shortest that reads back exactly. */
    Tag with_precision(std::uint8_t decimals) const noexcept
    {
        Tag tag(*this);
        tag.precision = decimals;
        return tag;
    }

    /* More about the value: at most NEURON_WS_METAS_MAX, borrowed like all else. */
    Tag with_metas(Span<const Tag> more) const noexcept
    {
        Tag tag(*this);
        tag.metas = more.data();
        tag.meta_count = more.size();
        return tag;
    }

private:
    explicit Tag(std::string_view tag_name) noexcept : Tag()
    {
        /* With a length of 0 the name ends with NUL, so an empty view stays the "" of above. */
        if (!tag_name.empty()) {
            neuron_ws_tag_t::name = tag_name.data();
            name_length = tag_name.size();
        }
    }

    void set_text(std::string_view text) noexcept
    {
        type = NEURON_WS_TYPE_STRING;
        value.text.data = text.data();
        value.text.length = text.size();
    }

    void set_array(Type of, const void *data, std::size_t count) noexcept
    {
        type = of;
        value.array.data = data;
        value.array.count = count;
    }
};

/* Arrays of tags go to C as they are; the group's tag_size says how far apart. */
static_assert(sizeof(Tag) == sizeof(::neuron_ws_tag_t), "a Tag has no members of its own");

/*
 * One collected group. Owns nothing. driver and group: 1 to NEURON_WS_NAME_MAX bytes. timestamp_ms: Unix time in ms;
 * 0: now.
 */
struct Group {
    std::string_view driver;
    std::string_view group;
    Span<const Tag> tags = {};
    std::int64_t timestamp_ms = 0;
};

namespace detail {

/* The group as C takes it, with names that end with NUL. */
class GroupForC {
public:
    explicit GroupForC(const Group &group) : driver_(group.driver), group_(group.group)
    {
        raw_.size = sizeof raw_;
        raw_.driver = driver_.c_str();
        raw_.group = group_.c_str();
        raw_.timestamp_ms = group.timestamp_ms;
        raw_.tags = group.tags.data();
        raw_.tag_count = group.tags.size();
        raw_.tag_size = sizeof(Tag);
    }
    GroupForC(const GroupForC &) = delete;
    GroupForC &operator=(const GroupForC &) = delete;

    bool whole() const noexcept { return detail::whole({driver_, group_}); }
    const ::neuron_ws_group_t *get() const noexcept { return &raw_; }

private:
    std::string driver_;
    std::string group_;
    ::neuron_ws_group_t raw_{};
};

/* NULL for an empty text. */
inline const char *optional(const std::string &text) noexcept { return text.empty() ? nullptr : text.c_str(); }

} // namespace detail

/*
 * The message that a group would become, without a node. options: a JSON object, or "" for none. Any thread.
 * Errors: those of neuron_ws_encode.
 */
inline Result<std::string> encode(Format format, const Group &group, std::string_view options = {})
{
    const detail::GroupForC raw(group);
    const std::string with(options);
    if (!raw.whole() || !detail::whole({with}))
        return detail::has_a_nul<std::string>("a name of the group, or the options,");
    return detail::written([&](char *buffer, std::size_t size, std::size_t *length) {
        return ::neuron_ws_encode(format, detail::optional(with), raw.get(), buffer, size, length);
    });
}

/* The same for the formats that take no group: answers to writes, reports of states. */
inline Result<std::string> encode(Format format, std::string_view options)
{
    const std::string with(options);
    if (!detail::whole({with}))
        return detail::has_a_nul<std::string>("options");
    return detail::written([&](char *buffer, std::size_t size, std::size_t *length) {
        return ::neuron_ws_encode(format, detail::optional(with), nullptr, buffer, size, length);
    });
}

/* The same of a group as JSON. Errors: those of neuron_ws_encode_json. */
inline Result<std::string> encode_json(Format format, std::string_view group, std::string_view options = {})
{
    const std::string with(options);
    if (!detail::whole({with}))
        return detail::has_a_nul<std::string>("options");
    return detail::written([&](char *buffer, std::size_t size, std::size_t *length) {
        return ::neuron_ws_encode_json(format, detail::optional(with), group.data(), group.size(), buffer, size,
                                       length);
    });
}

/* The settings form as JSON; lives as long as the library. Any thread. */
inline Result<std::string_view> settings_schema()
{
    const char *json = nullptr;
    std::size_t length = 0;
    const Status status = ::neuron_ws_settings_schema(&json, &length);
    std::string_view schema(json == nullptr ? "" : json, json == nullptr ? 0 : length);
    return detail::done(status, schema);
}

/* What is wrong with a setting; key is empty where the document as a whole is none. */
struct SettingsFault {
    std::string key;
    std::string text;
};

namespace detail {
inline void add_fault(const char *key, const char *text, void *context) noexcept
{
    static_cast<std::vector<SettingsFault> *>(context)->push_back({key, text});
}
} /* namespace detail */

/* All that is wrong with settings, as neuron_ws_settings_check tells it; empty: a node would take them. Any thread.
   Without memory for the list the program ends: it is called in the middle of a C function. */
inline Result<std::vector<SettingsFault>> check_settings(std::string_view json)
{
    std::vector<SettingsFault> faults;
    const Status status = ::neuron_ws_settings_check(json.data(), json.size(), detail::add_fault, &faults);
    return detail::done(status == NEURON_WS_INVALID_SETTINGS ? NEURON_WS_OK : status, faults);
}

using OdaFile = ::neuron_ws_oda_file_t;

/* The settings that one of ODA's files makes, behind those of `settings_json`, as neuron_ws_settings_from_oda; what it
   remarks is not told. Any thread. INVALID_SETTINGS, INVALID_ARGUMENT. */
inline Result<std::string> settings_from_oda(std::string_view text, OdaFile file, std::string_view settings_json = "{}")
{
    const std::string earlier(settings_json);
    if (!detail::whole({earlier}))
        return detail::has_a_nul<std::string>("the settings");
    return detail::written([&](char *buffer, std::size_t size, std::size_t *length) {
        return ::neuron_ws_settings_from_oda(text.data(), text.size(), file, earlier.c_str(), nullptr, nullptr, buffer,
                                             size, length);
    });
}

/* The metrics of all nodes of this process as one text. Any thread. */
inline Result<std::string> metrics_text(MetricsFormat format = NEURON_WS_METRICS_OPENMETRICS)
{
    return detail::written([&](char *buffer, std::size_t size, std::size_t *length) {
        return ::neuron_ws_metrics_text(format, buffer, size, length);
    });
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Caches on disk, from outside
 */

/* A node's cache, as neuron_ws_cache_t. */
struct Cache {
    std::string node;
    std::string path;
    std::string error;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t file_bytes = 0;
    std::int64_t oldest_ms = 0;
    std::int64_t newest_ms = 0;
    std::uint64_t poisoned = 0;
};

using CachedMessage = ::neuron_ws_cached_message_t;

namespace detail {
inline void add_cache(const ::neuron_ws_cache_t *cache, void *context) noexcept
{
    static_cast<std::vector<Cache> *>(context)->push_back({cache->node, cache->path, cache->error, cache->messages,
                                                           cache->bytes, cache->file_bytes, cache->oldest_ms,
                                                           cache->newest_ms, cache->poisoned});
}

template <class Callable> bool take_message(const CachedMessage *message, void *context) noexcept
{
    return (*static_cast<Callable *>(context))(*message);
}
} /* namespace detail */

/* The caches in a directory. Any thread. NOT_FOUND, SYSTEM, INVALID_ARGUMENT. Without memory for the list the program
   ends: it is called in the middle of a C function. */
inline Result<std::vector<Cache>> list_caches(std::string_view data_dir)
{
    const std::string directory(data_dir);
    if (!detail::whole({directory}))
        return detail::has_a_nul<std::vector<Cache>>("the data directory");
    std::vector<Cache> caches;
    const Status status = ::neuron_ws_cache_list(directory.c_str(), detail::add_cache, &caches);
    return detail::done(status, caches);
}

/* Calls on_message, bool(const CachedMessage &), with each message of a node's cache until it returns false; it must
   not throw. Any thread. As neuron_ws_cache_read. */
template <class Callable>
Result<void> read_cache(std::string_view data_dir, std::string_view node, std::uint32_t parts, Callable on_message)
{
    const std::string directory(data_dir), name(node);
    if (!detail::whole({directory, name}))
        return detail::has_a_nul<void>("the data directory, or the node's name,");
    return detail::done(::neuron_ws_cache_read(directory.c_str(), name.c_str(), parts, detail::take_message<Callable>,
                                               &on_message));
}

/* Puts the poisoned messages in front of those that are to be sent. How many. As neuron_ws_cache_resend. */
inline Result<std::uint64_t> resend_cache(std::string_view data_dir, std::string_view node)
{
    const std::string directory(data_dir), name(node);
    if (!detail::whole({directory, name}))
        return detail::has_a_nul<std::uint64_t>("the data directory, or the node's name,");
    std::uint64_t count = 0;
    const Status status = ::neuron_ws_cache_resend(directory.c_str(), name.c_str(), &count);
    return detail::done(status, count);
}

/* Deletes messages for good. As neuron_ws_cache_drop. */
inline Result<void> drop_cache(std::string_view data_dir, std::string_view node,
                               std::uint32_t parts = NEURON_WS_CACHE_WAITING | NEURON_WS_CACHE_POISONED)
{
    const std::string directory(data_dir), name(node);
    if (!detail::whole({directory, name}))
        return detail::has_a_nul<void>("the data directory, or the node's name,");
    return detail::done(::neuron_ws_cache_drop(directory.c_str(), name.c_str(), parts));
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Requests from the server, attempts to connect, events
 */

/*
 * What a request says: neuron_ws_request_info_t, whose pointers live until the request is answered or dropped. Its tags
 * are tag_size bytes apart, so take them by tag().
 */
struct RequestInfo : ::neuron_ws_request_info_t {
    bool too_late = false; /* the server has been told already that the request failed: do not act on it */

    /* Number `index` of tag_count; the caller stays below that. */
    const ::neuron_ws_tag_t &tag(std::size_t index) const noexcept
    {
        const void *at = static_cast<const char *>(static_cast<const void *>(tags)) + index * tag_size;
        return *static_cast<const ::neuron_ws_tag_t *>(at);
    }
};

/*
 * A request that waits for its answer. Owns it: one that goes away without an answer is dropped, and the server hears
 * nothing. Any thread, one at a time; may outlive its node.
 */
class Request {
public:
    Request() noexcept = default;
    /* Takes over a handle of C. */
    explicit Request(::neuron_ws_request_t *handle) noexcept : handle_(handle) {}
    Request(Request &&other) noexcept : handle_(other.release()) {}
    Request &operator=(Request &&other) noexcept
    {
        if (this != &other) {
            abandon();
            handle_ = other.release();
        }
        return *this;
    }
    Request(const Request &) = delete;
    Request &operator=(const Request &) = delete;
    ~Request() { abandon(); }

    /* Whether there is one that was not answered or dropped here. */
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    ::neuron_ws_request_t *get() const noexcept { return handle_; }
    /* Gives the handle to the caller, who ends it by neuron_ws_request_reply or _drop. */
    ::neuron_ws_request_t *release() noexcept { return std::exchange(handle_, nullptr); }

    /* What it says, too late or not. NOT_FOUND, FORKED. */
    Result<RequestInfo> info() const
    {
        RequestInfo info{};
        info.size = sizeof(::neuron_ws_request_info_t);
        Status status = ::neuron_ws_request_info(handle_, &info);
        if (status == NEURON_WS_TIMEOUT) {
            info.too_late = true;
            status = NEURON_WS_OK;
        }
        return detail::done(status, info);
    }

    /* Answers it with JSON, as encode writes it. With the errors NOT_RUNNING and NOT_FOUND it is gone nevertheless;
       with others it still waits for an answer. */
    Result<void> reply(std::string_view json)
    {
        const Status status = ::neuron_ws_request_reply(handle_, json.data(), json.size());
        if (status == NEURON_WS_OK || status == NEURON_WS_NOT_RUNNING || status == NEURON_WS_NOT_FOUND)
            handle_ = nullptr;
        return detail::done(status);
    }

    /* Sends a partial answer to an operation, {"steps":[…]}. It still waits for its answer. */
    Result<void> progress(std::string_view json) const
    {
        return detail::done(::neuron_ws_request_progress(handle_, json.data(), json.size()));
    }

    /* Ends it without an answer. */
    Result<void> drop() { return detail::done(::neuron_ws_request_drop(release())); }

private:
    void abandon() noexcept
    {
        if (handle_ != nullptr)
            ::neuron_ws_request_drop(release());
    }

    ::neuron_ws_request_t *handle_ = nullptr;
};

/* One attempt to connect; good inside before_connect alone. Loop thread. */
class Attempt {
public:
    explicit Attempt(::neuron_ws_attempt_t *handle) noexcept : handle_(handle) {}

    ::neuron_ws_attempt_t *get() const noexcept { return handle_; }

    /* Another URL for this attempt alone. INVALID_ARGUMENT, INVALID_SETTINGS. */
    Result<void> set_url(std::string_view url) const
    {
        const std::string text(url);
        if (!detail::whole({text}))
            return detail::has_a_nul<void>("the URL");
        return detail::done(::neuron_ws_attempt_set_url(handle_, text.c_str()));
    }

    /* A header of the opening handshake for this attempt alone. INVALID_ARGUMENT. */
    Result<void> set_header(std::string_view header, std::string_view value) const
    {
        const std::string name_text(header);
        const std::string value_text(value);
        if (!detail::whole({name_text, value_text}))
            return detail::has_a_nul<void>("the header");
        return detail::done(::neuron_ws_attempt_set_header(handle_, name_text.c_str(), value_text.c_str()));
    }

    /* Without this header of the settings. INVALID_ARGUMENT. */
    Result<void> remove_header(std::string_view header) const
    {
        const std::string text(header);
        if (!detail::whole({text}))
            return detail::has_a_nul<void>("the header");
        return detail::done(::neuron_ws_attempt_set_header(handle_, text.c_str(), nullptr));
    }

    /* `Authorization: Bearer token` for this attempt alone. INVALID_ARGUMENT. */
    Result<void> set_token(std::string_view token) const
    {
        const std::string text(token);
        if (!detail::whole({text}))
            return detail::has_a_nul<void>("the token");
        return detail::done(::neuron_ws_attempt_set_token(handle_, text.c_str()));
    }

private:
    ::neuron_ws_attempt_t *handle_;
};

/*
 * An event. What each member means, and for which kinds, stands at neuron_ws_event_t. bytes() and text() live until the
 * next next_event on the node, or its end. A request that nobody takes out of it by request() is dropped with it.
 */
class Event {
public:
    explicit Event(const ::neuron_ws_event_t &event) noexcept : raw_(event), request_(event.request) {}

    /* One NEURON_WS_EVENT_ bit. */
    std::uint32_t kind() const noexcept { return raw_.kind; }
    Kind message_kind() const noexcept { return raw_.message_kind; }
    std::uint64_t id() const noexcept { return raw_.id; }
    std::uint64_t count() const noexcept { return raw_.count; }
    Outcome outcome() const noexcept { return raw_.outcome; }
    Level level() const noexcept { return raw_.level; }
    LogLevel log_level() const noexcept { return raw_.log_level; }
    LogCategory log_category() const noexcept { return raw_.log_category; }
    Status status() const noexcept { return raw_.status; }
    bool link() const noexcept { return raw_.link == 1; }
    Phase phase() const noexcept { return raw_.phase; }
    Reason reason() const noexcept { return raw_.reason; }
    std::int32_t close_code() const noexcept { return raw_.close_code; }
    Span<const std::uint8_t> bytes() const noexcept { return {raw_.bytes, raw_.bytes == nullptr ? 0 : raw_.length}; }
    std::string_view text() const noexcept
    {
        if (raw_.bytes == nullptr)
            return {};
        return {detail::characters(raw_.bytes), raw_.length};
    }
    /* REQUEST: move it out to answer it later. */
    Request &request() noexcept { return request_; }

private:
    ::neuron_ws_event_t raw_;
    Request request_;
};

/* ---------------------------------------------------------------------------------------------------------------------
 * Nodes
 */

/* What came of a try_push: the message's number where the status is NEURON_WS_OK, else 0. */
struct Pushed {
    Status status = NEURON_WS_INVALID_ARGUMENT;
    std::uint64_t id = 0;
    explicit operator bool() const noexcept { return status == NEURON_WS_OK; }
};

class NodeRef;

/* A command and which message is its response: neuron_ws_command_t, whose texts live during the call. */
struct Command {
    std::string_view bytes{};
    Kind kind = NEURON_WS_TEXT;
    std::chrono::milliseconds timeout{5000};           /* of each try */
    std::string_view match_member{};                   /* "": the next message */
    std::optional<std::string_view> match_value{};     /* none: anything */
    std::uint32_t retries = 0;
};

/* The end of a command, and its response. */
using OnResponse = std::function<void(NodeRef, std::uint64_t, Status, std::string_view)>;

/*
 * A node that another owns: all that can be done with it but ending it. Copied as a pointer is, and good as long as the
 * node lives. Every function: any thread, several at once; errors are those of the C function of the same name.
 */
class NodeRef {
public:
    NodeRef() noexcept = default;
    explicit NodeRef(::neuron_ws_node_t *handle) noexcept : handle_(handle) {}

    ::neuron_ws_node_t *get() const noexcept { return handle_; }
    /* Whether there is a node: false of NodeRef{}, and of a Node that was moved from or destroyed. */
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /* Begins to connect; returns at once. */
    Result<void> start() const { return detail::done(::neuron_ws_node_start(handle_)); }

    /* Close frame and end of the connection, within the time; what is queued stays. On the loop thread it begins that
       and returns at once. */
    Result<void> stop(std::chrono::milliseconds timeout) const
    {
        return detail::done(::neuron_ws_node_stop(handle_, detail::milliseconds(timeout)));
    }

    /* The same without waiting. True: the end comes as a state with NEURON_WS_PHASE_IDLE, by on_state or as an event,
       unless that has just been told; false: the node is not running, and none comes. */
    Result<bool> stop_begin(std::chrono::milliseconds timeout) const
    {
        const Status status = ::neuron_ws_node_stop_begin(handle_, detail::milliseconds(timeout));
        bool comes = status == NEURON_WS_OK;
        return detail::done(status == NEURON_WS_NOT_RUNNING ? NEURON_WS_OK : status, comes);
    }

    /* Stops for good; every message that is queued gets its outcome before it returns. */
    Result<void> finish(std::chrono::milliseconds timeout) const
    {
        return detail::done(::neuron_ws_node_finish(handle_, detail::milliseconds(timeout)));
    }

    /* Deletes what the node has on disk: for a host whose user deletes the node. */
    Result<void> forget() const
    {
        return detail::done(::neuron_ws_node_forget(handle_));
    }

    /* New settings, whole: a JSON object. */
    Result<void> configure(std::string_view settings) const
    {
        const std::string text(settings);
        if (!detail::whole({text}))
            return detail::has_a_nul<void>("the settings");
        return detail::done(::neuron_ws_node_configure(handle_, text.c_str()));
    }

    /* Forwards what is pushed of this driver and group; "*" is all. params: a JSON object, or "" for none. */
    Result<void> subscribe(std::string_view driver, std::string_view group, std::string_view params = {}) const
    {
        const std::string d(driver), g(group), p(params);
        if (!detail::whole({d, g, p}))
            return detail::has_a_nul<void>("the driver, the group or the parameters");
        return detail::done(::neuron_ws_node_subscribe(handle_, d.c_str(), g.c_str(), detail::optional(p)));
    }

    /* Ends exactly the subscription with these two names. */
    Result<void> unsubscribe(std::string_view driver, std::string_view group) const
    {
        const std::string d(driver), g(group);
        if (!detail::whole({d, g}))
            return detail::has_a_nul<void>("the driver or the group");
        return detail::done(::neuron_ws_node_unsubscribe(handle_, d.c_str(), g.c_str()));
    }

    /* Ends all subscriptions of the driver. */
    Result<void> unsubscribe(std::string_view driver) const
    {
        const std::string d(driver);
        if (!detail::whole({d}))
            return detail::has_a_nul<void>("the driver");
        return detail::done(::neuron_ws_node_unsubscribe(handle_, d.c_str(), nullptr));
    }

    /* The gateway renamed a driver: its subscriptions follow. */
    Result<void> rename_driver(std::string_view driver, std::string_view new_driver) const
    {
        const std::string from(driver), to(new_driver);
        if (!detail::whole({from, to}))
            return detail::has_a_nul<void>("the driver");
        return detail::done(::neuron_ws_node_rename(handle_, from.c_str(), nullptr, to.c_str(), nullptr));
    }

    /* The gateway renamed a group of a driver. */
    Result<void> rename_group(std::string_view driver, std::string_view group, std::string_view new_group) const
    {
        const std::string d(driver), from(group), to(new_group);
        if (!detail::whole({d, from, to}))
            return detail::has_a_nul<void>("the driver or the group");
        return detail::done(::neuron_ws_node_rename(handle_, d.c_str(), from.c_str(), d.c_str(), to.c_str()));
    }

    /* Sends one collected group and returns the message's number, 1, 2, 3…; never waits for network or disk. No
       subscription, nothing to send and a full queue are errors too: try_push is for hosts that expect these. */
    Result<std::uint64_t> push(const Group &group) const
    {
        const detail::GroupForC raw(group);
        if (!raw.whole())
            return detail::has_a_nul<std::uint64_t>("the driver or the group");
        std::uint64_t id = 0;
        const Status status = ::neuron_ws_node_push(handle_, raw.get(), &id);
        return detail::done(status, id);
    }

    Result<std::uint64_t> push(std::string_view driver, std::string_view group, std::initializer_list<Tag> tags,
                               std::int64_t timestamp_ms = 0) const
    {
        return push(Group{driver, group, Span<const Tag>(tags.begin(), tags.size()), timestamp_ms});
    }

    Result<std::uint64_t> push(std::string_view driver, std::string_view group, Span<const Tag> tags,
                               std::int64_t timestamp_ms = 0) const
    {
        return push(Group{driver, group, tags, timestamp_ms});
    }

    /* Answers an operation by its id, without its request: {"id":…,"name":…,…}. */
    Result<void> reply(std::string_view json) const
    {
        return detail::done(::neuron_ws_node_reply(handle_, json.data(), json.size()));
    }

    /* The same from JSON. */
    Result<std::uint64_t> push_json(std::string_view group) const
    {
        std::uint64_t id = 0;
        const Status status = ::neuron_ws_node_push_json(handle_, group.data(), group.size(), &id);
        return detail::done(status, id);
    }

    /* Sends a message of the host's own, text in UTF-8. */
    Result<std::uint64_t> send(std::string_view text) const
    {
        std::uint64_t id = 0;
        const Status status = ::neuron_ws_node_send(handle_, NEURON_WS_TEXT, text.data(), text.size(), &id);
        return detail::done(status, id);
    }

    /* The same as a binary message. */
    Result<std::uint64_t> send(Span<const std::uint8_t> bytes) const
    {
        std::uint64_t id = 0;
        const Status status = ::neuron_ws_node_send(handle_, NEURON_WS_BINARY, bytes.data(), bytes.size(), &id);
        return detail::done(status, id);
    }

    /* As push and push_json, with a status instead of an error: for what a gateway pushes all day, where a full queue
       is no exception. Throws std::bad_alloc at most. A NUL in a name is NEURON_WS_INVALID_GROUP. */
    Pushed try_push(const Group &group) const
    {
        const detail::GroupForC raw(group);
        if (!raw.whole())
            return {NEURON_WS_INVALID_GROUP, 0};
        Pushed pushed;
        pushed.status = ::neuron_ws_node_push(handle_, raw.get(), &pushed.id);
        return pushed;
    }

    Pushed try_push_json(std::string_view group) const noexcept
    {
        Pushed pushed;
        pushed.status = ::neuron_ws_node_push_json(handle_, group.data(), group.size(), &pushed.id);
        return pushed;
    }

    /* Sends how the drivers stand. SKIPPED where no driver is among them. */
    Result<std::uint64_t> push_states(Span<const DriverState> states) const
    {
        std::uint64_t id = 0;
        const Status status =
            ::neuron_ws_node_push_states(handle_, states.data(), states.size(), sizeof(DriverState), &id);
        return detail::done(status, id);
    }

    /* Sends a command without blocking. Its end comes to `on_response`, on the loop thread, once, with the response
       where the status is NEURON_WS_OK; without one, as an event of the kind NEURON_WS_EVENT_RESPONSE. An exception
       that leaves on_response goes no further. */
    Result<std::uint64_t> request(const Command &command, OnResponse on_response = {}) const
    {
        const std::string member(command.match_member), value(command.match_value.value_or(""));
        if (!detail::whole({member, value}))
            return detail::has_a_nul<std::uint64_t>("the member or its value");
        ::neuron_ws_command_t raw{};
        raw.size = sizeof raw;
        raw.kind = command.kind;
        raw.bytes = command.bytes.data();
        raw.length = command.bytes.size();
        raw.timeout_ms = detail::milliseconds(command.timeout);
        raw.retries = command.retries;
        raw.match_member = member.empty() ? nullptr : member.c_str();
        raw.match_value = command.match_value ? value.c_str() : nullptr;
        std::unique_ptr<OnResponse> kept;
        if (on_response) {
            kept = std::make_unique<OnResponse>(std::move(on_response));
            raw.on_response = responded;
            raw.context = kept.get();
        }
        std::uint64_t id = 0;
        const Status status = ::neuron_ws_node_request(handle_, &raw, &id);
        if (status == NEURON_WS_OK)
            static_cast<void>(kept.release()); /* responded has it */
        return detail::done(status, id);
    }

    /* Takes a command back. NOT_FOUND: it has ended. */
    Result<void> request_cancel(std::uint64_t id) const
    {
        return detail::done(::neuron_ws_node_request_cancel(handle_, id));
    }

    /* Waits until every message accepted before has reached the level or another outcome. Not on the loop thread. */
    Result<void> flush(std::chrono::milliseconds timeout, Level level = NEURON_WS_LEVEL_WRITTEN) const
    {
        return detail::done(::neuron_ws_node_flush(handle_, level, detail::milliseconds(timeout)));
    }

    Result<State> state() const
    {
        State state{};
        state.size = sizeof state;
        const Status status = ::neuron_ws_node_state(handle_, &state);
        return detail::done(status, state);
    }

    Result<Metrics> metrics() const
    {
        Metrics metrics{};
        metrics.size = sizeof metrics;
        const Status status = ::neuron_ws_node_metrics(handle_, &metrics);
        return detail::done(status, metrics);
    }

    /* The counters of this node as text; neuron_ws::metrics_text has those of all. */
    Result<std::string> metrics_text(MetricsFormat format = NEURON_WS_METRICS_OPENMETRICS) const
    {
        return detail::written([&](char *buffer, std::size_t size, std::size_t *length) {
            return ::neuron_ws_node_metrics_text(handle_, format, buffer, size, length);
        });
    }

    /* How much the node logs; after `time` > 0, in whole seconds, the level of the settings is back. */
    Result<void> set_log_level(LogLevel level, std::chrono::seconds time = std::chrono::seconds(0)) const
    {
        return detail::done(::neuron_ws_node_set_log_level(handle_, level, detail::seconds(time)));
    }

    /* Each frame is a line of log for so long, in whole seconds; 0 ends it now. */
    Result<void> trace(std::chrono::seconds time) const
    {
        return detail::done(::neuron_ws_node_trace(handle_, detail::seconds(time)));
    }

    /* A new connection now; nothing queued is lost. */
    Result<void> reconnect() const { return detail::done(::neuron_ws_node_reconnect(handle_)); }

    /* Sends a Ping now. */
    Result<void> ping() const { return detail::done(::neuron_ws_node_ping(handle_)); }

    /* From now on events of the kinds in `mask` wait for next_event instead of the callbacks. The descriptor is
       readable while some wait; it is the node's: it goes into a loop, and nobody reads, writes or closes it. */
    Result<int> event_fd(std::uint32_t mask = NEURON_WS_EVENT_ALL) const
    {
        std::int32_t descriptor = -1;
        const Status status = ::neuron_ws_node_event_fd(handle_, mask, &descriptor);
        int result = descriptor;
        return detail::done(status, result);
    }

    /* The next event, or none. One thread at a time, because of the borrowed bytes. */
    Result<std::optional<Event>> next_event() const
    {
        ::neuron_ws_event_t raw{};
        raw.size = sizeof raw;
        const Status status = ::neuron_ws_node_next_event(handle_, &raw);
        std::optional<Event> event;
        if (status == NEURON_WS_OK)
            event.emplace(raw);
        return detail::done(status == NEURON_WS_NO_EVENT ? NEURON_WS_OK : status, event);
    }

protected:
    ::neuron_ws_node_t *handle_ = nullptr;

private:
    static void responded(::neuron_ws_node_t *node, std::uint64_t id, Status status, const std::uint8_t *bytes,
                          std::size_t length, void *context) noexcept
    {
        const std::unique_ptr<OnResponse> kept(static_cast<OnResponse *>(context));
        const std::string_view response =
            bytes == nullptr ? std::string_view() : std::string_view(detail::characters(bytes), length);
#if NEURON_WS_HPP_CATCHES
        try {
            (*kept)(NodeRef(node), id, status, response);
        } catch (...) { /* there is nobody to tell */
        }
#else
        (*kept)(NodeRef(node), id, status, response);
#endif
    }
};

/*
 * The host's side, all optional. They come on the loop thread (on_log also on threads that call into the library), must
 * not block, and may do everything with their node, its end included. What they capture lives as long as the node.
 *
 * An exception that leaves one is caught and never reaches the library: the first is kept for Node::take_exception, and
 * each is told to on_log as an error (but not one of on_log itself). An attempt or a message whose before_ threw is
 * refused. In code without exceptions nothing is caught; there they cannot be thrown either.
 */
struct Callbacks {
    /* The link, the phase, the reason or the URL changed. */
    std::function<void(NodeRef, const State &)> on_state{};
    /* A message that is no request; its bytes, text or binary, live during the call. */
    std::function<void(NodeRef, Kind, std::string_view)> on_message{};
    /* A request from the server. Owned from here on: it is answered, kept to be answered later, or dropped. */
    std::function<void(NodeRef, Request, const RequestInfo &)> on_request{};
    /* A message has its outcome. */
    std::function<void(NodeRef, std::uint64_t, Outcome, Level)> on_delivery{};
    /* One line of log, which ends with NUL behind its last character. While a node is made, NodeRef may hold none. */
    std::function<void(NodeRef, LogLevel, std::string_view)> on_log{};
    /* Before each attempt to connect. False cancels it; the next one comes after the usual back-off. */
    std::function<bool(NodeRef, Attempt)> before_connect{};
    /* Sees each message as it leaves the queue. False drops it. When it is asked anew: neuron_ws_host_t. */
    std::function<bool(NodeRef, Kind, std::string_view)> before_send{};
    /* There is room again behind a NEURON_WS_QUEUE_FULL. */
    std::function<void(NodeRef)> on_room{};
    /* True: before_send sees each message when it is queued, on the thread that queues it. */
    bool before_send_when_queued = false;
};

namespace detail {

/* What a node's callbacks need. Lives as long as the node, and until the callback that ended it has returned. */
class Host : public std::enable_shared_from_this<Host> {
public:
    explicit Host(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

    /* Without the functions that are not there: what the library does then is another thing. */
    ::neuron_ws_host_t for_c() noexcept
    {
        ::neuron_ws_host_t host{};
        host.size = sizeof host;
        host.context = this;
        host.on_state = callbacks_.on_state ? state : nullptr;
        host.on_message = callbacks_.on_message ? message : nullptr;
        host.on_request = callbacks_.on_request ? request : nullptr;
        host.on_delivery = callbacks_.on_delivery ? delivery : nullptr;
        host.on_log = callbacks_.on_log ? log : nullptr;
        host.before_connect = callbacks_.before_connect ? connect : nullptr;
        host.before_send = callbacks_.before_send ? sending : nullptr;
        host.on_room = callbacks_.on_room ? room : nullptr;
        host.before_send_when_queued = callbacks_.before_send_when_queued;
        return host;
    }

    std::exception_ptr take_exception() noexcept
    {
        const std::lock_guard<std::mutex> guard(lock_);
        return std::exchange(first_, nullptr);
    }

private:
    static void state(::neuron_ws_node_t *node, const State *state, void *context) noexcept
    {
        run(node, context, "on_state", [&](Callbacks &to) { to.on_state(NodeRef(node), *state); });
    }

    static void message(::neuron_ws_node_t *node, Kind kind, const std::uint8_t *bytes, std::size_t length,
                        void *context) noexcept
    {
        run(node, context, "on_message",
            [&](Callbacks &to) { to.on_message(NodeRef(node), kind, {characters(bytes), length}); });
    }

    static void request(::neuron_ws_node_t *node, ::neuron_ws_request_t *handle,
                        const ::neuron_ws_request_info_t *info, void *context) noexcept
    {
        run(node, context, "on_request", [&](Callbacks &to) {
            Request owned(handle);
            to.on_request(NodeRef(node), std::move(owned), RequestInfo{*info, false});
        });
    }

    static void delivery(::neuron_ws_node_t *node, std::uint64_t id, Outcome outcome, Level level,
                         void *context) noexcept
    {
        run(node, context, "on_delivery",
            [&](Callbacks &to) { to.on_delivery(NodeRef(node), id, outcome, level); });
    }

    static void log(::neuron_ws_node_t *node, LogLevel level, const char *text, void *context) noexcept
    {
        run(node, context, nullptr, [&](Callbacks &to) { to.on_log(NodeRef(node), level, text); });
    }

    static Status connect(::neuron_ws_node_t *node, ::neuron_ws_attempt_t *attempt, void *context) noexcept
    {
        bool goes_on = false;
        run(node, context, "before_connect",
            [&](Callbacks &to) { goes_on = to.before_connect(NodeRef(node), Attempt(attempt)); });
        return goes_on ? NEURON_WS_OK : NEURON_WS_REFUSED;
    }

    static bool sending(::neuron_ws_node_t *node, Kind kind, const std::uint8_t *bytes, std::size_t length,
                        void *context) noexcept
    {
        bool goes_on = false;
        run(node, context, "before_send",
            [&](Callbacks &to) { goes_on = to.before_send(NodeRef(node), kind, {characters(bytes), length}); });
        return goes_on;
    }

    static void room(::neuron_ws_node_t *node, void *context) noexcept
    {
        run(node, context, "on_room", [&](Callbacks &to) { to.on_room(NodeRef(node)); });
    }

    /* Runs one, which may end its node and so all but `kept`. */
    template <class Body>
    static void run(::neuron_ws_node_t *node, void *context, const char *callback, Body body) noexcept
    {
        const std::shared_ptr<Host> kept = static_cast<Host *>(context)->weak_from_this().lock();
        if (!kept)
            return;
#if NEURON_WS_HPP_CATCHES
        try {
            body(kept->callbacks_);
        } catch (const std::exception &exception) {
            kept->caught(node, callback, exception.what());
        } catch (...) {
            kept->caught(node, callback, "no std::exception");
        }
#else
        static_cast<void>(node);
        static_cast<void>(callback);
        body(kept->callbacks_);
#endif
    }

#if NEURON_WS_HPP_CATCHES
    void caught(::neuron_ws_node_t *node, const char *callback, const char *what) noexcept
    {
        {
            const std::lock_guard<std::mutex> guard(lock_);
            if (!first_)
                first_ = std::current_exception();
        }
        if (callback == nullptr || !callbacks_.on_log)
            return;
        try {
            callbacks_.on_log(NodeRef(node), NEURON_WS_LOG_ERROR,
                              std::string("an exception left ") + callback + ": " + what);
        } catch (...) { /* the first is kept, and a log that fails has nobody to tell */
        }
    }
#endif

    Callbacks callbacks_;
    std::mutex lock_{};
    std::exception_ptr first_{};
};

} // namespace detail

/*
 * A node, owned. Its destructor destroys it as neuron_ws_node_destroy does: within 200 ms, what is queued is dropped
 * and told to on_delivery before it returns, and after that no callback comes. For an orderly end flush, then stop.
 *
 * Moving leaves the C handle and the callbacks where they are. Nothing may run on a node while another thread moves,
 * assigns or destroys it.
 */
class Node : public NodeRef {
public:
    /* No node. */
    Node() noexcept = default;

#if !defined(NEURON_WS_NO_EXCEPTIONS)
    /* Parses and checks the settings, a JSON object; starts nothing and opens nothing. INVALID_ARGUMENT (the name),
       INVALID_SETTINGS, NO_MEMORY, SYSTEM. */
    Node(std::string_view name, std::string_view settings, Callbacks callbacks = {})
        : Node(create(name, settings, std::move(callbacks)))
    {
    }
#endif

    /* The same as a function, for both kinds of results. */
    static Result<Node> create(std::string_view name, std::string_view settings, Callbacks callbacks = {})
    {
        const std::string name_text(name);
        const std::string settings_text(settings);
        if (!detail::whole({name_text, settings_text}))
            return detail::has_a_nul<Node>("the name or the settings");
        Node node;
        node.host_ = std::make_shared<detail::Host>(std::move(callbacks));
        const ::neuron_ws_host_t host = node.host_->for_c();
        const Status status =
            ::neuron_ws_node_create(name_text.c_str(), settings_text.c_str(), &host, &node.handle_);
        return detail::done(status, node);
    }

    Node(Node &&other) noexcept : NodeRef(std::exchange(other.handle_, nullptr)), host_(std::move(other.host_)) {}
    Node &operator=(Node &&other) noexcept
    {
        if (this != &other) {
            destroy();
            handle_ = std::exchange(other.handle_, nullptr);
            host_ = std::move(other.host_);
        }
        return *this;
    }
    Node(const Node &) = delete;
    Node &operator=(const Node &) = delete;
    ~Node() { destroy(); }

    /* Ends the node now, as the destructor does; also in one of its callbacks. Again: nothing. */
    void destroy() noexcept
    {
        /* Both are taken first: callbacks that come meanwhile find this object without a node. */
        ::neuron_ws_node_t *const handle = std::exchange(handle_, nullptr);
        const std::shared_ptr<detail::Host> host = std::move(host_);
        ::neuron_ws_node_destroy(handle);
    }

    /* The first exception that left a callback since the last call, or null. Any thread. */
    std::exception_ptr take_exception() const noexcept { return host_ ? host_->take_exception() : nullptr; }

private:
    std::shared_ptr<detail::Host> host_{};
};

} // inline namespace
} // namespace neuron_ws

#endif /* NEURON_WS_HPP */
