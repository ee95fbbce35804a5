// SPDX-License-Identifier: Apache-2.0
"use strict";

// What is missing and what came twice in one stream of numbered messages.
class Sequence {
  static HOLES_MAX = 256;

  constructor(stream, connection) {
    this.stream = stream;
    this.connection = connection;
    this.last = null;
    this.received = 0;
    this.missing = 0;
    this.repeated = 0;
    this.resent = 0;
    // Ranges [from, to] of what is missing, in order. What no longer fits in stays counted as missing.
    this.holes = [];
  }

  // True if the message shows a gap in front of it.
  take({ seq, isResent }, connection) {
    this.connection = connection;
    this.received += 1;
    if (isResent) this.resent += 1;
    if (this.last === null) { this.last = seq; return false; }
    if (seq <= this.last) {
      if (!this.fill(seq)) this.repeated += 1;
      return false;
    }
    const from = this.last + 1;
    this.last = seq;
    if (seq === from) return false;
    this.missing += seq - from;
    this.holes.push([from, seq - 1]);
    if (this.holes.length > Sequence.HOLES_MAX) this.holes.shift();
    return true;
  }

  // A number that was missing has come late.
  fill(seq) {
    const index = this.holes.findIndex(([from, to]) => from <= seq && seq <= to);
    if (index < 0) return false;
    const [from, to] = this.holes[index];
    const rest = [[from, seq - 1], [seq + 1, to]].filter(([first, last]) => first <= last);
    this.holes.splice(index, 1, ...rest);
    this.missing -= 1;
    return true;
  }
}

// All streams. A message without the name of its stream is of its connection's.
class Sequences {
  static STREAMS_MAX = 200;

  constructor() { this.all = new Map(); }

  take(sequence, connection) {
    const key = sequence.stream ?? `#${connection}`;
    let known = this.all.get(key);
    if (known === undefined) {
      if (this.all.size >= Sequences.STREAMS_MAX) this.all.delete(this.all.keys().next().value);
      this.all.set(own(key), known = new Sequence(own(key), connection));
    }
    return known.take(sequence, connection);
  }

  sum(member) {
    let sum = 0;
    for (const sequence of this.all.values()) sum += sequence[member];
    return sum;
  }
}
