// SPDX-License-Identifier: Apache-2.0
// A foreign server that checks what it receives: node's `ws`.
//
// node server.js [CERT KEY] - prints its port; after each connection a line of JSON about it; runs until standard input
// ends.
'use strict';

const fs = require('fs');
const http = require('http');
const https = require('https');
const WebSocket = require('ws');

const letters = 'abcdefghijklmnopqrstuvw'.repeat(9);

// Message `number`, exactly.
function expected(number) {
    const text = letters.slice(0, (number * 37) % 200);
    return '{"node":"plc1","group":"fast","timestamp":1650006388943,' +
        `"values":{"seq":${number},"p":"${text}"},"errors":{},"metas":{}}`;
}

const [cert, key] = process.argv.slice(2);
const server = cert === undefined
    ? http.createServer()
    : https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
const sockets = new WebSocket.Server({ server, perMessageDeflate: false });

sockets.on('connection', (socket) => {
    let received = 0;
    let wrong = null;
    socket.on('message', (data, isBinary) => {
        if (wrong === null && (isBinary || data.toString() !== expected(received)))
            wrong = { at: received, got: data.toString().slice(0, 300) };
        received += 1;
    });
    socket.on('close', (close) => console.log(JSON.stringify({ received, wrong, close })));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
