// SPDX-License-Identifier: Apache-2.0
// A foreign server whose first connection reads nothing and is closed with 1013; node-ws.
// Prints its port. A line of standard input closes the first connection; the messages of the others are printed as
// JSON.
'use strict';
const readline = require('readline');
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => console.log(server.address().port));
let first;
server.on('connection', (socket) => {
    if (first === undefined) {
        first = socket;
        socket.pause();
        return;
    }
    socket.on('message', (data) => console.log(JSON.stringify(data.toString())));
});
const input = readline.createInterface({ input: process.stdin });
input.on('line', () => {
    first.close(1013);
    setTimeout(() => first.terminate(), 200);
});
input.on('close', () => process.exit(0));
