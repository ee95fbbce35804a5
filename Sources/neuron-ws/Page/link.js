// SPDX-License-Identifier: Apache-2.0
"use strict";

// The page's own connection to the server: it comes back by itself. The token is new for each run of the server, so
// after a failure the page is asked for the present one.
class Link {
  static WAITS_MS = [300, 600, 1000, 2000, 3000];
  static FETCH_MS = 5000;

  // listener: received(object), changed(phase) with phase "away" or "refused".
  constructor(listener) {
    this.listener = listener;
    this.token = document.querySelector('meta[name="neuron-ws-token"]').content;
    this.failures = 0;
    this.socket = null;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}/.neuron-ws/live?token=${this.token}`);
    let isOpen = false;
    this.socket.onopen = () => { isOpen = true; };
    this.socket.onmessage = (event) => {
      this.failures = 0;
      this.listener.received(JSON.parse(event.data));
    };
    this.socket.onclose = () => {
      if (this.failures < 2) this.listener.changed("away");
      this.again(isOpen);
    };
  }

  async again(wasOpen) {
    const wait = wasOpen ? 100 : Link.WAITS_MS[Math.min(this.failures, Link.WAITS_MS.length - 1)];
    this.failures += 1;
    await new Promise((resolve) => setTimeout(resolve, wait));
    const token = await this.presentToken();
    if (token === null) {
      this.listener.changed("away");
      this.again(false);
      return;
    }
    this.token = token;
    // The server gives the page, and yet does not let it in.
    if (this.failures > 2) this.listener.changed("refused");
    this.open();
  }

  async presentToken() {
    try {
      const options = { cache: "no-store", signal: AbortSignal.timeout(Link.FETCH_MS) };
      const answer = await fetch(location.pathname, options);
      if (!answer.ok) return null;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return page.querySelector('meta[name="neuron-ws-token"]')?.content ?? null;
    } catch {
      return null;
    }
  }

  // False if there is no connection now.
  send(object) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(object));
    return true;
  }
}
