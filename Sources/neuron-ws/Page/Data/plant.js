// SPDX-License-Identifier: Apache-2.0
"use strict";

// Devices, groups and tags as far as messages have named them.

// How long something usually waits for its next message. Follows slowly, so that one outage does not count as usual.
class Interval {
  static BURST_MS = 20;
  static SLACK_MS = 250;

  constructor() {
    this.milliseconds = null;
    this.arrived = null;
    this.stamp = null;
  }

  // `stamp`, the message's own time, tells more than its arrival: what had queued comes in a burst.
  add(arrived, stamp) {
    let passed = null;
    if (stamp !== null && this.stamp !== null && stamp > this.stamp) passed = stamp - this.stamp;
    else if (this.arrived !== null) passed = arrived - this.arrived;
    if (stamp !== null) this.stamp = stamp;
    this.arrived = arrived;
    if (passed === null || passed < Interval.BURST_MS) return;
    if (this.milliseconds === null) { this.milliseconds = passed; return; }
    const bounded = Math.min(Math.max(passed, this.milliseconds / 4), this.milliseconds * 4);
    this.milliseconds += (bounded - this.milliseconds) / 4;
  }

  isStale(now) {
    return this.milliseconds !== null && now - this.arrived > 3 * this.milliseconds + Interval.SLACK_MS;
  }
}

// What device, group and tag have in common: a place in the tree.
class Branch {
  constructor(kind, name, parent) {
    this.kind = kind;
    this.name = name;
    this.parent = parent;
    this.level = parent === null ? 1 : parent.level + 1;
    this.children = new Map();
    this.isOpen = true;
    this.interval = new Interval();
    this.connection = null;
    this.record = null;
    // Grows with each change, so that what shows it knows when to draw.
    this.version = 0;
    this.errors = 0;
    this.stale = 0;
  }
}

class Tag extends Branch {
  static SHOWN_MAX = 2000;
  static QUEUED_MS = 900000;

  constructor(name, parent) {
    super("tag", name, parent);
    this.hasValue = false;
    // The value as text, at most SHOWN_MAX characters and a little more; the raw message has all of it.
    this.shown = "";
    this.type = "";
    this.error = null;
    this.metas = "";
    this.changed = null;
    this.history = null;
  }

  take(reading, arrived, stamp) {
    this.version += 1;
    this.interval.add(arrived, stamp);
    this.error = reading.error;
    if (reading.metas !== this.metas) this.metas = own(reading.metas);
    if (reading.value === undefined) return;
    const shown = typeof reading.value === "string"
      ? cut(reading.value, Tag.SHOWN_MAX) : compactJSON(reading.value, Tag.SHOWN_MAX);
    if (shown !== this.shown || !this.hasValue) {
      this.changed = arrived;
      this.shown = own(shown);
    }
    this.hasValue = true;
    this.type = reading.type;
    if (reading.value instanceof JSONNumber || typeof reading.value === "boolean") {
      this.history ??= new History();
      const number = reading.value instanceof JSONNumber ? reading.value.number : Number(reading.value);
      this.history.add(Tag.timeOf(arrived, stamp), number);
    }
  }

  // What had queued belongs to where it was read, if the gateway's clock can be believed.
  static timeOf(arrived, stamp) {
    const isNear = stamp !== null && stamp < arrived + 1000 && stamp > arrived - Tag.QUEUED_MS;
    return isNear ? stamp : arrived;
  }
}

class Plant {
  static BRANCHES_MAX = 50000;
  static NAME_CHARACTERS_MAX = 16 << 20;

  constructor() {
    this.root = new Branch("root", "", null);
    this.root.level = 0;
    this.branches = 0;
    this.nameCharacters = 0;
    // Names past these limits.
    this.leftOut = 0;
    this.tags = 0;
    this.errors = 0;
    this.stale = 0;
    // Grows when a branch comes.
    this.shape = 0;
  }

  take(message, record) {
    for (const state of message.states) this.takeState(state, record);
    if (message.device === null || message.format === "answer") return;
    if (message.group !== null) {
      const group = this.group(message.device, message.group);
      if (group === null) return;
      this.touch(group, record, message.timestamp);
      for (const reading of message.readings) this.takeReading(group, reading, record, message.timestamp);
      return;
    }
    const touched = new Set();
    for (const reading of message.readings) {
      const group = this.group(message.device, reading.group ?? this.groupOf(message.device, reading.name));
      if (group === null) return;
      if (!touched.has(group)) this.touch(group, record, reading.at);
      touched.add(group);
      this.takeReading(group, reading, record, reading.at);
    }
  }

  takeReading(group, reading, record, stamp) {
    const tag = this.branch(group, "tag", reading.name);
    if (tag === null) return;
    tag.record = record;
    tag.take(reading, record.at, stamp);
  }

  takeState({ device, link, running }, record) {
    const branch = this.branch(this.root, "device", device);
    if (branch === null) return;
    branch.state = { link, running };
    branch.version += 1;
    branch.record = record;
  }

  touch(group, record, stamp) {
    for (const branch of [group, group.parent]) {
      branch.version += 1;
      branch.connection = record.connection;
      branch.record = record;
      branch.interval.add(record.at, branch === group ? stamp : null);
    }
  }

  group(device, name) {
    const parent = this.branch(this.root, "device", device);
    return parent === null ? null : this.branch(parent, "group", name);
  }

  // Where an OpenGate error belongs to, which names no feed.
  groupOf(device, tag) {
    for (const group of this.root.children.get(device)?.children.values() ?? []) {
      if (group.children.has(tag)) return group.name;
    }
    return "datastreams";
  }

  branch(parent, kind, name) {
    const known = parent.children.get(name);
    if (known !== undefined) return known;
    const characters = this.nameCharacters + name.length;
    if (this.branches >= Plant.BRANCHES_MAX || characters > Plant.NAME_CHARACTERS_MAX) {
      this.leftOut += 1;
      return null;
    }
    this.nameCharacters = characters;
    this.branches += 1;
    this.shape += 1;
    if (kind === "tag") this.tags += 1;
    const kept = own(name);
    const made = kind === "tag" ? new Tag(kept, parent) : new Branch(kind, kept, parent);
    parent.children.set(kept, made);
    return made;
  }

  // Counts what is wrong and what is stale, for each branch.
  count(now) {
    this.errors = this.stale = 0;
    for (const device of this.root.children.values()) {
      device.errors = device.stale = device.tags = 0;
      for (const group of device.children.values()) {
        group.errors = group.stale = 0;
        for (const tag of group.children.values()) {
          if (tag.error !== null && tag.error !== 0) group.errors += 1;
          if (tag.interval.isStale(now)) group.stale += 1;
        }
        device.tags += group.children.size;
        device.errors += group.errors;
        device.stale += group.stale;
      }
      this.errors += device.errors;
      this.stale += device.stale;
    }
  }
}
