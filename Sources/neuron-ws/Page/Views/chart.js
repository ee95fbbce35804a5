// SPDX-License-Identifier: Apache-2.0
"use strict";

// Colours of the style sheet, for canvases; asked anew when light becomes dark.
const palette = {
  read() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ink", "muted", "line", "accent", "error", "warn", "good", "surface", "hatch"]) {
      this[name] = style.getPropertyValue("--" + name).trim();
    }
  },
};

// The canvas' context, in CSS pixels and cleared.
function cleared(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

// A tag's values over the last `span` ms. Between two values that are far apart the line is interrupted; what is true
// or false jumps. Returns the least and the greatest of them.
function drawCurve(canvas, tag, now, span) {
  const { history } = tag;
  const [gapMilliseconds, isStep] = [gapOf(tag), tag.type === "bool"];
  const { context, width, height } = cleared(canvas);
  const range = history === null ? null : history.range(now - span);
  if (range === null || width === 0) return null;
  const [least, greatest] = range;
  const inset = 2.5;
  const scale = greatest > least ? (height - 2 * inset) / (greatest - least) : 0;
  const x = (time) => width - 3 - (now - time) / span * (width - 3);
  const y = (value) => (scale === 0 ? height / 2 : height - inset - (value - least) * scale);
  let first = history.count;
  while (first > 0 && history.time(first - 1) >= now - span) first -= 1;
  let piece = [];
  for (let index = Math.max(0, first - 1); index < history.count; index += 1) {
    const time = history.time(index);
    const here = [x(time), y(history.value(index))];
    if (piece.length > 0 && time - history.time(index - 1) > gapMilliseconds) {
      drawPiece(context, piece, height);
      piece = [];
    }
    if (isStep && piece.length > 0) piece.push([here[0], piece.at(-1)[1]]);
    piece.push(here);
  }
  drawPiece(context, piece, height);
  const last = history.count - 1;
  context.fillStyle = palette.accent;
  context.beginPath();
  context.arc(x(history.time(last)), y(history.value(last)), 1.8, 0, 2 * Math.PI);
  context.fill();
  return range;
}

function drawPiece(context, points, height) {
  const line = new Path2D();
  for (const [x, y] of points) line.lineTo(x, y);
  context.strokeStyle = context.fillStyle = palette.accent;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.stroke(line);
  line.lineTo(points.at(-1)[0], height);
  line.lineTo(points[0][0], height);
  context.globalAlpha = 0.1;
  context.fill(line);
  context.globalAlpha = 1;
}

// Past so many ms between two values a curve is interrupted.
function gapOf(tag) { return Math.max(5000, 3 * (tag.interval.milliseconds ?? 0) + 1000); }

// What came, second by second, for the last five minutes.
class Timeline {
  static SECONDS = 300;

  constructor() {
    // Second -> {messages, bytes, gaps, marks, isCut}
    this.buckets = new Map();
    this.outages = [];
    this.drawn = "";
  }

  bucket(at) {
    const second = Math.floor(at / 1000);
    let bucket = this.buckets.get(second);
    if (bucket === undefined) {
      this.buckets.set(second, bucket = { messages: 0, bytes: 0, gaps: 0, opened: 0, closed: 0 });
      for (const old of this.buckets.keys()) {
        if (old >= second - Timeline.SECONDS && this.buckets.size <= 2 * Timeline.SECONDS) break;
        this.buckets.delete(old);
      }
    }
    return bucket;
  }

  // kind: "unplugged", or "away" where this page itself had no connection.
  beginOutage(kind, at) {
    if (this.openOutage(kind) === undefined) this.outages.push({ kind, from: at, to: null });
    if (this.outages.length > 100) this.outages.shift();
  }

  endOutage(kind, at) {
    const open = this.openOutage(kind);
    if (open !== undefined) open.to = at;
  }

  openOutage(kind) { return this.outages.find((outage) => outage.kind === kind && outage.to === null); }

  // Messages and bytes a second over the last three whole seconds.
  rates(now) {
    const second = Math.floor(now / 1000);
    let [messages, bytes] = [0, 0];
    for (let back = 1; back <= 3; back += 1) {
      const bucket = this.buckets.get(second - back);
      messages += bucket?.messages ?? 0;
      bytes += bucket?.bytes ?? 0;
    }
    return { messages: messages / 3, bytes: bytes / 3 };
  }

  draw(canvas, now) {
    const { context, width, height } = cleared(canvas);
    if (width === 0) return;
    this.begun ??= now;
    const most = Math.min(Timeline.SECONDS, Math.floor(width / 3));
    const seconds = Math.min(Math.max(90, Math.ceil((now - this.begun) / 1000)), most);
    const end = Math.floor(now / 1000) + 1;
    const step = width / seconds;
    const base = height - 13;
    const x = (time) => width - (end - time / 1000) * step;
    let greatest = 4;
    for (const [second, { messages }] of this.buckets) {
      if (second >= end - seconds) greatest = Math.max(greatest, messages);
    }
    this.drawOutages(context, x, base, now, width);
    for (const [second, bucket] of this.buckets) {
      if (second < end - seconds) continue;
      const left = x(second * 1000);
      const high = bucket.messages === 0 ? 0 : Math.max(1.5, bucket.messages / greatest * (base - 13));
      // The present second is not over.
      context.globalAlpha = second === end - 1 ? 0.4 : 1;
      context.fillStyle = palette.accent;
      context.fillRect(left, base - high, Math.max(1, step - 1), high);
      context.globalAlpha = 1;
      if (bucket.gaps > 0) this.mark(context, left + step / 2, 4, palette.error);
      if (bucket.closed > 0) this.tick(context, left, base, palette.error);
      if (bucket.opened > 0) this.tick(context, left, base, palette.good);
    }
    this.drawScale(context, { width, height, base, end, seconds, x, greatest });
  }

  drawOutages(context, x, base, now, width) {
    context.font = "10px system-ui, sans-serif";
    context.textAlign = "center";
    for (const outage of this.outages) {
      const [from, to] = [Math.max(0, x(outage.from)), x(outage.to ?? now)];
      if (to < 0) continue;
      context.fillStyle = palette.hatch;
      context.fillRect(from, 0, to - from, base);
      context.fillStyle = outage.kind === "unplugged" ? palette.warn : palette.error;
      context.fillRect(from, base, to - from, 2);
      const what = outage.kind === "unplugged" ? "unplugged" : "page away";
      const label = `${what} ${duration((outage.to ?? now) - outage.from)}`;
      const half = context.measureText(label).width / 2;
      context.fillText(label, Math.min(Math.max((from + to) / 2, half), width - half), 9);
    }
  }

  mark(context, x, y, colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(x - 3.5, y - 3);
    context.lineTo(x + 3.5, y - 3);
    context.lineTo(x, y + 3);
    context.fill();
  }

  tick(context, x, base, colour) {
    context.fillStyle = colour;
    context.fillRect(x, base, 1.5, 4);
  }

  drawScale(context, { width, height, base, end, seconds, x, greatest }) {
    context.fillStyle = palette.line;
    context.fillRect(0, base, width, 1);
    context.fillStyle = palette.muted;
    context.font = "10px system-ui, sans-serif";
    for (let back = 30; back < seconds; back += 30) {
      const left = x((end - back) * 1000);
      context.fillRect(left, base, 1, 3);
      if (back % 60 === 0 && left > 24) {
        context.textAlign = "center";
        context.fillText(`−${back / 60} min`, left, height - 1);
      }
    }
    context.textAlign = "right";
    context.fillText("now", width - 1, height - 1);
    context.textAlign = "left";
    context.fillText(`${count(greatest)}/s`, 1, 9);
  }
}
