// SPDX-License-Identifier: Apache-2.0
"use strict";

// The last raw messages, newest first, as long as nobody holds the list.
class Traffic {
  static ROWS_MAX = 120;

  constructor(records, chosen) {
    this.records = records;
    this.list = byId("traffic-list");
    this.hold = byId("hold");
    this.rows = [];
    this.drawn = 0;
    this.chosen = chosen;
    this.list.addEventListener("click", (event) => this.click(event));
    this.list.addEventListener("keydown", (event) => this.key(event));
    // Under somebody's finger nothing moves.
    this.list.addEventListener("focusin", () => { this.hold.checked = true; });
  }

  draw() {
    if (this.hold.checked || this.drawn === this.records.added) return;
    this.drawn = this.records.added;
    const shown = this.records.all.slice(-Traffic.ROWS_MAX).reverse();
    while (this.rows.length < shown.length) this.rows.push(this.makeRow());
    shown.forEach((record, index) => this.fill(this.rows[index], record));
    byId("no-traffic").hidden = shown.length > 0;
  }

  makeRow() {
    const row = { time: element("span", { class: "time" }), from: element("span", { class: "from" }) };
    row.what = element("bdi", { class: "what" });
    row.bytes = element("span", { class: "bytes" });
    row.button = element("button", { type: "button", tabindex: this.rows.length === 0 ? "0" : "-1" },
      row.time, " ", row.from, " ", row.what, " ", row.bytes);
    row.button.row = row;
    this.list.append(element("li", {}, row.button));
    return row;
  }

  fill(row, record) {
    if (row.record === record) return;
    row.record = record;
    setText(row.time, clockTime(record.at));
    setText(row.from, `#${record.connection}`);
    setText(row.what, cut(record.groups || (record.kind === "text" ? record.text ?? "" : record.kind), 160));
    setText(row.bytes, byteCount(record.bytes));
  }

  click(event) {
    const row = event.target.closest("button")?.row;
    if (row !== undefined) this.chosen(row.record);
  }

  key(event) {
    const buttons = this.rows.map((row) => row.button);
    const index = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next === undefined || buttons[next] === undefined) return;
    event.preventDefault();
    buttons[index].tabIndex = -1;
    buttons[next].tabIndex = 0;
    buttons[next].focus();
  }
}
