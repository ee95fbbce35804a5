// SPDX-License-Identifier: Apache-2.0
"use strict";

// Elements are made here, and foreign text becomes text alone: nothing of this page takes HTML.

// element("button", { class: "small", text: "Copy", onclick: … }, …children)
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function byId(id) { return document.getElementById(id); }

// Writes only what differs: a layout costs more than a comparison.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (value === null) { if (node.hasAttribute(name)) node.removeAttribute(name); return; }
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// A text of foreign origin, cut, which has its own direction.
function foreign(text, charactersMax = 200) {
  return element("bdi", { text: cut(text, charactersMax) });
}

// 0.4 s, 12 s, 3 min, 2 h, 5 d
function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return seconds.toFixed(1) + " s";
  if (seconds < 119.5) return Math.round(seconds) + " s";
  if (seconds < 7170) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " d";
}

function byteCount(bytes) {
  if (bytes < 1000) return Math.round(bytes) + " B";
  if (bytes < 999500) return (bytes / 1000).toFixed(bytes < 99950 ? 1 : 0) + " kB";
  return (bytes / 1e6).toFixed(1) + " MB";
}

function count(number) { return number.toLocaleString("en-US"); }

function plural(number, word) { return `${count(number)} ${word}${number === 1 ? "" : "s"}`; }

function clockTime(milliseconds) {
  const date = new Date(milliseconds);
  const two = (number) => String(number).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return time + "." + String(date.getMilliseconds()).padStart(3, "0");
}

function copyButton(label, text) {
  const button = element("button", { class: "quiet", type: "button", "aria-label": label, text: "Copy" });
  button.addEventListener("click", async () => {
    let isCopied = true;
    try { await navigator.clipboard.writeText(text()); } catch { isCopied = copyBySelection(text()); }
    button.textContent = isCopied ? "Copied" : "Not allowed";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return button;
}

// For browsers that do not let the page use the clipboard.
function copyBySelection(text) {
  const area = element("textarea", { class: "away", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}

// Tabs of the WAI-ARIA pattern: arrows choose, one of them is in the order of Tab.
class Tabs {
  constructor(list, chosen) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.chosen = chosen;
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab.id));
    list.addEventListener("keydown", (event) => this.key(event));
  }

  panel(tab) { return byId(tab.getAttribute("aria-controls")); }

  choose(id) {
    for (const tab of this.tabs) {
      const isChosen = tab.id === id;
      tab.setAttribute("aria-selected", isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      this.panel(tab).classList.toggle("chosen", isChosen);
    }
    this.chosen(id);
  }

  key(event) {
    const visible = this.tabs.filter((tab) => tab.offsetParent !== null);
    const index = visible.indexOf(document.activeElement);
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: visible.length - 1 }[event.key];
    if (next === undefined || index < 0) return;
    event.preventDefault();
    const tab = visible[(next + visible.length) % visible.length];
    tab.focus();
    this.choose(tab.id);
  }
}
