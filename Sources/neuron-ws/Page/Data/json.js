// SPDX-License-Identifier: Apache-2.0
"use strict";

// Reads and shows JSON as the gateway wrote it: a 64-bit integer keeps its digits, 180.0 its point, and a member called
// __proto__ is a member. Objects are Maps.

class JSONNumber {
  constructor(text) { this.text = text; }
  get number() { return Number(this.text); }
  get isWhole() { return !/[.eE]/.test(this.text); }
}

class JSONReader {
  static DEPTH_MAX = 100;

  // The value; undefined where the text is no JSON.
  static read(text) {
    try {
      return new JSONReader(text).whole();
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  constructor(text) {
    this.text = text;
    this.at = 0;
    this.nextBackslash = text.indexOf("\\");
  }

  whole() {
    const value = this.value(0);
    this.skipBlanks();
    if (this.at < this.text.length) this.fail();
    return value;
  }

  fail() { throw new SyntaxError("no JSON at " + this.at); }

  skipBlanks() {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at += 1;
    }
  }

  value(depth) {
    if (depth > JSONReader.DEPTH_MAX) this.fail();
    this.skipBlanks();
    switch (this.text[this.at]) {
      case "{": return this.object(depth);
      case "[": return this.array(depth);
      case '"': return this.string();
      case "t": return this.word("true", true);
      case "f": return this.word("false", false);
      case "n": return this.word("null", null);
      default: return this.numeral();
    }
  }

  word(word, value) {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
    return value;
  }

  numeral() {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) this.fail();
    this.at = pattern.lastIndex;
    return new JSONNumber(match[0]);
  }

  string() {
    const start = this.at;
    this.at = JSONReader.endOfString(this.text, start);
    if (this.at < 0) this.fail();
    if (this.nextBackslash >= 0 && this.nextBackslash < start) {
      this.nextBackslash = this.text.indexOf("\\", start);
    }
    if (this.nextBackslash < 0 || this.nextBackslash >= this.at) return this.text.slice(start + 1, this.at - 1);
    return JSON.parse(this.text.slice(start, this.at));
  }

  // Behind the closing quote of the string that begins at `start`; -1 where it has none.
  static endOfString(text, start) {
    for (let quote = start; ;) {
      quote = text.indexOf('"', quote + 1);
      if (quote < 0) return -1;
      let backslashes = 0;
      while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
      if (backslashes % 2 === 0) return quote + 1;
    }
  }

  object(depth) {
    const members = new Map();
    this.at += 1;
    this.skipBlanks();
    if (this.text[this.at] === "}") { this.at += 1; return members; }
    for (;;) {
      this.skipBlanks();
      if (this.text[this.at] !== '"') this.fail();
      const name = this.string();
      this.skipBlanks();
      if (this.text[this.at] !== ":") this.fail();
      this.at += 1;
      members.set(name, this.value(depth + 1));
      if (this.isEnd("}")) return members;
    }
  }

  array(depth) {
    const elements = [];
    this.at += 1;
    this.skipBlanks();
    if (this.text[this.at] === "]") { this.at += 1; return elements; }
    for (;;) {
      elements.push(this.value(depth + 1));
      if (this.isEnd("]")) return elements;
    }
  }

  isEnd(bracket) {
    this.skipBlanks();
    const next = this.text[this.at];
    if (next !== "," && next !== bracket) this.fail();
    this.at += 1;
    return next === bracket;
  }
}

// A copy of its own. What is cut out of a message otherwise keeps all of the message in memory.
function own(text) {
  return text.length < 12 ? text : JSON.parse(JSON.stringify(text));
}

function cut(text, charactersMax) {
  return text.length > charactersMax ? text.slice(0, charactersMax) + "…" : text;
}

// What JSONReader has read, as one line of at most so many characters, and a little more.
function compactJSON(value, charactersMax) {
  if (value instanceof JSONNumber) return value.text;
  if (typeof value === "string") return JSON.stringify(value.slice(0, charactersMax));
  const isMap = value instanceof Map;
  if (!isMap && !Array.isArray(value)) return String(value);
  let text = isMap ? "{" : "[";
  let separator = "";
  for (const [name, element] of value.entries()) {
    if (text.length > charactersMax) return text + "…";
    const label = isMap ? JSON.stringify(name.slice(0, charactersMax)) + ":" : "";
    text += separator + label + compactJSON(element, charactersMax - text.length);
    separator = ",";
  }
  return text + (isMap ? "}" : "]");
}

// A JSON text in pieces [kind, text], indented: kinds are name, string, number, word, mark, rest. What comes behind
// `charactersMax` characters is left out.
function* prettyJSON(text, charactersMax) {
  let indent = 0;
  let at = 0;
  const line = () => "\n" + "  ".repeat(Math.min(indent, JSONReader.DEPTH_MAX));
  const token = /[^\s"{}[\],:]+/y;
  while (at < text.length && at < charactersMax) {
    const next = text[at];
    if (/\s/.test(next)) {
      at += 1;
    } else if (next === '"') {
      const end = JSONReader.endOfString(text, at);
      const stop = end < 0 ? text.length : end;
      const isName = /^\s*:/.test(text.slice(stop, stop + 20));
      yield [isName ? "name" : "string", text.slice(at, stop)];
      at = stop;
    } else if (next === "{" || next === "[") {
      const inside = /^\s*[}\]]/.exec(text.slice(at + 1, at + 20));
      if (inside !== null) {
        yield ["mark", next + inside[0].trim()];
        at += 1 + inside[0].length;
      } else {
        indent += 1;
        yield ["mark", next + line()];
        at += 1;
      }
    } else if (next === "}" || next === "]") {
      indent = Math.max(0, indent - 1);
      yield ["mark", line() + next];
      at += 1;
    } else if (next === ",") {
      yield ["mark", "," + line()];
      at += 1;
    } else if (next === ":") {
      yield ["mark", ": "];
      at += 1;
    } else {
      token.lastIndex = at;
      const word = token.exec(text)[0];
      yield [/^[-\d]/.test(word) ? "number" : "word", word];
      at = token.lastIndex;
    }
  }
}
