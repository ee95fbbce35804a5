// SPDX-License-Identifier: Apache-2.0
"use strict";

// The buttons that unplug the server for a while, so that one sees a gateway's queue fill and drain.
class Plug {
  constructor(link, timeline) {
    this.link = link;
    this.timeline = timeline;
    this.until = null;
    for (const button of document.querySelectorAll("[data-unplug]")) {
      button.addEventListener("click", () => link.send({ type: "unplug", seconds: Number(button.dataset.unplug) }));
    }
    byId("plug").addEventListener("click", () => link.send({ type: "plug" }));
  }

  // Returns what is to be announced, if anything.
  unplugged(until, now) {
    const isNew = this.until === null;
    this.until = until;
    this.timeline.beginOutage("unplugged", now);
    return isNew ? `The server is unplugged for ${Math.round((until - now) / 1000)} seconds` : "";
  }

  plugged(now) {
    const wasUnplugged = this.until !== null;
    this.until = null;
    this.timeline.endOutage("unplugged", now);
    return wasUnplugged ? "The server is plugged in again" : "";
  }

  draw(now) {
    const isUnplugged = this.until !== null;
    // A button that goes away under the focus would take the focus along.
    const hadFocus = document.activeElement?.closest("#plug-buttons") !== null;
    for (const button of document.querySelectorAll("[data-unplug]")) button.hidden = isUnplugged;
    byId("unplug-label").hidden = isUnplugged;
    const plug = byId("plug");
    if (plug.hidden === isUnplugged) {
      plug.hidden = !isUnplugged;
      if (hadFocus) (isUnplugged ? plug : document.querySelector("[data-unplug]")).focus();
    }
    if (isUnplugged) setText(byId("countdown"), `${Math.max(0, Math.ceil((this.until - now) / 1000))} s`);
  }
}
