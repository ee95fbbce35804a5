// SPDX-License-Identifier: Apache-2.0
"use strict";

// What a message says, told by its shape: the gateway's upload formats, driver states, answers, OpenGate uploads.
// What has none of these shapes is a custom message. docs/formats.md describes them.

// A tag as a message has it. `error` is a number or null.
class Reading {
  constructor(name, value, { error = null, type = "", metas = "", at = null } = {}) {
    this.name = name;
    this.value = value;
    this.error = error;
    this.type = type || Reading.typeOf(value);
    this.metas = metas;
    this.at = at;
  }

  static ECP_TYPES = new Map([["1", "bool"], ["2", "integer"], ["3", "float"], ["4", "text"]]);

  static typeOf(value) {
    if (value === undefined) return "";
    if (value instanceof JSONNumber) return value.isWhole ? "integer" : "float";
    if (typeof value === "string") return "text";
    if (typeof value === "boolean") return "bool";
    if (Array.isArray(value)) return `array[${value.length}]`;
    return value === null ? "null" : "object";
  }
}

class Message {
  constructor(format) {
    this.format = format;
    this.device = null;
    this.group = null;
    // Unix time in ms, or null.
    this.timestamp = null;
    this.readings = [];
    this.states = [];
    this.uuid = null;
    this.sequence = null;
  }
}

function textOf(value) {
  return typeof value === "string" ? value : value instanceof JSONNumber ? value.text : null;
}

function numberOf(value) {
  return value instanceof JSONNumber ? value.number : null;
}

function metasOf(members) {
  const pairs = [];
  for (const [name, value] of members) {
    if (pairs.length === 8) { pairs.push("…"); break; }
    pairs.push(`${name.slice(0, 60)} ${typeof value === "string" ? value.slice(0, 60) : compactJSON(value, 60)}`);
  }
  return pairs.join(", ");
}

// The messages of one text: several where it is an array of them. Empty where it is no JSON.
function messagesOf(text) {
  const first = /^\s*([[{])/.exec(text.slice(0, 1000));
  if (first === null) return [];
  const root = JSONReader.read(text);
  if (root === undefined) return [];
  const all = Array.isArray(root) ? root : [root];
  return all.filter((one) => one instanceof Map).map(messageOf);
}

function messageOf(root) {
  const message = shapeOf(root);
  const seq = numberOf(root.get("seq"));
  if (seq !== null && Number.isSafeInteger(seq)) {
    message.sequence = { seq, stream: textOf(root.get("stream")), isResent: root.get("resent") === true };
  }
  return message;
}

function shapeOf(root) {
  const isUpload = textOf(root.get("node")) !== null && textOf(root.get("group")) !== null;
  if (isUpload && root.get("values") instanceof Map) return valuesMessage(root);
  if (isUpload && Array.isArray(root.get("tags"))) return tagsMessage(root);
  if (Array.isArray(root.get("datastreams"))) return openGateMessage(root);
  if (Array.isArray(root.get("states"))) return statesMessage(root);
  if (textOf(root.get("uuid")) !== null && (root.has("error") || root.has("tags"))) return answerMessage(root);
  return new Message("custom");
}

function uploadMessage(format, root) {
  const message = new Message(format);
  message.device = textOf(root.get("node"));
  message.group = textOf(root.get("group"));
  message.timestamp = numberOf(root.get("timestamp"));
  return message;
}

function valuesMessage(root) {
  const message = uploadMessage("values-format", root);
  const values = root.get("values");
  const errors = root.get("errors") instanceof Map ? root.get("errors") : new Map();
  const metas = root.get("metas") instanceof Map ? root.get("metas") : new Map();
  for (const [name, value] of values) {
    const own = metas.get(name);
    const error = numberOf(errors.get(name));
    message.readings.push(new Reading(name, value, { error, metas: own instanceof Map ? metasOf(own) : "" }));
  }
  for (const [name, error] of errors) {
    if (!values.has(name)) message.readings.push(new Reading(name, undefined, { error: numberOf(error) }));
  }
  return message;
}

const TAG_MEMBERS = new Set(["name", "value", "error", "type", "transferPrecision"]);

function readingOf(tag) {
  const name = textOf(tag.get("name"));
  if (name === null) return null;
  const more = [...tag].filter(([member]) => !TAG_MEMBERS.has(member));
  const type = Reading.ECP_TYPES.get(textOf(tag.get("type"))) ?? "";
  return new Reading(name, tag.get("value"), { error: numberOf(tag.get("error")), type, metas: metasOf(more) });
}

function tagsMessage(root) {
  const tags = root.get("tags").filter((tag) => tag instanceof Map);
  const isECP = tags.length > 0 && tags.every((tag) => Reading.ECP_TYPES.has(textOf(tag.get("type"))));
  const message = uploadMessage(isECP ? "ECP-format" : "tags-format", root);
  message.readings = tags.map(readingOf).filter((reading) => reading !== null);
  return message;
}

// The device is left out for the gateway's own values where the setting `reduced` says so.
function openGateMessage(root) {
  const message = new Message("OpenGate");
  message.device = textOf(root.get("device")) ?? "gateway";
  for (const stream of root.get("datastreams")) {
    if (!(stream instanceof Map) || textOf(stream.get("id")) === null) continue;
    const points = Array.isArray(stream.get("datapoints")) ? stream.get("datapoints") : [];
    for (const point of points) {
      if (!(point instanceof Map)) continue;
      const reading = new Reading(textOf(stream.get("id")), point.get("value"), { at: numberOf(point.get("at")) });
      reading.group = textOf(stream.get("feed")) ?? "datastreams";
      message.readings.push(reading);
    }
  }
  const errors = Array.isArray(root.get("errors")) ? root.get("errors") : [];
  for (const one of errors) {
    if (!(one instanceof Map) || textOf(one.get("id")) === null) continue;
    const reading = new Reading(textOf(one.get("id")), undefined, { error: numberOf(one.get("error")) });
    reading.group = textOf(one.get("feed"));
    message.readings.push(reading);
  }
  return message;
}

function statesMessage(root) {
  const message = new Message("states");
  message.timestamp = numberOf(root.get("timestamp"));
  for (const state of root.get("states")) {
    if (!(state instanceof Map) || textOf(state.get("node")) === null) continue;
    const { link, running } = { link: numberOf(state.get("link")), running: numberOf(state.get("running")) };
    message.states.push({ device: textOf(state.get("node")), link, running });
  }
  return message;
}

function answerMessage(root) {
  const message = new Message("answer");
  message.uuid = textOf(root.get("uuid"));
  message.error = numberOf(root.get("error"));
  message.reason = textOf(root.get("reason"));
  const tags = Array.isArray(root.get("tags")) ? root.get("tags").filter((tag) => tag instanceof Map) : [];
  message.readings = tags.map(readingOf).filter((reading) => reading !== null);
  return message;
}
