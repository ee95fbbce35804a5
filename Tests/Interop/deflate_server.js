// SPDX-License-Identifier: Apache-2.0
// node's `ws` with permessage-deflate: sends back what it gets, as it got it, and what it is told.
//
// node deflate_server.js OPTIONS [CERT KEY] - OPTIONS is an array of perMessageDeflate's, as JSON: one server for each.
// Prints the array of their ports, then for each connection what was agreed on. Runs until standard input ends.
'use strict';

const fs = require('fs');
const http = require('http');
const https = require('https');
const WebSocket = require('ws');

const [options, cert, key] = process.argv.slice(2);

function start(perMessageDeflate) {
    const server = cert === undefined
        ? http.createServer()
        : https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
    const sockets = new WebSocket.Server({ server, perMessageDeflate, maxPayload: 64 << 20 });
    sockets.on('headers', (headers) => {
        const chosen = headers.find((line) => line.toLowerCase().startsWith('sec-websocket-extensions:'));
        console.log(chosen === undefined ? '' : chosen.slice(chosen.indexOf(':') + 1).trim());
    });
    sockets.on('connection', echo);
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

function echo(socket) {
    socket.on('error', (error) => console.error(error));
    socket.on('message', (data, isBinary) => {
        // Every third one in pieces, so that compressed fragments are seen.
        if (data.length % 3 !== 0 || data.length < 9) {
            socket.send(data, { binary: isBinary });
            return;
        }
        const third = data.length / 3;
        for (let index = 0; index < 3; index += 1)
            socket.send(data.subarray(index * third, (index + 1) * third), { binary: isBinary, fin: index === 2 });
    });
}

Promise.all(JSON.parse(options).map(start)).then((ports) => console.log(JSON.stringify(ports)));
process.stdin.on('end', () => process.exit(0)).resume();
