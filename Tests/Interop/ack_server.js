// SPDX-License-Identifier: Apache-2.0
// A foreign server that keeps messages and acknowledges them; node-ws. See ack_server.py.
'use strict';
const readline = require('readline');
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 0 }, () => {
    console.log(server.address().port);
});
const present = [];
server.on('connection', (socket) => {
    present.push(socket);
    const number = present.length;
    socket.on('message', (data) => console.log(JSON.stringify([number, data.toString()])));
});
const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => {
    const order = JSON.parse(line);
    const socket = present[present.length - 1];
    if (typeof order === 'string') socket.send(order);
    else socket.close(order.close);
});
input.on('close', () => process.exit(0));
