# SPDX-License-Identifier: Apache-2.0
"""The Node class against a foreign server."""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import Any, Union

import foreign
import neuron_ws
import pytest
from neuron_ws import EventKind, Level, LogLevel, Outcome, Phase, Reason, Status

NOW = 1_650_006_388_943
# Quick enough for tests that wait for a reconnection.
QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.2}


def test_a_pushed_group_arrives(server: foreign.Server) -> None:
    with neuron_ws.Node("line-1", {"url": server.url}) as node:
        node.subscribe("*", "*")
        values = {"t": 21.5, "running": True, "name": "é", "count": 2**64 - 1, "raw": b"\0\xff", "o": {"a": 1}}
        assert node.push("plc1", "fast", values, errors={"bad": 2014}, timestamp=NOW) == 1
        assert node.push_json({"node": "plc1", "group": "fast", "timestamp": NOW, "values": {"t": 1}}) == 2
        assert node.push_json('{"node":"plc1","group":"fast","tags":[{"name":"t","value":1.5,"type":"FLOAT"}]}') == 3
        node.flush(timeout=5)
        first, second, third = map(json.loads, server.wait_for(3))
    assert first == {
        "node": "plc1", "group": "fast", "timestamp": NOW, "values": {**values, "raw": [0, 255]},
        "errors": {"bad": 2014}, "metas": {},
    }
    assert second["values"] == {"t": 1} and second["timestamp"] == NOW
    assert third["values"] == {"t": 1.5}


def test_own_messages_arrive_as_text_and_binary(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}) as node:
        node.send("text é")
        node.send(b"\x00binary")
        node.send("")
        node.flush(timeout=5)
        assert server.wait_for(3) == ["text é", b"\x00binary", ""]


def test_send_takes_text_and_bytes_only() -> None:
    with neuron_ws.Node("n", {"url": "ws://127.0.0.1:1/"}) as node:
        with pytest.raises(TypeError):
            node.send(5)  # type: ignore[arg-type]
        with pytest.raises(neuron_ws.InvalidArgument):
            node.send("lone \udc00")
        assert node.metrics.messages_accepted == 0


def test_wss_with_a_ca_of_ones_own(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        settings = {"url": f"wss://localhost:{server.port}/", "ca": authority.ca.read_text()}
        with neuron_ws.Node("n", settings) as node:
            node.send("secret")
            node.flush(timeout=10)
            assert server.wait_for(1) == ["secret"]
            state = node.state
            assert state.tls and state.tls_verified and not state.tls_verify_off
            assert state.tls_version.startswith("TLSv1.") and state.tls_cipher and "localhost" in state.tls_peer


def test_wss_without_that_ca_says_so(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        with neuron_ws.Node("n", {"url": f"wss://localhost:{server.port}/", **QUICK}) as node:
            foreign.wait_until(lambda: node.state.reason is Reason.TLS)
            state = node.state
            assert state.tls_failure in (neuron_ws.TLSFailure.UNKNOWN_CA, neuron_ws.TLSFailure.SELF_SIGNED)
            assert not state.link and "certificate" in state.message.lower()


def test_messages_from_the_server_keep_their_kind() -> None:
    got: list[Union[str, bytes]] = []
    with foreign.Server(echo=True) as server:
        with neuron_ws.Node("n", {"url": server.url}, on_message=got.append) as node:
            for message in ("text é", b"\x00\xff", ""):
                node.send(message)
            end = time.monotonic() + 10
            while len(got) < 3 and time.monotonic() < end:
                node.poll(0.1)
    assert got == ["text é", b"\x00\xff", ""]


def test_callbacks_run_on_the_callers_thread_only(server: foreign.Server) -> None:
    threads: set[int] = set()
    kinds: set[str] = set()

    def note(kind: str) -> Any:
        def callback(_: object) -> None:
            threads.add(threading.get_native_id())
            kinds.add(kind)
        return callback

    settings = {"url": server.url, "log-level": "debug"}
    callbacks = {f"on_{kind}": note(kind) for kind in ("state", "message", "delivery", "log")}
    with neuron_ws.Node("n", settings, **callbacks) as node:
        node.send("x")
        node.flush(timeout=5)
        server.send("back")
        foreign.wait_until(lambda: node.metrics.messages_received == 1)
        time.sleep(0.1)
        assert not threads, "no callback may run before the host asks for events"
        while node.poll(0.2):
            pass
        own = {threading.get_native_id()}
        assert threads == own
        assert kinds == {"state", "message", "delivery", "log"}
        # Asked from another thread, they run there.
        server.send("again")
        other = threading.Thread(target=lambda: (own.add(threading.get_native_id()), node.poll(5)))
        other.start()
        other.join()
        assert threads == own and len(own) == 2


def test_a_callback_that_raises_ends_poll_and_loses_nothing(server: foreign.Server) -> None:
    seen: list[int] = []

    def explode(event: neuron_ws.DeliveryEvent) -> None:
        seen.extend(event.ids)
        if event.id == 1:
            raise RuntimeError("from the callback")

    with neuron_ws.Node("n", {"url": server.url}, on_delivery=explode) as node:
        for _ in range(3):
            node.send("x")
            node.flush(timeout=5)
        with pytest.raises(RuntimeError, match="from the callback"):
            while True:
                assert node.poll(5)
        while len(seen) < 3:
            assert node.poll(5)
    assert seen == [1, 2, 3]


def test_events_are_drained_in_order(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}, events=EventKind.DELIVERY | EventKind.STATE) as node:
        numbers = [node.send(str(n)) for n in range(100)]
        node.flush(timeout=5)
        got: list[neuron_ws.Event] = []
        # After a flush the outcomes are there.
        got.extend(node.events())
    deliveries = [event for event in got if isinstance(event, neuron_ws.DeliveryEvent)]
    assert [number for event in deliveries for number in event.ids] == numbers == list(range(1, 101))
    assert {(event.outcome, event.level) for event in deliveries} == {(Outcome.DELIVERED, Level.WRITTEN)}
    states = [event for event in got if isinstance(event, neuron_ws.StateEvent)]
    assert states[-1].link and states[-1].phase is Phase.OPEN
    phases = [event.phase for event in states]
    assert Phase.CONNECTING in phases and Phase.HANDSHAKING in phases


def test_the_descriptor_says_whether_events_wait(server: foreign.Server) -> None:
    import select

    with neuron_ws.Node("n", {"url": server.url}, events=EventKind.MESSAGE) as node:
        foreign.wait_until(lambda: node.state.link)
        assert select.select([node], [], [], 0)[0] == []
        server.send("hello")
        assert select.select([node], [], [], 5)[0] == [node]
        assert node.next_event() == neuron_ws.MessageEvent("hello")
        assert node.next_event() is None
        assert select.select([node], [], [], 0)[0] == []


def test_poll_waits_no_longer_than_it_was_told(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}, on_message=print) as node:
        assert node.poll() == 0
        begin = time.monotonic()
        assert node.poll(0.3) == 0
        assert time.monotonic() - begin >= 0.29


def test_run_ends_when_a_callback_closes_the_node(server: foreign.Server) -> None:
    node = neuron_ws.Node("n", {"url": server.url}, on_message=lambda _: node.close())
    node.start()
    foreign.wait_until(lambda: server.connections == 1)
    foreign.wait_until(lambda: node.state.link)
    server.send("end")
    node.run(duration=10)
    assert node.closed


def test_close_in_another_thread_ends_poll(server: foreign.Server) -> None:
    node = neuron_ws.Node("n", {"url": server.url}, on_message=print)
    node.start()
    waiting = threading.Thread(target=node.poll, args=(None,))
    waiting.start()
    time.sleep(0.1)
    node.close()
    waiting.join(5)
    assert not waiting.is_alive()


def test_close_ends_a_flush_in_another_thread() -> None:
    node = neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"})
    node.start()
    node.send("stuck")
    outcome: list[BaseException] = []

    def flush() -> None:
        try:
            node.flush(timeout=60)
        except neuron_ws.NeuronWSError as error:
            outcome.append(error)

    waiting = threading.Thread(target=flush)
    waiting.start()
    time.sleep(0.2)
    node.close()
    waiting.join(10)
    assert not waiting.is_alive() and isinstance(outcome[0], neuron_ws.NotRunning)


def test_the_context_manager_starts_and_closes(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}) as node:
        foreign.wait_until(lambda: node.state.link)
        assert not node.closed
    assert node.closed and "closed" in repr(node)
    node.close()
    foreign.wait_until(lambda: server.close_codes == [1001])
    for call in (node.start, lambda: node.state, lambda: node.send("x"), node.fileno, lambda: node.metrics):
        with pytest.raises(neuron_ws.NodeClosed):
            call()


def test_an_exception_inside_with_still_closes(server: foreign.Server) -> None:
    with pytest.raises(KeyError):
        with neuron_ws.Node("n", {"url": server.url}) as node:
            raise KeyError
    assert node.closed


def test_a_forgotten_node_warns_and_goes() -> None:
    gc.collect()  # What other tests left behind warns here, not below.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        node = neuron_ws.Node("forgotten", {"url": "ws://127.0.0.1:1/"})
        del node
        gc.collect()
    assert [str(one.message) for one in caught if one.category is ResourceWarning] == [
        "<neuron_ws.Node 'forgotten'> was not closed"
    ]


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("settings, key", [
    ({"url": "ws://h/", "ping-interval": "soon"}, "ping-interval"),
    ({"url": "ws://h/", "no-such-key": 1}, "no-such-key"),
    ({"url": "http://h/"}, "url"),
    ({"url": "h:80"}, "url"),
    ({"url": "ws://h:0/"}, "url"),
    ({"url": "ws://h:65536/"}, "url"),
    ({"url": 5}, "url"),
    ({"url": "ws://h/", "format": "nonsense"}, "format"),
    ({"url": "ws://h/", "connect-timeout": -1}, "connect-timeout"),
    ({"url": "wss://h/", "cert": "-----BEGIN NOTHING-----"}, "cert"),
    ({"url": "ws://h/", "upload_err": "yes"}, "upload_err"),
    ({}, "url"),
])
def test_settings_errors_name_the_key(settings: dict[str, object], key: str) -> None:
    with pytest.raises(neuron_ws.SettingsError) as caught:
        neuron_ws.Node("n", settings)
    assert key in caught.value.detail
    assert caught.value.status is Status.INVALID_SETTINGS
    assert caught.value.status_name == "NEURON_WS_INVALID_SETTINGS"
    assert caught.value.detail in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_settings_are_a_dictionary_or_a_text_bare_or_inside_params() -> None:
    for settings in ({"url": "ws://h/"}, '{"url":"ws://h/"}', {"params": {"url": "ws://h/"}}):
        neuron_ws.Node("n", settings).close()
    with pytest.raises(neuron_ws.SettingsError):
        neuron_ws.Node("n", "not json")


@pytest.mark.parametrize("name", ["", "x" * 129, "line\n1"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(neuron_ws.InvalidArgument):
        neuron_ws.Node(name, {"url": "ws://h/"})


def test_each_failure_has_its_exception(server: foreign.Server) -> None:
    settings = {"url": server.url, "queue-max-messages": 10}
    with neuron_ws.Node("n", settings) as node:
        with pytest.raises(neuron_ws.NotSubscribed):
            node.push("plc1", "fast", {"t": 1})
        with pytest.raises(neuron_ws.NotFound):
            node.unsubscribe("plc1", "fast")
        with pytest.raises(neuron_ws.NotFound):
            node.rename("plc1", "plc2")
        node.subscribe("plc1", "fast")
        with pytest.raises(neuron_ws.Skipped):
            node.push("plc1", "fast", {})
        with pytest.raises(neuron_ws.InvalidJSON):
            node.push_json("{")
        with pytest.raises(neuron_ws.Unsupported):
            node.flush(level=Level.APP_ACKED)
        node.stop()
        for _ in range(10):
            node.send("x")
        with pytest.raises(neuron_ws.QueueFull) as caught:
            node.send("x")
        assert isinstance(caught.value, BlockingIOError) and caught.value.detail
        with pytest.raises(neuron_ws.NotRunning):
            node.flush()
        with pytest.raises(ValueError):
            node.flush(timeout=-1)


def test_a_group_without_tags_is_skipped_whether_or_not_others_wait_for_their_time() -> None:
    own = {"url": "ws://127.0.0.1:1/", "format": "opengate", "device-id": "d", "api-key": "k"}
    for more in ({}, {"opengate-publish": {"t": 600}}):
        with neuron_ws.Node("n", {**own, **more}) as node:
            node.subscribe("*", "*")
            with pytest.raises(neuron_ws.Skipped):
                node.push("plc1", "fast", {})
            assert node.metrics.messages_skipped == 1


def test_flush_times_out_while_nobody_listens() -> None:
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}) as node:
        node.send("x")
        with pytest.raises(neuron_ws.Timeout) as caught:
            node.flush(timeout=0.2)
        assert isinstance(caught.value, TimeoutError)


def test_errors_survive_pickling() -> None:
    error = neuron_ws.QueueFull(Status.QUEUE_FULL, "NEURON_WS_QUEUE_FULL", "the queue is full")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.status, copy.status_name, copy.detail) == (
        neuron_ws.QueueFull, Status.QUEUE_FULL, "NEURON_WS_QUEUE_FULL", "the queue is full"
    )


# ------------------------------------------------------------------------------------------------ running and counting


def test_static_tags_of_a_subscription_are_added(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url, "format": "tags-format"}) as node:
        node.subscribe("plc1", "fast", static_tags={"site": "A"})
        node.push("plc1", "fast", {"t": 1})
        message = json.loads(server.wait_for(1)[0])
    assert {"name": "site", "value": "A"} in message["tags"]


def test_subscriptions_follow_a_rename(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}) as node:
        node.subscribe("old", "g")
        node.rename("old", "new")
        node.push("new", "g", {"t": 1})
        node.rename("new", "new", "g", "h")
        node.push("new", "h", {"t": 2})
        with pytest.raises(neuron_ws.NotSubscribed):
            node.push("old", "g", {"t": 3})
        node.unsubscribe("new")
        with pytest.raises(neuron_ws.NotSubscribed):
            node.push("new", "h", {"t": 4})
        server.wait_for(2)


def test_messages_queued_while_the_server_is_away_arrive_in_order() -> None:
    port = foreign.free_port()
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{port}/", **QUICK}) as node:
        for number in range(50):
            node.send(str(number))
        foreign.wait_until(lambda: node.state.reason is Reason.NETWORK_ERROR)
        assert not node.state.link
        with foreign.Server(port) as server:
            assert server.wait_for(50) == [str(number) for number in range(50)]


@pytest.mark.parametrize("abort", [False, True])
def test_the_node_reconnects_after_the_server_restarts(abort: bool) -> None:
    first = foreign.Server()
    with neuron_ws.Node("n", {"url": first.url, **QUICK}) as node:
        node.send("one")
        first.wait_for(1)
        first.stop(abort=abort)
        ended = Reason.ABNORMAL if abort else Reason.ENDPOINT_SHUTDOWN
        seen = {ended, Reason.NETWORK_ERROR}
        foreign.wait_until(lambda: node.state.reason in seen and not node.state.link)
        node.send("two")
        with foreign.Server(first.port) as second:
            assert second.wait_for(1) == ["two"]
            foreign.wait_until(lambda: node.state.link)
        metrics = node.metrics
        assert metrics.connections_opened == 2 and metrics.disconnections >= 1


def test_configure_moves_to_another_server_and_keeps_the_queue(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/", **QUICK}) as node:
        node.send("kept")
        with pytest.raises(neuron_ws.SettingsError):
            node.configure({"url": "nonsense"})
        node.configure({"url": server.url})
        assert server.wait_for(1) == ["kept"]


def test_state_and_metrics_tell_what_happened(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url + "path?token=hidden"}) as node:
        before = node.state
        assert before.url.startswith("ws://127.0.0.1") and "hidden" not in repr(before)
        node.subscribe("*", "*")
        node.push("d", "g", {"a": 1, "b": 2}, errors={"c": 3})
        node.flush(timeout=5)
        state, metrics = node.state, node.metrics
        assert (state.link, state.phase, state.level) == (True, Phase.OPEN, Level.WRITTEN)
        assert state.peer_address == f"127.0.0.1:{server.port}"
        assert state.connected_ms is not None and state.next_attempt_ms is None and state.http_status == 101
        assert (metrics.messages_accepted, metrics.messages_sent) == (1, 1)
        assert (metrics.tags_sent, metrics.tag_errors_sent) == (2, 1)
        assert metrics.link == 1 and metrics.queued_messages == 0
        assert metrics.wire_bytes_sent > metrics.payload_bytes_sent > 0
        assert list(metrics.as_dict())[0] == "messages_accepted"
        assert node.metrics_text().endswith("# EOF\n") or node.metrics_text().endswith("# EOF")
        assert json.loads(node.metrics_text(neuron_ws.MetricsFormat.JSON))["messages_accepted"] == 1
        node.stop()
        after = node.state
        assert (after.phase, after.reason, after.link) == (Phase.IDLE, Reason.STOPPED, False)


def test_the_log_level_changes_while_it_runs(server: foreign.Server) -> None:
    lines: list[neuron_ws.LogEvent] = []
    with neuron_ws.Node("n", {"url": server.url, "log-level": "off"}, on_log=lines.append) as node:
        foreign.wait_until(lambda: node.state.link)
        node.poll(0)
        assert lines == []
        node.set_log_level(LogLevel.DEBUG, 600)
        node.stop()
        node.start()
        foreign.wait_until(lambda: node.state.link)
        node.poll(1)
        assert lines and all("\n" not in line.text for line in lines)
        with pytest.raises(neuron_ws.InvalidArgument):
            node.set_log_level(LogLevel(99))


def test_eight_threads_push_and_nothing_is_lost(server: foreign.Server) -> None:
    each = 500
    with neuron_ws.Node("n", {"url": server.url}) as node:
        node.subscribe("*", "*")
        numbers: list[int] = []

        def work(thread: int) -> None:
            mine = []
            for number in range(each):
                mine.append(node.push(f"d{thread}", "g", {"n": number}))
            numbers.extend(mine)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        node.flush(timeout=20)
        messages = [json.loads(message) for message in server.wait_for(8 * each)]
    assert sorted(numbers) == list(range(1, 8 * each + 1))
    for thread_number in range(8):
        own = [message["values"]["n"] for message in messages if message["node"] == f"d{thread_number}"]
        assert own == list(range(each))


def test_a_waiting_call_does_not_hold_the_gil() -> None:
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}) as node:
        node.send("x")
        waiting = threading.Thread(target=lambda: pytest.raises(neuron_ws.Timeout, node.flush, timeout=1.0))
        waiting.start()
        turns = 0
        while waiting.is_alive():
            turns += 1
            time.sleep(0.01)
        assert turns > 10


def test_a_child_of_fork_gets_forked_and_the_parent_goes_on(server: foreign.Server) -> None:
    from neuron_ws._library import library

    with neuron_ws.Node("n", {"url": server.url}, on_delivery=lambda _: None) as node:
        node.subscribe("*", "*")
        foreign.wait_until(lambda: node.state.link)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            # Only the child is here: whatever happens, it must not go on as a second pytest.
            signal.alarm(20)
            answers: list[object] = []
            push, state = lambda: node.push("d", "g", {"t": 1}), lambda: node.state
            try:
                for call in (push, node.start, node.stop, state, node.poll):
                    try:
                        call()
                        answers.append("no error")
                    except neuron_ws.NeuronWSError as error:
                        answers.append(error.status_name)
                # And what the library itself says, past this package's own check.
                pointer = node._handle._pointer
                answers.append(library.neuron_ws_node_send(pointer, 1, b"x", 1, None))
                answers.append(library.neuron_ws_node_stop(pointer, 1000))
                node.close()
                with neuron_ws.Node("own", {"url": server.url}) as own:
                    own.send("from the child")
                    own.flush(timeout=10)
                    answers.append("own node works")
            except BaseException as error:  # noqa: B036
                answers.append(repr(error))
            os.write(writer, json.dumps(answers).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers_of_child:
            answers = json.load(answers_of_child)
        os.waitpid(child, 0)
        assert answers == ["NEURON_WS_FORKED"] * 5 + [int(Status.FORKED)] * 2 + ["own node works"]
        node.send("from the parent")
        node.flush(timeout=5)
        assert server.wait_for(2) == ["from the child", "from the parent"]


def example(name: str, url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(foreign.BINDING)}
    script = foreign.BINDING / "examples" / name
    return subprocess.run(
        [sys.executable, "-W", "error", script, url], env=environment, capture_output=True, text=True, timeout=30
    )


def test_outcomes_that_follow_each_other_are_one_event(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}, events=EventKind.DELIVERY) as node:
        numbers = [node.send("x") for _ in range(1000)]
        node.flush(timeout=10)
        event = node.next_event()
        assert isinstance(event, neuron_ws.DeliveryEvent) and node.next_event() is None
    assert (event.id, event.count, list(event.ids)) == (1, 1000, numbers)


def test_after_an_outage_that_filled_the_queue_each_message_has_its_outcome() -> None:
    port = foreign.free_port()
    told: set[int] = set()
    settings = {"url": f"ws://127.0.0.1:{port}/", "queue-max-bytes": 1 << 28, **QUICK}
    with neuron_ws.Node("n", settings, on_delivery=lambda event: told.update(event.ids)) as node:
        accepted = 0
        with pytest.raises(neuron_ws.QueueFull):
            while True:
                node.send("m")
                accepted += 1
        assert accepted == 262_144
        with foreign.Server(port, keep=False) as server:
            # Without a pause, as a program does that has nothing else to do.
            end = time.monotonic() + 120
            while len(told) < accepted and time.monotonic() < end:
                node.poll(0)
            assert server.connections == 1
        assert told == set(range(1, accepted + 1)) and node.metrics.events_dropped == 0


def test_a_program_that_did_not_poll_learns_how_many_events_are_missing() -> None:
    kinds = EventKind.MESSAGE | EventKind.DROPPED
    with foreign.Server() as server, neuron_ws.Node("n", {"url": server.url, **QUICK}, events=kinds) as node:
        foreign.wait_until(lambda: node.state.link)
        # 64 MiB wait at most.
        for _ in range(80):
            server.send("x" * (1 << 20))
        foreign.wait_until(lambda: node.metrics.messages_received == 80, 60)
        foreign.wait_until(lambda: node.metrics.events_dropped == 16)
        taken = [node.next_event() for _ in range(64)]
        assert all(isinstance(event, neuron_ws.MessageEvent) for event in taken)
        assert node.next_event() == neuron_ws.DroppedEvent(16) and node.next_event() is None
        server.send("y")
        foreign.wait_until(lambda: node.next_event() == neuron_ws.MessageEvent("y"))


def test_what_was_queued_has_its_outcome_before_the_close() -> None:
    told: list[neuron_ws.DeliveryEvent] = []
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}, on_delivery=told.append) as node:
        for _ in range(5):
            node.send("x")
        node.finish()
        assert node.poll() == 1 and list(told[0].ids) == [1, 2, 3, 4, 5]
        assert told[0].outcome is Outcome.DROPPED_STOPPED
        with pytest.raises(neuron_ws.NotRunning):
            node.send("x")
        with pytest.raises(neuron_ws.NotRunning):
            node.start()


def test_what_was_not_told_before_the_close_can_be_taken_after_it() -> None:
    told: list[neuron_ws.DeliveryEvent] = []
    node = neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}, on_delivery=told.append)
    node.send("x")
    node.close()
    assert not told, "no callback runs in close"
    assert node.poll(None) == 1 and list(told[0].ids) == [1]
    assert list(node.events()) == []
    with pytest.raises(neuron_ws.NodeClosed):
        node.poll()


def test_a_flush_that_times_out_says_why() -> None:
    with neuron_ws.Node("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/", **QUICK}) as node:
        node.send("x")
        foreign.wait_until(lambda: node.state.reason is Reason.NETWORK_ERROR)
        with pytest.raises(neuron_ws.Timeout, match=r"one message was still waiting after 50 ms\. .*nothing listens"):
            node.flush(timeout=0.05)


def test_the_asyncio_example_works(server: foreign.Server) -> None:
    result = example("asyncio_example.py", server.url)
    assert (result.returncode, result.stdout, result.stderr) == (0, "10 delivered, each written\n", "")
    assert [json.loads(message)["values"]["counter"] for message in server.wait_for(10)] == list(range(10))


def test_the_ten_lines_work(server: foreign.Server) -> None:
    result = example("ten_lines.py", server.url)
    assert result.returncode == 0 and result.stdout.strip() and not result.stderr
    assert json.loads(server.wait_for(1)[0])["values"] == {"temperature": 21.5, "running": True}


def test_exit_without_closing_neither_hangs_nor_crashes(server: foreign.Server) -> None:
    code = (
        "import neuron_ws\n"
        f"node = neuron_ws.Node('n', {{'url': {server.url!r}}}, on_state=print)\n"
        "node.start(); node.send('x'); node.flush(timeout=5)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(foreign.BINDING)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, timeout=30, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert server.wait_for(1) == ["x"]


def test_a_ping_of_the_hosts_own_is_answered(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url, "ping-interval": 0}) as node:
        with pytest.raises(neuron_ws.NotRunning):
            neuron_ws.Node("idle", {"url": server.url}).ping()
        node.trace(600)
        node.send("x")
        node.flush(timeout=20)
        node.ping()
        deadline = time.monotonic() + 20
        while node.metrics.pongs_received == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        metrics = node.metrics
        assert (metrics.pings_sent, metrics.pongs_received) == (1, 1)
        assert metrics.round_trip_us > 0
        assert node.state.tls_chain_length == 0 and node.state.tls_not_after_s is None


def test_who_hears_of_an_outcome_finds_the_room_of_its_message() -> None:
    told: list[int] = []
    with foreign.Server(keep=False) as server:
        settings = {"url": server.url, "queue-max-messages": 1, **QUICK}
        with neuron_ws.Node("n", settings, on_delivery=lambda event: told.append(event.id)) as node:
            foreign.wait_until(lambda: node.poll(0.01) is None or node.state.link, 20)
            for number in range(20_000):
                # Never QueueFull: the one before it has its outcome.
                node.send("m")
                while len(told) <= number:
                    node.poll(1)
