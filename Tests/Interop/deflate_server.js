// node's `ws` with permessage-deflate: sends back what it gets, as it got it, and what it is told.
//
// node deflate_server.js OPTIONS [CERT KEY] - OPTIONS is perMessageDeflate's, as JSON. Prints its port, then for each
// connection what it has agreed to. Runs until standard input ends.
'use strict';

const fs = require('fs');
const http = require('http');
const https = require('https');
const WebSocket = require('ws');

const [options, cert, key] = process.argv.slice(2);
const server = cert === undefined
    ? http.createServer()
    : https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
const sockets = new WebSocket.Server({ server, perMessageDeflate: JSON.parse(options), maxPayload: 64 << 20 });

sockets.on('headers', (headers) => {
    const chosen = headers.find((line) => line.toLowerCase().startsWith('sec-websocket-extensions:'));
    console.log(chosen === undefined ? '' : chosen.slice(chosen.indexOf(':') + 1).trim());
});
sockets.on('connection', (socket) => {
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
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
