# SPDX-License-Identifier: Apache-2.0
"""What is measured, and how: each case returns plain numbers; judging them is targets.py's part."""

import math
import statistics
import time
from dataclasses import dataclass, field

from programs import Failure, Programs, Sink, command, last_json

LIMIT, MASKING, LWS, OURS = "limit", "limit-masking", "libwebsockets", "neuron_ws"
PEERS = (LIMIT, MASKING, LWS, OURS)

THROUGHPUT = {
    "ws64": ("ws", 64), "ws1700": ("ws", 1700), "ws18k": ("ws", 18_000), "ws1m": ("ws", 1_000_000),
    "wss64": ("wss", 64), "wss1700": ("wss", 1700), "wss18k": ("wss", 18_000), "wss1m": ("wss", 1_000_000),
    "tags": ("ws", 0),
}
CASES = (*THROUGHPUT, "latency", "idle", "encode", "push", "load")

TAGS = 100
LATENCY_HZ = 1000
LATENCY_BYTES = 1700
IDLE_CONNECTIONS = 200
FIRST_BYTES = 2_000_000
FIRST_COUNT_MAX = 2_000
SHORT_SECONDS = 0.04


@dataclass
class Effort:
    """How long everything may take."""

    rounds: int
    run_seconds: float
    encode_rounds: int
    latency_seconds: float
    pushes: int
    budget_seconds: float
    started: float = field(default_factory=time.monotonic)

    @staticmethod
    def quick(rounds: int | None) -> "Effort":
        return Effort(rounds or 3, 0.3, 7, 1, 2_000, 150)

    @staticmethod
    def full(rounds: int | None) -> "Effort":
        return Effort(rounds or 5, 1.0, 31, 3, 10_000, 800)

    def left(self) -> float:
        return self.budget_seconds - (time.monotonic() - self.started)


class Bench:
    """Runs cases. `failures` says what could not be run; `say` gets a line of progress at a time."""

    def __init__(self, programs: Programs, effort: Effort, peers: list[str], say) -> None:
        self.programs = programs
        self.effort = effort
        self.peers = peers
        self.say = say
        self.failures: list[str] = []
        self.versions: dict[str, str] = {}
        self._deadline = math.inf
        self._sinks: dict[tuple, Sink] = {}

    def run(self, name: str, cases_left: int) -> dict | None:
        """Measures one case within its share of the time that is left. None: nothing of it could be run."""
        self._deadline = time.monotonic() + max(1.0, self.effort.left()) / max(1, cases_left)
        try:
            if name in THROUGHPUT:
                return self._throughput(name)
            return {"latency": self._latency, "idle": self._idle, "encode": self._encode, "push": self._push,
                    "load": self._load}[name]()
        except Failure as failure:
            self._failed(name, failure)
            return None

    def close(self) -> None:
        for sink in self._sinks.values():
            sink.stop()

    # ---- Rounds ----

    def _failed(self, what: str, failure: Failure) -> None:
        self.failures.append(f"{what}: {failure}")
        self.say(f"{what}: {failure}")

    def _sink(self, scheme: str, latency: bool = False) -> Sink:
        key = (scheme, latency)
        if key not in self._sinks:
            self._sinks[key] = Sink(self.programs, tls=scheme == "wss", latency=latency)
        return self._sinks[key]

    def _interleaved(self, name: str, peers: list[str], once, prepare=None) -> dict[str, list]:
        """`once(peer)` for each peer in turn, round by round, so that a slow moment of the machine meets all alike.

        A peer that fails is left out from then on, and told of.
        """
        results: dict[str, list] = {}
        for peer in peers:
            try:
                if prepare is not None:
                    prepare(peer)
                results[peer] = []
            except Failure as failure:
                self._failed(f"{name}, {peer}", failure)
        for turn in range(self.effort.rounds):
            if turn > 0 and time.monotonic() > self._deadline:
                self.say(f"{name}: {turn} rounds, for the time")
                break
            for peer in list(results):
                try:
                    results[peer].append(once(peer))
                except Failure as failure:
                    self._failed(f"{name}, {peer}", failure)
                    del results[peer]
        return {peer: runs for peer, runs in results.items() if runs}

    def _client(self, peer: str, url: str, count: int, size: int, *more) -> list:
        if peer == OURS:
            program, more = [self.programs.neuron_ws(), "bench"], (*more, "--insecure")
        else:
            program = [self.programs.path("peer_lws" if peer == LWS else "limit")]
            more = (*more, "--masking") if peer == MASKING else more
        return [*program, url, count, size, *more]

    def _run(self, sink: Sink, peer: str, count: int, size: int, *more) -> tuple[dict, dict]:
        """One run, checked: what the sink counted and what the client said of itself."""
        counted, printed = sink.measure(lambda url: command(self._client(peer, url, count, size, *more)))
        said = last_json(printed, peer)
        self.versions[peer] = str(said.get("version", "?")).rstrip("-")
        idle = "--idle" in more
        if counted["errors"] != 0:
            raise Failure(f"the sink found {counted['errors']} faults in the frames")
        if not idle and counted["messages"] != count:
            raise Failure(f"{counted['messages']} messages came instead of {count}")
        if not idle and "--tags" not in more and counted["bytes"] != count * size:
            raise Failure(f"{counted['bytes']} bytes came instead of {count * size}")
        return counted, said

    # ---- Throughput ----

    def _throughput(self, name: str) -> dict:
        scheme, size = THROUGHPUT[name]
        more = ("--tags", TAGS) if size == 0 else ()
        sink = self._sink(scheme)
        counts: dict[str, int] = {}

        def rate(counted: dict) -> float:
            return (counted["messages"] - counted["at_first"]) / max(counted["seconds"], 1e-6)

        def calibrate(peer: str) -> None:
            count = max(10, min(FIRST_COUNT_MAX, FIRST_BYTES // max(size, 1)))
            while True:
                counted, _ = self._run(sink, peer, count, size, *more)
                if counted["seconds"] >= SHORT_SECONDS:
                    break
                count *= 8
            counts[peer] = max(10, int(rate(counted) * self.effort.run_seconds))

        def once(peer: str) -> dict:
            counted, said = self._run(sink, peer, counts[peer], size, *more)
            return {"per_second": rate(counted), "cpu_ns": said["cpu_seconds"] / counts[peer] * 1e9,
                    "max_rss_kb": said["max_rss_kb"]}

        # Prepared frames would be messages that do not change: that limit has no row of tags.
        peers = [peer for peer in self.peers if not (size == 0 and peer == LIMIT)]
        runs = self._interleaved(name, peers, once, calibrate)
        return {peer: {"per_second": _median(found, "per_second"), "cpu_ns": _median(found, "cpu_ns"),
                       "max_rss_kb": _median(found, "max_rss_kb"),
                       "low": min(run["per_second"] for run in found), "high": max(run["per_second"] for run in found),
                       "rounds": len(found), "count": counts[peer]} for peer, found in runs.items()}

    # ---- The others ----

    def _latency(self) -> dict:
        sink = self._sink("ws", latency=True)
        count = int(LATENCY_HZ * self.effort.latency_seconds)
        peers = [peer for peer in self.peers if peer != MASKING]

        def once(peer: str) -> dict:
            counted, _ = self._run(sink, peer, count, LATENCY_BYTES, "--rate", LATENCY_HZ)
            if counted["timed"] != count:
                raise Failure(f"only {counted['timed']} of {count} messages told their time")
            return counted

        runs = self._interleaved("latency", peers, once)
        fields = ("p50_us", "p99_us", "p999_us", "max_us")
        return {peer: {key: _median(found, key) for key in fields} for peer, found in runs.items()}

    def _idle(self) -> dict:
        result: dict[str, dict] = {}
        for scheme in ("ws", "wss"):
            sink = self._sink(scheme)

            def once(peer: str, sink: Sink = sink) -> dict:
                _, one = self._run(sink, peer, 0, 0, 1, "--idle")
                _, many = self._run(sink, peer, 0, 0, 1 + IDLE_CONNECTIONS, "--idle")
                return {"kb": (many["rss_kb"] - one["rss_kb"]) / IDLE_CONNECTIONS, "threads": many["threads"] - 1}

            runs = self._interleaved(f"idle {scheme}", [peer for peer in self.peers if peer in (LWS, OURS)], once)
            for peer, found in runs.items():
                result.setdefault(peer, {})[scheme] = _median(found, "kb")
                # The thread that runs main() is the program's own.
                result[peer]["threads"] = max(run["threads"] for run in found)
        return result

    def _encode(self) -> dict:
        printed = command([self.programs.path("encode"), self.effort.encode_rounds, 20])
        return {case["case"]: case for case in last_json(printed, "encode")["cases"]}

    def _push(self) -> dict:
        sink = self._sink("ws")
        _, printed = sink.measure(lambda url: command([self.programs.path("push"), url, self.effort.pushes, TAGS]))
        return last_json(printed, "push")

    def _load(self) -> dict:
        library, program = self.programs.shared_library(), self.programs.path("load")
        runs = [last_json(command([program, library]), "load") for _ in range(1 + max(5, self.effort.rounds))]
        # The first one brings the files into the page cache.
        result = {key: _median(runs[1:], key) for key in runs[0]}
        return {**result, "stripped_bytes": self.programs.stripped_size()}


def _median(runs: list[dict], key: str) -> float:
    return statistics.median(run[key] for run in runs)
