// SPDX-License-Identifier: Apache-2.0
"use strict";

// The last values of a tag, at most one a second, oldest first.
class History {
  static POINTS_MAX = 240;
  static SPACING_MS = 900;

  constructor() {
    this.times = new Float64Array(16);
    this.values = new Float64Array(16);
    this.start = 0;
    this.count = 0;
  }

  add(time, value) {
    if (!Number.isFinite(value) || (this.count > 0 && time < this.time(this.count - 1))) return;
    if (this.count > 1 && time - this.time(this.count - 2) < History.SPACING_MS) {
      this.put(this.count - 1, time, value);
      return;
    }
    if (this.count === this.times.length) this.grow();
    if (this.count === this.times.length) {
      this.start = (this.start + 1) % this.times.length;
      this.count -= 1;
    }
    this.count += 1;
    this.put(this.count - 1, time, value);
  }

  grow() {
    const room = Math.min(this.times.length * 4, History.POINTS_MAX);
    if (room === this.times.length) return;
    const [times, values] = [new Float64Array(room), new Float64Array(room)];
    for (let index = 0; index < this.count; index += 1) {
      times[index] = this.time(index);
      values[index] = this.value(index);
    }
    [this.times, this.values, this.start] = [times, values, 0];
  }

  put(index, time, value) {
    const place = (this.start + index) % this.times.length;
    this.times[place] = time;
    this.values[place] = value;
  }

  time(index) { return this.times[(this.start + index) % this.times.length]; }
  value(index) { return this.values[(this.start + index) % this.times.length]; }

  // [least, greatest] of what is not older than `since`; null where there is nothing.
  range(since) {
    let [least, greatest] = [Infinity, -Infinity];
    for (let index = this.count - 1; index >= 0 && this.time(index) >= since; index -= 1) {
      const value = this.value(index);
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    return least <= greatest ? [least, greatest] : null;
  }
}
