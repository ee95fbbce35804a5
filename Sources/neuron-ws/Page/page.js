"use strict";
const token = document.querySelector('meta[name="neuron-ws-token"]').content;
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new WebSocket(`${scheme}//${location.host}/.neuron-ws/live?token=${token}`);
socket.onmessage = (event) => { document.getElementById("log").textContent += event.data + "\n"; };
