// SPDX-License-Identifier: Apache-2.0
/*
 * gateway.c in C++17: a gateway with a loop of its own, three nodes in one epoll set with a timer and the signals.
 *
 * gateway URL [MS]   pushes what a simulated press measures every MS milliseconds (1000) by each node; SIGTERM or
 *                    SIGINT ends it: all nodes are stopped side by side, so that three take no longer than one.
 */
#include <neuron_ws.hpp>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <system_error>

namespace {

using namespace std::chrono_literals;
using neuron_ws::Tag;

/* A descriptor of the program's own, which is closed with it. */
class Descriptor {
public:
    Descriptor(int number, const char *what) : number_(number)
    {
        if (number < 0)
            throw std::system_error(errno, std::generic_category(), what);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() { ::close(number_); }
    int get() const noexcept { return number_; }

private:
    int number_;
};

/* A text between quotes, as JSON has it. */
std::string quoted(std::string_view text)
{
    std::string result = "\"";
    for (const char character : text) {
        if (character == '"' || character == '\\')
            result += '\\';
        result += character;
    }
    return result + '"';
}

/* One node, and what became of its messages. */
struct Line {
    Line(std::string line_name, std::string_view url)
        : name(std::move(line_name)), node(name, R"({"url":)" + quoted(url) + "}")
    {
        node.subscribe("*", "*");
    }

    std::string name;
    neuron_ws::Node node;
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;
    bool running = true; /* its end was not told yet */
};

class Gateway {
public:
    Gateway(std::string_view url, std::chrono::milliseconds interval)
        : lines_{Line("line-1", url), Line("line-2", url), Line("line-3", url)},
          loop_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"),
          timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create"),
          signals_(open_signals(), "signalfd")
    {
        const timespec time{interval / 1s, static_cast<long>((interval % 1s) / 1ns)};
        const itimerspec times{time, time};
        if (::timerfd_settime(timer_.get(), 0, &times, nullptr) != 0)
            throw std::system_error(errno, std::generic_category(), "timerfd_settime");
        watch(timer_.get(), timer_source);
        watch(signals_.get(), signals_source);
        for (std::uint32_t number = 0; number < lines_.size(); ++number) {
            watch(lines_[number].node.event_fd(kinds), number);
            lines_[number].node.start();
        }
    }

    void run()
    {
        std::array<epoll_event, 8> ready{};
        while (!ending_ || std::any_of(lines_.begin(), lines_.end(), [](const Line &line) { return line.running; })) {
            const int count = ::epoll_wait(loop_.get(), ready.data(), static_cast<int>(ready.size()), -1);
            for (std::size_t index = 0; index < static_cast<std::size_t>(std::max(count, 0)); ++index) {
                const std::uint32_t source = ready[index].data.u32;
                if (source == timer_source)
                    measure();
                else if (source == signals_source)
                    end();
                else
                    drain(lines_[source]);
            }
        }
    }

    /* What is still queued gets its outcome, which is read before the node goes. */
    void close()
    {
        for (Line &line : lines_) {
            line.node.finish(0ms);
            drain(line);
            std::cout << line.name << ": " << line.delivered << " delivered, " << line.dropped << " dropped\n";
        }
    }

private:
    static constexpr std::uint32_t kinds = NEURON_WS_EVENT_STATE | NEURON_WS_EVENT_DELIVERY |
                                           NEURON_WS_EVENT_MESSAGE | NEURON_WS_EVENT_LOG;
    static constexpr std::uint32_t timer_source = 100;
    static constexpr std::uint32_t signals_source = 101;

    static int open_signals()
    {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }

    void watch(int descriptor, std::uint32_t source)
    {
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.u32 = source;
        if (::epoll_ctl(loop_.get(), EPOLL_CTL_ADD, descriptor, &interest) != 0)
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }

    /* Where a reading of each device would be taken. */
    void measure()
    {
        std::uint64_t turns = 0;
        if (::read(timer_.get(), &turns, sizeof turns) != static_cast<ssize_t>(sizeof turns) || ending_)
            return;
        const Tag tags[] = {
            {"strokes", ++strokes_}, Tag("force", 180.0).with_precision(1), Tag::failed("vibration", 3002)};
        for (Line &line : lines_) {
            const neuron_ws::Pushed pushed = line.node.try_push({line.name, "fast", tags});
            if (pushed.status == NEURON_WS_QUEUE_FULL)
                ++line.dropped; /* the server has been away for long: this reading is lost */
            else if (!pushed)
                std::cerr << line.name << ": " << neuron_ws::name(pushed.status) << '\n';
        }
    }

    void drain(Line &line)
    {
        while (auto event = line.node.next_event()) {
            if (event->kind() == NEURON_WS_EVENT_STATE) {
                std::cerr << line.name << ": " << neuron_ws::name(event->phase()) << ", "
                          << neuron_ws::name(event->reason()) << '\n';
                if (event->phase() == NEURON_WS_PHASE_IDLE && ending_)
                    line.running = false;
            } else if (event->kind() == NEURON_WS_EVENT_DELIVERY) {
                (event->outcome() == NEURON_WS_DELIVERED ? line.delivered : line.dropped) += event->count();
            } else if (event->kind() == NEURON_WS_EVENT_MESSAGE) {
                std::cerr << line.name << ": the server says " << event->text() << '\n';
            } else if (event->kind() == NEURON_WS_EVENT_LOG) {
                std::cerr << line.name << ": " << event->text() << '\n';
            }
        }
    }

    /* Begins to stop all nodes; the loop goes on until each has told that it is idle. A second signal hurries. */
    void end()
    {
        signalfd_siginfo signal{};
        while (::read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
            const std::chrono::milliseconds timeout = ending_ ? 0ms : 2000ms;
            ending_ = true;
            for (Line &line : lines_)
                if (!line.node.stop_begin(timeout))
                    line.running = false; /* there is no end to wait for */
        }
    }

    std::array<Line, 3> lines_;
    Descriptor loop_;
    Descriptor timer_;
    Descriptor signals_;
    std::int64_t strokes_ = 0;
    bool ending_ = false;
};

} // namespace

int main(int count, char **arguments)
{
    const std::chrono::milliseconds interval(count > 2 ? std::atol(arguments[2]) : 1000);
    if (count < 2 || count > 3 || interval < 1ms) {
        std::cerr << "gateway URL [MS]: MS is 1 or more\n";
        return 2;
    }
    try {
        Gateway gateway(arguments[1], interval);
        gateway.run();
        gateway.close();
        return 0;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
