// SPDX-License-Identifier: Apache-2.0
"use strict";

// A tag, a group or a message in full: facts, curve, and the raw message, readable.
class Inspector {
  static CURVE_MS = 240000;
  static CHARACTERS_MAX = 200000;
  static COLOURED_MAX = 3000;

  constructor(words, ask) {
    this.words = words;
    this.branch = null;
    this.record = null;
    // The record loses its own some time.
    this.text = "";
    this.facts = new Map();
    byId("newest").addEventListener("click", () => this.showRecord(this.branch.record));
    byId("ask-tag").addEventListener("click", () => ask(this.branch));
    byId("copy-place").replaceWith(copyButton("Copy the raw message", () => this.text));
  }

  showBranch(branch) {
    this.branch = branch;
    this.forgetFacts();
    const path = [];
    for (let one = branch; one.level > 0; one = one.parent) path.unshift(one.name);
    const title = byId("inspected");
    title.replaceChildren();
    path.forEach((name, index) => {
      if (index > 0) title.append(element("span", { class: "slash", text: " / " }));
      title.append(foreign(name, 12000));
    });
    byId("nothing-inspected").hidden = true;
    byId("inspection").hidden = false;
    byId("ask-tag").hidden = false;
    byId("curve-box").hidden = !(branch.history?.count > 1);
    this.showRecord(branch.record);
  }

  showMessage(record) {
    this.branch = null;
    byId("inspected").replaceChildren(`Message of ${clockTime(record.at)}`);
    byId("nothing-inspected").hidden = true;
    byId("inspection").hidden = false;
    byId("ask-tag").hidden = byId("curve-box").hidden = true;
    this.forgetFacts();
    this.showRecord(record);
  }

  forgetFacts() {
    this.facts.clear();
    byId("facts").replaceChildren();
  }

  fact(label, value) {
    let known = this.facts.get(label);
    if (known === undefined) {
      known = element("dd");
      byId("facts").append(element("dt", { text: label }), known);
      this.facts.set(label, known);
    }
    if (known.textContent !== value) known.replaceChildren(foreign(value, 12000));
  }

  // Facts and curve follow what comes; the raw message stays as long as it is read.
  draw(now) {
    const { branch } = this;
    if (branch === null) return;
    const { arrived, milliseconds } = branch.interval;
    if (branch.kind === "tag") {
      const isError = branch.error !== null && branch.error !== 0;
      if (isError) this.fact("error", `${branch.error} ${this.words(branch.error)}`);
      else if (this.facts.has("error")) this.fact("error", "none any more");
      if (branch.hasValue) this.fact(isError ? "last value" : "value", branch.shown);
      this.fact("type", branch.type || "–");
      if (branch.metas !== "") this.fact("metas", branch.metas);
      if (branch.changed !== null) this.fact("changed", `${duration(now - branch.changed)} ago`);
    } else {
      this.fact("tags", count(branch.kind === "group" ? branch.children.size : branch.tags ?? 0));
      if (branch.state !== undefined) this.fact("state", stateWords(branch.state));
    }
    if (arrived !== null) this.fact("last message", `${duration(now - arrived)} ago`);
    this.fact("usual interval", milliseconds === null ? "not known yet" : duration(milliseconds));
    this.drawCurve(now);
    byId("newest").hidden = branch.record === this.record;
  }

  drawCurve(now) {
    const { branch } = this;
    const box = byId("curve-box");
    if (box.hidden !== !(branch.history?.count > 1)) box.hidden = !box.hidden;
    if (box.hidden) return;
    const span = Math.min(Inspector.CURVE_MS, Math.max(20000, now - branch.history.time(0)));
    const range = drawCurve(byId("curve"), branch, now, span);
    setText(byId("curve-range"), range === null
      ? "" : `${rangeText(range)} in the last ${duration(span)}`);
  }

  showRecord(record) {
    this.record = record;
    this.text = record?.text ?? "";
    const raw = byId("raw");
    raw.replaceChildren();
    byId("newest").hidden = true;
    if (record === null) { setText(byId("raw-title"), "No message yet"); return; }
    const kind = record.format === record.kind ? record.kind : `${record.kind}, ${record.format}`;
    setText(byId("raw-title"),
      `${clockTime(record.at)} · #${record.connection} · ${kind} · ${byteCount(record.bytes)}`);
    if (record.isLeftOut) raw.textContent = "This message is too large to be shown.";
    else if (record.text === null) raw.textContent = "This message is so old that it is no longer kept.";
    else if (record.kind === "binary") raw.textContent = hexDump(record.text, 512);
    else if (JSONReader.read(record.text) === undefined) raw.textContent = cut(record.text, Inspector.CHARACTERS_MAX);
    else raw.append(this.pretty(record.text));
  }

  pretty(text) {
    const fragment = document.createDocumentFragment();
    let pieces = 0;
    let plain = "";
    for (const [kind, piece] of prettyJSON(text, Inspector.CHARACTERS_MAX)) {
      pieces += 1;
      if (kind === "mark" || pieces > Inspector.COLOURED_MAX) { plain += piece; continue; }
      fragment.append(plain, element("span", { class: kind, text: piece }));
      plain = "";
    }
    const left = text.length - Inspector.CHARACTERS_MAX;
    fragment.append(plain, left > 0 ? `\n… ${count(left)} more characters; Copy takes them all` : "");
    return fragment;
  }
}

// With as many digits as tell the two apart.
function rangeText([least, greatest]) {
  const size = Math.max(Math.abs(least), Math.abs(greatest));
  const digits = size === 0 || least === greatest ? 6 : Math.ceil(Math.log10(size / (greatest - least))) + 3;
  const [from, to] = [least, greatest].map((one) => String(Number(one.toPrecision(Math.min(Math.max(digits, 4), 17)))));
  return from === to ? from : `${from} … ${to}`;
}
