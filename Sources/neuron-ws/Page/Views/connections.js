// SPDX-License-Identifier: Apache-2.0
"use strict";

// The gateways' connections with their phase, and what numbered messages tell of them.
class Connections {
  static CLOSED_MAX = 20;
  static SHOWN_MAX = 100;

  constructor(sequences) {
    this.sequences = sequences;
    this.all = new Map();
    this.shown = "";
  }

  // What is open is told anew after a hello.
  forget() { this.all.clear(); }

  // Returns what is to be announced.
  take(change) {
    const known = this.all.get(change.id) ?? { messages: 0, bytes: 0 };
    this.all.set(change.id, Object.assign(known, change));
    const closed = [...this.all.values()].filter((one) => one.phase === "closed");
    for (const one of closed.slice(0, Math.max(0, closed.length - Connections.CLOSED_MAX))) this.all.delete(one.id);
    const name = `Connection ${change.id}`;
    return change.phase === "open" ? `${name} opened` : `${name} closed: ${endWords(change)}`;
  }

  count(record) {
    const known = this.all.get(record.connection);
    if (known === undefined) return;
    known.messages += 1;
    known.bytes += record.bytes;
  }

  open() { return [...this.all.values()].filter((one) => one.phase === "open"); }

  draw(now) {
    const all = [...this.all.values()].sort((a, b) => (b.phase === "open") - (a.phase === "open") || b.id - a.id);
    const list = byId("connection-list");
    // Who marks a text to copy it keeps it.
    const selection = getSelection();
    if (!selection.isCollapsed && list.contains(selection.anchorNode)) return;
    list.replaceChildren(...all.slice(0, Connections.SHOWN_MAX).map((one) => this.card(one, now)));
    if (all.length > Connections.SHOWN_MAX) {
      list.append(element("li", { class: "hint", text: `${count(all.length - Connections.SHOWN_MAX)} more` }));
    }
    byId("no-connection").hidden = all.length > 0;
    const streams = [...this.sequences.all.values()].slice(-50).reverse();
    byId("sequences").hidden = streams.length === 0;
    byId("sequence-rows").replaceChildren(...streams.map((stream) => this.streamRow(stream)));
  }

  card(one, now) {
    const isOpen = one.phase === "open";
    const facts = element("dl", { class: "facts" });
    const fact = (label, value) => facts.append(element("dt", { text: label }), element("dd", {}, value));
    fact("path", foreign(one.path || "/"));
    fact("subprotocol", foreign(one.subprotocol || "none"));
    fact("compression", foreign(one.compression || "off"));
    fact("received", `${plural(one.messages, "message")}, ${byteCount(one.bytes)}`);
    if (!isOpen) fact("end", foreign(endWords(one)));
    const head = element("h3", {},
      element("span", { class: `dot ${isOpen ? "good" : "off"}`, "aria-hidden": "true" }),
      element("span", { text: `#${one.id} ` }), foreign(one.address ?? ""),
      element("span", { class: "since", text: `${one.phase} ${duration(now - one.at)}` }));
    return element("li", { class: isOpen ? "card" : "card ended" }, head, facts);
  }

  streamRow(stream) {
    const cell = (text, wrong) => element("td", { class: wrong ? "wrong" : "", text });
    return element("tr", {}, element("th", { scope: "row" }, foreign(stream.stream, 40)),
      cell(String(stream.last)), cell(count(stream.missing), stream.missing > 0),
      cell(count(stream.repeated), stream.repeated > 0), cell(count(stream.resent), false));
  }
}

function endWords({ code, reason }) {
  const words = CLOSE_WORDS[code] ?? "";
  return [code ?? "", words, reason ? `“${reason}”` : ""].filter((text) => text !== "").join(" ");
}

// RFC 6455 §7.4.1 and the registry.
const CLOSE_WORDS = {
  1000: "normal", 1001: "going away", 1002: "protocol error", 1003: "unsupported data", 1005: "no code",
  1006: "without a Close", 1007: "invalid text", 1008: "policy violation", 1009: "message too big",
  1010: "extension missing", 1011: "internal error", 1012: "service restart", 1013: "try again later",
};
