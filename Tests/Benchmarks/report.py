# SPDX-License-Identifier: Apache-2.0
"""The tables: what was measured, beside what it is to reach (DESIGN.md, section 9)."""

from cases import IDLE_CONNECTIONS, LATENCY_BYTES, LATENCY_HZ, LIMIT, LWS, MASKING, OURS, TAGS, THROUGHPUT

# Per throughput case: messages a second, share of "limit, masking", times libwebsockets. None: nothing is asked.
THROUGHPUT_TARGETS = {
    "ws64": (4e6, None, 20), "ws1700": (None, 0.50, None), "ws18k": (None, 0.70, None), "ws1m": (None, 0.95, None),
    "wss64": (3e6, None, None), "wss1700": (None, 0.75, None), "wss18k": (None, 0.85, None),
    "wss1m": (None, None, None), "tags": (350e3, None, 12),
}
THROUGHPUT_NAMES = {
    "ws64": "ws 64 B", "ws1700": "ws 1.7 KB", "ws18k": "ws 18 KB", "ws1m": "ws 1 MB", "wss64": "wss 64 B",
    "wss1700": "wss 1.7 KB", "wss18k": "wss 18 KB", "wss1m": "wss 1 MB", "tags": f"ws {TAGS} tags, JSON included",
}
# ns per tag, and jansson's where that was asked: on a slower machine the ratio says more.
ENCODE_TARGETS = {"values": (15, 241), "tags": (20, 452)}
# Fewer than one allocation in this many pushes is none: a timer's now and then is not the steady state's.
RARE_ALLOCATION = 1 / 200


def mark(passed: bool | None) -> str:
    return {True: "✓", False: "✗", None: ""}[passed]


def rate(value: float | None) -> str:
    if value is None:
        return "–"
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}" if value < 999.5 * size else f"{value / size:.0f} {unit}"
    return f"{value:.0f}"


def number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


class Report:
    """Judges the results of one run. `verdicts` holds what was asked of each row and whether it was reached."""

    def __init__(self, results: dict, facts: list[str], versions: dict[str, str], failures: list[str]) -> None:
        self._results = results
        self._facts = facts
        self._versions = versions
        self._failures = failures
        self.verdicts: dict[str, bool] = {}

    def markdown(self) -> str:
        parts = ["# Benchmarks", "\n".join(f"- {fact}" for fact in self._facts)]
        for section in (self._throughput, self._latency, self._idle, self._encode, self._push, self._load):
            text = section()
            if text:
                parts.append(text)
        if self._failures:
            parts.append("## Could not be run\n\n" + "\n".join(f"- {failure}" for failure in self._failures))
        reached = sum(self.verdicts.values())
        parts.append(f"{reached} of {len(self.verdicts)} targets reached.")
        return "\n\n".join(parts) + "\n"

    def _judge(self, name: str, passed: bool | None) -> str:
        if passed is not None:
            self.verdicts[name] = passed
        return mark(passed)

    def _lws(self) -> str:
        return f"libwebsockets {self._versions.get(LWS, '')}".strip()

    # ---- Tables ----

    def _throughput(self) -> str:
        rows, processor = [], []
        for name in THROUGHPUT:
            found = self._results.get(name)
            if not found:
                continue
            value = {peer: found.get(peer, {}).get("per_second") for peer in (LIMIT, MASKING, LWS, OURS)}
            ours = value[OURS]
            share = ours / value[MASKING] if ours and value[MASKING] else None
            times = ours / value[LWS] if ours and value[LWS] else None
            target, passed = self._throughput_target(name, ours, share, times)
            rows.append([THROUGHPUT_NAMES[name], rate(value[LIMIT]),
                         rate(value[MASKING]) + (" (jansson)" if name == "tags" else ""), rate(value[LWS]), rate(ours),
                         "–" if share is None else f"{share:.0%}", "–" if times is None else f"{times:.1f}×",
                         target, self._judge(name, passed)])
            cpu = [number(found.get(peer, {}).get("cpu_ns"), 0) for peer in (LIMIT, MASKING, LWS, OURS)]
            processor.append([THROUGHPUT_NAMES[name], *cpu])
        if not rows:
            return ""
        peers = ["limit", "limit, masking", self._lws(), "neuron_ws"]
        return "\n\n".join([
            "## Messages a second", table(["", *peers, "of limit, masking", "× libwebsockets", "target", ""], rows),
            "Processor time of the sending process, ns a message:", table(["", *peers], processor)])

    @staticmethod
    def _throughput_target(name, ours, share, times) -> tuple[str, bool | None]:
        least, least_share, least_times = THROUGHPUT_TARGETS[name]
        texts, checks = [], []
        for wanted, got, text in (
            (least, ours, f"≥ {rate(least)}" if least else ""),
            (least_share, share, f"≥ {least_share:.0%} of limit, masking" if least_share else ""),
            (least_times, times, f"≥ {least_times}× libwebsockets" if least_times else ""),
        ):
            if wanted is not None:
                texts.append(text)
                checks.append(None if got is None else got >= wanted)
        if not texts:
            return "–", None
        # A row with one part missed is missed; a row of which a part could not be measured is not judged.
        if False in checks:
            return ", ".join(texts), False
        return ", ".join(texts), None if None in checks else True

    def _latency(self) -> str:
        found = self._results.get("latency")
        if not found:
            return ""
        names = {LIMIT: "limit", LWS: self._lws(), OURS: "neuron_ws"}
        rows = []
        for peer, name in names.items():
            if peer in found:
                one = found[peer]
                rows.append([name, *(number(one[key]) for key in ("p50_us", "p99_us", "p999_us", "max_us")), "", ""])
                if peer == OURS:
                    passed = one["p50_us"] <= 20 and one["p99_us"] <= 50 and one["p999_us"] <= 100
                    rows[-1][-2:] = ["≤ 20 / 50 / 100", self._judge("latency", passed)]
        head = ["", "p50", "p99", "p99.9", "max", "target", ""]
        return (f"## Latency at {LATENCY_HZ:,} messages of {LATENCY_BYTES:,} B a second, µs\n\n" + table(head, rows) +
                "\n\nFrom the hand-over to the sink's having read the whole message.")

    def _idle(self) -> str:
        found = self._results.get("idle")
        if not found:
            return ""
        rows = []
        for peer, name in ((LWS, self._lws()), (OURS, "neuron_ws")):
            one = found.get(peer)
            if not one:
                continue
            target, passed = "", None
            if peer == OURS:
                target = "≤ 4 / ≤ 20, 1 loop thread"
                if "ws" in one and "wss" in one:
                    passed = one["ws"] <= 4 and one["wss"] <= 20 and one["threads"] <= 1
            rows.append([name, number(one.get("ws")), number(one.get("wss")), str(one["threads"]), target,
                         self._judge("idle", passed)])
        head = ["", "ws", "wss", "threads besides main", "target", ""]
        return f"## Memory of an idle connection, KB ({IDLE_CONNECTIONS} of them)\n\n" + table(head, rows)

    def _encode(self) -> str:
        found = self._results.get("encode")
        if not found:
            return ""
        rows = []
        for name, one in found.items():
            most, jansson = ENCODE_TARGETS.get(name, (None, None))
            times = one["jansson"] / one["neuron_ws"]
            target, verdict = "–", ""
            if most is not None:
                target = f"≤ {most} where jansson takes {jansson}: {jansson / most:.1f}×"
                verdict = self._judge(f"encode {name}", one["neuron_ws"] <= most)
                verdict += f" (ratio {mark(times >= jansson / most)})"
            rows.append([name, number(one["jansson"]), number(one["neuron_ws"]), f"{times:.1f}×", target, verdict])
        head = ["format", "jansson tree + dump", "neuron_ws", "times", "target", ""]
        return f"## Encoding, ns per tag ({TAGS} tags, int64 and double in turn)\n\n" + table(head, rows)

    def _push(self) -> str:
        found = self._results.get("push")
        if not found:
            return ""
        rows = []
        for key, name in (("paced", "1,000 a second"), ("bursts", "64 at once")):
            one = found[key]
            passed = one["p50_us"] <= 3 and one["p999_us"] <= 100 and one["full"] == 0
            rows.append([f"{name}: µs on the host's thread, p50 / p99 / p99.9 / max",
                         " / ".join(number(one[part]) for part in ("p50_us", "p99_us", "p999_us", "max_us")),
                         "≤ 3 / – / ≤ 100 / –", self._judge(f"push {key}", passed)])
            host, library = one["allocations_host"], one["allocations_library"]
            rows.append([f"{name}: allocations a push on the host's thread", number(host, 3), "≤ 1",
                         self._judge(f"allocations, host, {key}", host <= 1 + RARE_ALLOCATION)])
            rows.append([f"{name}: allocations a push on the library's thread", number(library, 3), "0",
                         self._judge(f"allocations, library, {key}", library < RARE_ALLOCATION)])
        return f"## push of {TAGS} tags, connected\n\n" + table(["", "neuron_ws", "target", ""], rows)

    def _load(self) -> str:
        found = self._results.get("load")
        if not found:
            return ""
        rss, size = found["rss_kb"] / 1024, found["stripped_bytes"] / 1e6
        rows = [
            ["dlopen: resident memory, MiB", number(rss, 2), "≤ 6", self._judge("dlopen memory", rss <= 6)],
            ["dlopen: of it private and written to, MiB", number(found["private_dirty_kb"] / 1024, 2), "–", ""],
            ["dlopen: ms", number(found["ms"], 2), "–", ""],
            ["dlopen: threads", number(found["threads"], 0), "0", self._judge("dlopen threads", found["threads"] == 0)],
            ["library, stripped, MB", number(size, 2), "≤ 8", self._judge("library size", size <= 8)],
        ]
        return "## Loading\n\n" + table(["", "neuron_ws", "target", ""], rows)
