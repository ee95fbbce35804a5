// SPDX-License-Identifier: Apache-2.0
"use strict";

// Puts the page together: what the server tells goes to its place, and what has changed is drawn, at most once a frame.
class Page {
  static TICK_MS = 250;
  static SECOND_MS = 1000;
  static PHASES = {
    begin: ["off", "Connecting"],
    away: ["bad", "Server away, trying again"],
    refused: ["bad", "Not let in: too many pages? Trying again"],
  };

  constructor() {
    this.codes = {};
    this.offset = 0;
    this.isAwake = false;
    this.slowAt = 0;
    this.skipped = 0;
    this.phase = "begin";
    this.tab = "tab-tags";
    this.awaySince = null;
    const words = (code) => this.words(code);
    this.plant = new Plant();
    this.records = new Records();
    this.sequences = new Sequences();
    this.timeline = new Timeline();
    this.connections = new Connections(this.sequences);
    this.link = new Link(this);
    this.plug = new Plug(this.link, this.timeline);
    this.ask = new Ask(this.link, words, this.connections);
    this.inspector = new Inspector(words, (branch) => this.askFor(branch));
    this.tree = new Tree(this.plant, words, (branch, isWished) => this.inspect(branch, isWished));
    this.traffic = new Traffic(this.records, (record) => this.inspectMessage(record));
    this.tree.wake = () => this.wake();
    this.tabs = new Tabs(byId("tabs"), (id) => this.tabChosen(id));
    this.announcements = [];
    this.controls();
  }

  start() {
    palette.read();
    this.wide = matchMedia("(min-width: 900px)");
    this.wide.addEventListener("change", () => this.fit());
    this.fit();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      palette.read();
      this.slowAt = 0;
      this.tree.drawAnew();
    });
    setInterval(() => this.tick(), Page.TICK_MS);
    this.link.open();
    this.wake();
  }

  controls() {
    byId("search").addEventListener("input", (event) => this.tree.setFilter({ text: event.target.value }));
    for (const radio of document.querySelectorAll("[name=only]")) {
      radio.addEventListener("change", () => this.tree.setFilter({ only: radio.value }));
    }
    byId("open-all").addEventListener("click", () => this.tree.setAllOpen(true));
    byId("close-all").addEventListener("click", () => this.tree.setAllOpen(false));
    byId("copy-url").replaceWith(copyButton("Copy the URL", () => byId("url").textContent));
    byId("copy-settings").replaceWith(copyButton("Copy the settings", () => byId("settings").textContent));
    byId("copy-command").replaceWith(copyButton("Copy the command", () => byId("command").textContent));
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest?.("input, select, textarea") !== null;
      if (event.key === "/" && !isTyping) { event.preventDefault(); byId("search").focus(); }
      if (event.key === "Escape" && event.target.id === "search") byId("tree").focus();
    });
  }

  // On a wide window the tree is always there, and the tabs choose what is beside it.
  fit() {
    const selected = document.querySelector("#tabs [aria-selected=true]").id;
    if (this.wide.matches && selected === "tab-tags") this.tabs.choose("tab-connections");
    this.tree.drawAnew();
  }

  // ---- time

  // The server's, which the messages carry.
  now() { return performance.timeOrigin + performance.now() + this.offset; }

  words(code) {
    const known = this.codes[code];
    if (known !== undefined) return known;
    const isDrivers = code >= 10000 && code <= 20000;
    return isDrivers ? "The driver's own code; see its manual." : "A code this page does not know.";
  }

  tick() {
    const now = this.now();
    this.ask.tick();
    if (now - this.slowAt >= Page.SECOND_MS) this.plant.count(now);
    this.wake();
  }

  // ---- what the server tells

  received(told) {
    const now = this.now();
    switch (told.type) {
      case "hello": this.hello(told); break;
      case "connection": this.announce(this.connections.take(told)); this.mark(told); break;
      case "messages": for (const raw of told.list) this.message(raw); break;
      case "skipped": this.skipped += told.count; break;
      case "unplugged": this.announce(this.plug.unplugged(told.until, now)); break;
      case "plugged": this.announce(this.plug.plugged(now)); break;
      case "sent": this.ask.sent(told); break;
      case "failed": this.ask.failed(told); break;
      case "error": this.notice(`The server did not understand the page: ${told.why}`); break;
      default: break;
    }
    this.slowAt = told.type === "messages" ? this.slowAt : 0;
    this.wake();
  }

  hello(told) {
    this.offset = told.now - performance.timeOrigin - performance.now();
    this.codes = told.codes;
    this.connections.forget();
    setText(byId("version"), told.version);
    for (const name of ["url", "settings"]) setText(byId(name), told[name]);
    setText(byId("address"), told.url);
    const line = `{"node":"plc1","group":"fast","values":{"temperature":21.5}}`;
    setText(byId("command"), `echo '${line}' | neuron-ws push ${told.url}`);
    const now = this.now();
    this.timeline.endOutage("away", now);
    if (this.awaySince !== null) {
      this.notice(`The server is back after ${duration(now - this.awaySince)}; what was shown before is kept.`);
    }
    this.awaySince = null;
    this.phase = "live";
  }

  mark(told) {
    const bucket = this.timeline.bucket(told.at);
    if (told.phase === "open") bucket.opened += 1;
    else bucket.closed += 1;
  }

  message(raw) {
    // The browser's machine has slept: what has come is not of the future.
    this.offset += Math.max(0, raw.at - this.now());
    const record = this.records.add(raw);
    const bucket = this.timeline.bucket(raw.at);
    bucket.messages += 1;
    bucket.bytes += raw.bytes;
    this.connections.count(record);
    if (raw.kind !== "text" || record.isLeftOut) { record.format = raw.kind; return; }
    const messages = messagesOf(record.text);
    record.format = messages.length === 0 ? "text" : messages[0].format;
    const names = [];
    for (const message of messages) {
      if (message.format === "answer" && this.ask.answered(message, record.connection)) names.push("answer");
      if (message.sequence !== null && this.sequences.take(message.sequence, record.connection)) bucket.gaps += 1;
      this.plant.take(message, record);
      if (message.device !== null) names.push(`${message.device} / ${message.group ?? message.format}`);
      if (message.states.length > 0) names.push("states of " + message.states.map((state) => state.device).join(", "));
    }
    record.groups = own(cut(names.join("; "), 200));
    const device = this.plant.root.children.get(messages[0]?.device);
    record.branch = device?.children.get(messages[0].group) ?? null;
  }

  // phase: "away", or "refused" where the server is there and does not let the page in.
  changed(phase) {
    if (this.phase === "live") {
      this.awaySince = this.now();
      this.timeline.beginOutage("away", this.awaySince);
      this.announce("The server is away; the page tries to reach it again");
    }
    this.phase = phase;
    this.wake();
  }

  // ---- what is said

  // For those who hear the page: connections alone, and not each of a hundred.
  announce(text) {
    if (text === "") return;
    this.announcements.push(text);
    if (this.announcements.length > 1) return;
    setTimeout(() => {
      const [texts, region] = [this.announcements, byId("announcements")];
      this.announcements = [];
      const many = `${texts.length} changes of connections; ${texts.at(-1)}`;
      region.textContent = texts.length > 3 ? many : texts.join(". ");
    }, 500);
  }

  notice(text) {
    const node = byId("notice");
    node.textContent = text;
    node.hidden = false;
    this.noticeEnds = performance.now() + 8000;
    this.announce(text);
  }

  // ---- what is looked at

  inspect(branch, isWished) {
    this.inspector.showBranch(branch);
    this.inspector.draw(this.now());
    this.ask.fill(branch);
    if (isWished || (this.wide.matches && this.tab === "tab-inspect")) this.tabs.choose("tab-inspect");
  }

  inspectMessage(record) {
    this.inspector.showMessage(record);
    this.tabs.choose("tab-inspect");
  }

  askFor(branch) {
    this.ask.fill(branch);
    this.tabs.choose("tab-ask");
  }

  tabChosen(id) {
    this.tab = id;
    this.slowAt = 0;
    this.wake();
  }

  // ---- drawing

  wake() {
    if (this.isAwake) return;
    this.isAwake = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.isAwake = false;
    const now = this.now();
    if (now - this.slowAt >= Page.SECOND_MS || now < this.slowAt) { this.drawSlow(now); this.slowAt = now; }
    const isEmpty = this.plant.branches === 0;
    byId("welcome").hidden = !isEmpty;
    byId("plant").hidden = isEmpty;
    if (this.wide.matches || this.tab === "tab-tags") this.tree.draw(now);
    if (this.tab === "tab-inspect") this.inspector.draw(now);
    this.plug.draw(now);
    if (this.tab === "tab-traffic") this.traffic.draw();
  }

  // What needs no more than once a second.
  drawSlow(now) {
    this.plant.count(now);
    if (this.tree.filter.only !== "all") this.tree.shape = -1;
    if (this.tab === "tab-connections") this.connections.draw(now);
    this.ask.offer();
    this.timeline.draw(byId("timeline"), now);
    this.drawFigures(now);
    this.drawStatus(now);
  }

  drawFigures(now) {
    const { messages, bytes } = this.timeline.rates(now);
    setText(byId("message-rate"), messages < 10 && messages > 0 ? messages.toFixed(1) : count(Math.round(messages)));
    setText(byId("byte-rate"), byteCount(bytes));
    setText(byId("tag-count"), count(this.plant.tags));
    const open = this.connections.open().length;
    setText(byId("connection-count"), count(open));
    setText(byId("error-count"), count(this.plant.errors));
    setText(byId("stale-count"), count(this.plant.stale));
    setText(byId("gap-count"), count(this.sequences.sum("missing")));
    setText(byId("repeat-count"), count(this.sequences.sum("repeated")));
    for (const box of document.querySelectorAll(".numbered")) box.hidden = this.sequences.all.size === 0;
    byId("gap-box").classList.toggle("wrong", this.sequences.sum("missing") > 0);
    document.title = this.phase === "live" ? `${plural(open, "connection")} · neuron-ws` : "away · neuron-ws";
  }

  drawStatus(now) {
    const status = byId("status");
    const live = this.plug.until === null ? ["good", "Live"] : ["warn", "Unplugged"];
    const [look, text] = this.phase === "live" ? live : Page.PHASES[this.phase];
    status.className = `status ${look}`;
    setText(status, text);
    document.body.classList.toggle("away", look === "bad");
    if (performance.now() > (this.noticeEnds ?? 0)) byId("notice").hidden = true;
    const left = [
      this.skipped > 0 ? `${plural(this.skipped, "message")} left out: this page was too slow` : "",
      this.plant.leftOut > 0 ? `names past ${count(this.plant.branches)} are not shown` : "",
    ].filter((one) => one !== "").join("; ");
    byId("left-out").hidden = left === "";
    setText(byId("left-out"), left);
  }
}

document.addEventListener("DOMContentLoaded", () => new Page().start());
