// SPDX-License-Identifier: Apache-2.0
"use strict";

// The tree of devices, groups and tags. Only the rows that can be seen exist; they are filled anew as one scrolls.
class Tree {
  static CURVE_MS = [30000, 120000];

  constructor(plant, words, selected) {
    this.plant = plant;
    this.words = words;
    this.selected = selected;
    this.grid = byId("tree");
    this.space = byId("tree-space");
    this.pool = [];
    this.rows = [];
    this.active = null;
    this.chosen = null;
    this.filter = { text: "", only: "all" };
    this.shape = -1;
    this.isDirty = true;
    this.now = 0;
    this.begun = null;
    this.collator = new Intl.Collator(undefined, { numeric: true });
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("click", (event) => this.click(event));
    this.grid.addEventListener("scroll", () => this.wake(), { passive: true });
    new ResizeObserver(() => { this.measure(); this.wake(); }).observe(this.grid);
    this.measure();
  }

  // Set by the page: asks for a frame.
  wake() {}

  measure() {
    const high = parseInt(getComputedStyle(this.grid).getPropertyValue("--row"), 10) || 28;
    if (high !== this.rowHeight) this.shape = -1;
    this.rowHeight = high;
  }

  setFilter(change) {
    Object.assign(this.filter, change);
    this.shape = -1;
    this.grid.scrollTop = 0;
    this.wake();
  }

  // ---- which rows there are

  list() {
    const wanted = this.filter.text.trim().toLowerCase();
    const isFiltered = wanted !== "" || this.filter.only !== "all";
    this.rows = [];
    for (const device of this.sorted(this.plant.root)) this.listBranch(device, wanted, isFiltered, false);
    this.shape = this.plant.shape;
    this.positions = new Map(this.rows.map((row, index) => [row, index]));
    setAttribute(this.grid, "aria-rowcount", this.rows.length);
    this.space.style.height = this.rows.length * this.rowHeight + "px";
  }

  // Devices and groups by name, tags as they came.
  sorted(branch) {
    const children = [...branch.children.values()];
    return branch.kind === "group" ? children : children.sort((a, b) => this.collator.compare(a.name, b.name));
  }

  // True if the branch or something in it is listed. A device that fits shows all that is in it.
  listBranch(branch, wanted, isFiltered, isInside) {
    const fits = isInside || wanted === "" || branch.name.toLowerCase().includes(wanted);
    if (branch.kind === "tag") {
      if (!fits || !this.isWanted(branch)) return false;
      this.rows.push(branch);
      return true;
    }
    const place = this.rows.length;
    this.rows.push(branch);
    let isListed = false;
    if (branch.isOpen || isFiltered) {
      for (const child of this.sorted(branch)) {
        isListed = this.listBranch(child, wanted, isFiltered, fits && wanted !== "") || isListed;
      }
    }
    if (isFiltered && !isListed && (this.filter.only !== "all" || !fits)) { this.rows.length = place; return false; }
    return true;
  }

  isWanted(tag) {
    if (this.filter.only === "errors") return tag.error !== null && tag.error !== 0;
    if (this.filter.only === "stale") return tag.interval.isStale(this.now);
    return true;
  }

  // ---- drawing

  draw(now) {
    this.now = now;
    if (this.shape !== this.plant.shape) this.list();
    // All curves show the same time, as much as there is.
    this.begun ??= now;
    this.span = Math.min(Math.max(now - this.begun, Tree.CURVE_MS[0]), Tree.CURVE_MS[1]);
    setText(byId("curve-span"), `last ${duration(this.span)}`);
    const visible = Math.ceil(this.grid.clientHeight / this.rowHeight) + 2;
    const first = Math.max(0, Math.floor(this.grid.scrollTop / this.rowHeight) - 1);
    while (this.pool.length < visible) this.pool.push(this.makeRow());
    const isFocused = document.activeElement === this.grid;
    for (const row of this.pool) row.isUsed = false;
    for (let index = first; index < Math.min(first + visible, this.rows.length); index += 1) {
      const row = this.pool[index % this.pool.length];
      row.isUsed = true;
      this.fill(row, this.rows[index], index, isFocused);
    }
    for (const row of this.pool) if (row.node.hidden === row.isUsed) row.node.hidden = !row.isUsed;
    const active = this.pool.find((row) => row.isUsed && row.branch === this.active);
    setAttribute(this.grid, "aria-activedescendant", active === undefined ? null : active.node.id);
  }

  makeRow() {
    const cell = (name) => element("div", { class: name, role: "gridcell" });
    const row = {
      toggle: element("span", { class: "toggle", "aria-hidden": "true" }), name: element("bdi", { class: "label" }),
      note: element("span", { class: "note" }), value: cell("value"), type: cell("type"),
      canvas: element("canvas", { "aria-hidden": "true" }), age: cell("age"), version: -1, drawnAt: 0,
    };
    row.shown = element("bdi");
    row.code = element("b");
    row.value.append(row.code, row.shown);
    const curve = element("div", { class: "curve", role: "gridcell" }, row.canvas);
    const label = element("div", { class: "name", role: "gridcell" }, row.toggle, row.name, row.note);
    const cells = [label, row.value, row.type, curve, row.age];
    row.node = element("div", { role: "row", id: `row-${this.pool.length}` }, ...cells);
    row.node.row = row;
    this.space.append(row.node);
    return row;
  }

  fill(row, branch, index, isFocused) {
    const { node } = row;
    if (row.index !== index || row.high !== this.rowHeight) {
      node.style.transform = `translateY(${index * this.rowHeight}px)`;
      setAttribute(node, "aria-rowindex", index + 1);
      [row.index, row.high] = [index, this.rowHeight];
    }
    if (row.branch !== branch) this.fillFixed(row, branch);
    const isStale = branch.kind === "tag" && branch.interval.isStale(this.now);
    const isError = branch.kind === "tag" && branch.error !== null && branch.error !== 0;
    const isCurrent = branch === this.active && isFocused;
    const look = `${branch.kind}${isStale ? " stale" : ""}${isError ? " error" : ""}${isCurrent ? " active" : ""}`;
    if (row.look !== look) row.look = node.className = look;
    setAttribute(node, "aria-selected", branch === this.chosen);
    if (branch.kind !== "tag") setAttribute(node, "aria-expanded", branch.isOpen);
    this.fillAge(row, branch);
    if (row.version !== branch.version || branch.kind !== "tag") this.fillValue(row, branch, isError);
    this.fillCurve(row, branch);
    row.version = branch.version;
  }

  fillFixed(row, branch) {
    row.branch = branch;
    row.version = -1;
    setText(row.name, cut(branch.name, 300) || "(no name)");
    row.name.title = cut(branch.name, 300);
    setAttribute(row.node, "aria-level", branch.level);
    setAttribute(row.node, "aria-expanded", branch.kind === "tag" ? null : branch.isOpen);
    row.canvas.hidden = true;
  }

  fillAge(row, branch) {
    const { arrived } = branch.interval;
    setText(row.age, arrived === null ? "" : duration(this.now - arrived));
  }

  fillValue(row, branch, isError) {
    if (branch.kind === "tag") {
      setText(row.code, isError ? `${branch.error} ` : "");
      const shown = isError ? this.words(branch.error) : branch.shown;
      setText(row.shown, cut(shown, 200));
      row.shown.title = isError ? shown : cut(branch.shown, 300);
      setText(row.type, branch.type);
      setText(row.note, branch.metas);
      return;
    }
    setText(row.code, branch.errors > 0 ? plural(branch.errors, "error") : "");
    setText(row.shown, branch.stale > 0 ? `${branch.errors > 0 ? ", " : ""}${count(branch.stale)} stale` : "");
    if (branch.kind === "group") {
      setText(row.type, plural(branch.children.size, "tag"));
      const { milliseconds } = branch.interval;
      setText(row.note, milliseconds === null ? "" : `every ${duration(milliseconds)}`);
    } else {
      setText(row.type, plural(branch.tags ?? 0, "tag"));
      const state = branch.state === undefined ? "" : stateWords(branch.state);
      const connection = branch.connection === null ? "" : `#${branch.connection}`;
      setText(row.note, [connection, state].filter(Boolean).join(" · "));
    }
  }

  fillCurve(row, branch) {
    const history = branch.history ?? null;
    const hasCurve = history !== null && history.count > 1;
    if (row.canvas.hidden === hasCurve) row.canvas.hidden = !hasCurve;
    // The time axis moves by less than a pixel in a second.
    if (!hasCurve || (row.version === branch.version && this.now - row.drawnAt < 2000)) return;
    row.drawnAt = this.now;
    drawCurve(row.canvas, branch, this.now, this.span);
  }

  // After a change of colours or size.
  drawAnew() {
    for (const row of this.pool) row.drawnAt = row.version = -1;
    this.measure();
    this.wake();
  }

  // ---- keyboard and pointer

  click(event) {
    const row = event.target.closest("[role=row]")?.row;
    if (row === undefined || row.branch === undefined) return;
    if (this.shape !== this.plant.shape) this.list();
    this.activate(this.positions.get(row.branch) ?? 0);
    if (row.branch.kind === "tag") this.choose(row.branch, true);
    else {
      this.toggle(row.branch);
      this.choose(row.branch, false);
    }
  }

  choose(branch, isWished) {
    this.chosen = branch;
    this.selected(branch, isWished);
    this.wake();
  }

  toggle(branch, isOpen = !branch.isOpen) {
    if (branch.kind === "tag" || branch.isOpen === isOpen) return;
    branch.isOpen = isOpen;
    this.shape = -1;
    this.wake();
  }

  setAllOpen(isOpen) {
    for (const device of this.plant.root.children.values()) {
      device.isOpen = isOpen;
      for (const group of device.children.values()) group.isOpen = isOpen;
    }
    this.shape = -1;
    this.wake();
  }

  activate(index) {
    if (this.rows.length === 0) return;
    const bounded = Math.min(Math.max(index, 0), this.rows.length - 1);
    this.active = this.rows[bounded];
    const top = bounded * this.rowHeight;
    const [from, high] = [this.grid.scrollTop, this.grid.clientHeight];
    if (top < from) this.grid.scrollTop = top;
    else if (top + this.rowHeight > from + high) this.grid.scrollTop = top + this.rowHeight - high;
    this.wake();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Keys may come faster than frames.
    if (this.shape !== this.plant.shape) this.list();
    const index = this.positions.get(this.active) ?? -1;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.rowHeight) - 1);
    const moves = {
      ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: this.rows.length - 1,
      PageDown: index + page, PageUp: index - page,
    };
    if (event.key in moves) this.activate(moves[event.key]);
    else if (event.key === "ArrowRight") this.inwards(index);
    else if (event.key === "ArrowLeft") this.outwards();
    else if ((event.key === "Enter" || event.key === " ") && this.active !== null) {
      if (event.key === " ") this.toggle(this.active);
      this.choose(this.active, event.key === "Enter");
    } else return;
    event.preventDefault();
  }

  inwards(index) {
    if (this.active === null) this.activate(0);
    else if (this.active.kind !== "tag" && !this.active.isOpen) this.toggle(this.active, true);
    else if (this.active.kind !== "tag") this.activate(index + 1);
  }

  outwards() {
    if (this.active === null) return;
    if (this.active.kind !== "tag" && this.active.isOpen) this.toggle(this.active, false);
    else if (this.active.parent.level > 0) this.activate(this.positions.get(this.active.parent) ?? 0);
  }
}

const RUNNING_WORDS = { 1: "initialised", 2: "ready", 3: "running", 4: "stopped" };

function stateWords({ link, running }) {
  const linked = link === 1 ? "connected" : link === 0 ? "disconnected" : "";
  return [linked, RUNNING_WORDS[running] ?? ""].filter(Boolean).join(", ");
}
