// SPDX-License-Identifier: Apache-2.0
"use strict";

// The last raw messages. Older ones lose their text, but for those that are the last of a quiet group.
class Records {
  static COUNT_MAX = 500;
  static CHARACTERS_MAX = 4 << 20;

  constructor() {
    this.all = [];
    this.attic = [];
    this.characters = 0;
    this.atticCharacters = 0;
    this.added = 0;
  }

  // `raw` is a message as the server tells it.
  add(raw) {
    const record = {
      id: this.added += 1, connection: raw.connection, at: raw.at, kind: raw.kind, bytes: raw.bytes,
      text: raw.text ?? raw.base64 ?? "", isLeftOut: raw.left_out === true, format: "", branch: null, groups: "",
    };
    this.all.push(record);
    this.characters += record.text.length;
    while (this.all.length > Records.COUNT_MAX || this.characters > Records.CHARACTERS_MAX) {
      const old = this.all.shift();
      this.characters -= old.text.length;
      this.toAttic(old);
    }
    return record;
  }

  toAttic(record) {
    if (record.branch === null || record.branch.record !== record) { record.text = null; return; }
    this.attic.push(record);
    this.atticCharacters += record.text.length;
    while (this.atticCharacters > Records.CHARACTERS_MAX || this.attic.length > Records.COUNT_MAX * 4) {
      const old = this.attic.shift();
      this.atticCharacters -= old.text.length;
      old.text = null;
    }
  }
}

// Bytes from base64, as a hex dump of at most so many lines.
function hexDump(base64, linesMax) {
  const bytes = atob(base64.slice(0, Math.ceil(linesMax * 16 / 3) * 4));
  const lines = [];
  for (let start = 0; start < bytes.length && lines.length < linesMax; start += 16) {
    const codes = [...bytes.slice(start, start + 16)].map((character) => character.charCodeAt(0));
    const hex = codes.map((code) => code.toString(16).padStart(2, "0")).join(" ");
    const plain = codes.map((code) => (code >= 32 && code < 127 ? String.fromCharCode(code) : ".")).join("");
    lines.push(`${start.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${plain}`);
  }
  return lines.join("\n");
}
