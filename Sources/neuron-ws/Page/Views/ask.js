// SPDX-License-Identifier: Apache-2.0
"use strict";

// The form that reads and writes tags of a gateway, and its answers.
class Ask {
  static ANSWERS_MAX = 20;
  static PATIENCE_MS = 30000;
  static TEXT_MAX = 60000;

  constructor(link, words, connections) {
    [this.link, this.words, this.connections] = [link, words, connections];
    this.form = byId("ask-form");
    this.questions = new Map();
    this.number = 0;
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.form.addEventListener("input", () => this.preview());
    this.preview();
  }

  field(name) { return this.form.elements[name]; }

  // From the tree: what is looked at.
  fill(branch) {
    const names = { device: "", group: "", tag: "" };
    for (let one = branch; one.level > 0; one = one.parent) names[one.kind] = one.name;
    for (const [name, value] of Object.entries(names)) this.field(name).value = value;
    const group = branch.kind === "tag" ? branch.parent : branch;
    const isThere = [...this.field("connection").options].some((option) => option.value === String(group.connection));
    if (isThere) this.field("connection").value = String(group.connection);
    this.preview();
  }

  // The connections that are open now.
  offer() {
    const select = this.field("connection");
    const chosen = select.value;
    const open = this.connections.open();
    const key = open.map((one) => one.id).join(",");
    if (key === this.offered) return;
    this.offered = key;
    const options = open.map((one) => element("option", { value: one.id, text: `#${one.id} ${one.address ?? ""}` }));
    select.replaceChildren(element("option", { value: "", text: "all open connections" }), ...options);
    select.value = open.some((one) => String(one.id) === chosen) ? chosen : "";
  }

  // What would be sent, without its uuid; or a sentence that says what is missing.
  request() {
    const isWrite = this.field("kind").value === "write";
    const [device, group, tag] = ["device", "group", "tag"].map((name) => this.field(name).value);
    if (device === "" || group === "") return "Device and group are missing; choose a row of the tree, or type them.";
    const head = `"node":${JSON.stringify(device)},"group":${JSON.stringify(group)}`;
    if (!isWrite) return { body: tag === "" ? head : `${head},"tags":[${JSON.stringify(tag)}]` };
    if (tag === "") return "A write needs a tag.";
    const typed = this.field("value").value;
    const isText = this.field("as").value === "text";
    if (!isText && JSONReader.read(typed) === undefined) {
      return `The value is no number, true, false, or other JSON; to write it as a text choose “text”.`;
    }
    return { body: `${head},"tag":${JSON.stringify(tag)},"value":${isText ? JSON.stringify(typed) : typed.trim()}` };
  }

  preview() {
    const isWrite = this.field("kind").value === "write";
    byId("write-fields").hidden = !isWrite;
    byId("ask-submit").textContent = isWrite ? "Write" : "Read";
    byId("tag-label").textContent = isWrite ? "Tag" : "Tag (all, if empty)";
    const request = this.request();
    setText(byId("ask-preview"), typeof request === "string" ? request : `{"uuid":"…",${cut(request.body, 2000)}}`);
  }

  submit() {
    const request = this.request();
    byId("ask-error").textContent = "";
    if (typeof request === "string") { byId("ask-error").textContent = request; return; }
    const uuid = randomUUID();
    const text = `{"uuid":"${uuid}",${request.body}}`;
    if (text.length > Ask.TEXT_MAX) { byId("ask-error").textContent = "The request is too long."; return; }
    this.number += 1;
    const connection = this.field("connection").value;
    const question = { id: this.number, uuid, text: request.body, sentAt: performance.now(), answers: 0 };
    const target = connection === "" ? null : Number(connection);
    if (!this.link.send({ type: "send", id: this.number, connection: target, text })) {
      byId("ask-error").textContent = "The server is away; nothing was sent.";
      return;
    }
    this.show(question);
    this.questions.set(uuid, question);
    if (this.questions.size > Ask.ANSWERS_MAX) {
      const [oldest, { card }] = this.questions.entries().next().value;
      this.questions.delete(oldest);
      card.remove();
    }
  }

  show(question) {
    question.state = element("span", { class: "state", text: "asking…" });
    question.list = element("div", { class: "answer" });
    const line = element("code", {}, foreign(question.text, 300));
    question.card = element("li", { class: "card question" }, line, question.state, question.list);
    byId("answers").prepend(question.card);
  }

  sent({ id, connections }) {
    const question = this.find(id);
    if (question === undefined || question.answers > 0) return;
    question.asked = connections.length;
    const names = cut(connections.map((one) => `#${one}`).join(", "), 60);
    if (connections.length === 0) this.end(question, "nobody is connected", "wrong");
    else setText(question.state, `sent to ${names}; waiting for the answer…`);
  }

  failed({ id, why }) {
    const question = this.find(id);
    if (question !== undefined) this.end(question, `not sent: ${why}`, "wrong");
  }

  find(id) { return [...this.questions.values()].find((question) => question.id === id); }

  end(question, text, look) {
    question.isEnded = true;
    question.state.className = `state ${look}`;
    setText(question.state, text);
  }

  // True if the message answers a question of this page.
  answered(message, connection) {
    const question = this.questions.get(message.uuid);
    if (question === undefined) return false;
    question.answers += 1;
    const isBad = (message.error !== null && message.error !== 0)
      || message.readings.some((reading) => reading.error !== null && reading.error !== 0);
    const passed = performance.now() - question.sentAt;
    const told = `answered by #${connection} in ${passed < 1000 ? `${Math.round(passed)} ms` : duration(passed)}`;
    this.end(question, told, isBad ? "wrong" : "right");
    if (question.answers <= 16) question.list.append(this.answer(message));
    return true;
  }

  answer(message) {
    if (message.error !== null) {
      const said = message.error === 0 ? "0 No error." : `${message.error} ${this.words(message.error)}`;
      const text = message.reason === null ? said : `${said} ${message.reason}`;
      return element("p", { class: message.error === 0 ? "right" : "wrong" }, foreign(text, 2000));
    }
    const list = element("dl", { class: "facts" });
    for (const reading of message.readings.slice(0, 200)) {
      const isError = reading.error !== null && reading.error !== 0;
      const text = isError ? `${reading.error} ${this.words(reading.error)}` : this.valueText(reading);
      list.append(element("dt", {}, foreign(reading.name)),
        element("dd", { class: isError ? "wrong" : "" }, foreign(text, 2000)));
    }
    if (message.readings.length > 200) list.append(element("dt", { text: `${message.readings.length - 200} more` }));
    return list;
  }

  valueText(reading) {
    if (reading.value === undefined) return reading.error === 0 ? "0 No error." : "–";
    return typeof reading.value === "string" ? reading.value : compactJSON(reading.value, 2000);
  }

  // Questions that nobody answers.
  tick() {
    for (const question of this.questions.values()) {
      if (question.isEnded || performance.now() - question.sentAt < Ask.PATIENCE_MS) continue;
      this.end(question, "no answer within 30 s: does the host take requests?", "wrong");
    }
  }
}

function randomUUID() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
