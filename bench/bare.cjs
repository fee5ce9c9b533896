// The least that any server on node:http has to do, to hold Moraine against: receive a body and drop it (POST), send a
// file from the page cache (GET /file/NAME), answer a text it was given before (PUT, then GET). Plain CommonJS, so that its
// start-up time is that of Node and of node:http alone.
'use strict';

const { createServer } = require('node:http');
const { basename, join } = require('node:path');

const BUFFER_BYTES = 1024 * 1024;
const texts = new Map();

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    if (request.url.startsWith('/file/')) return void sendFile(response, join(process.argv[2], basename(request.url)));
    return answer(response, texts.get(request.url));
  }
  if (request.method === 'PUT') return void keep(request, response);
  request.resume();
  return request.on('end', () => answer(response, '{}'));
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));

function answer(response, text) {
  response.writeHead(text === undefined ? 404 : 200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text ?? ''),
  });
  response.end(text);
}

async function keep(request, response) {
  texts.set(request.url, Buffer.concat(await request.toArray()).toString());
  answer(response, '{}');
}

/** Two reused buffers: one is being sent while the other is read. */
async function sendFile(response, path) {
  const handle = await require('node:fs/promises').open(path);
  let [current, other] = [Buffer.allocUnsafeSlow(BUFFER_BYTES), Buffer.allocUnsafeSlow(BUFFER_BYTES)];
  response.writeHead(200, { 'Content-Length': (await handle.stat()).size });
  let { bytesRead } = await handle.read(current, 0, BUFFER_BYTES);
  while (bytesRead > 0) {
    const sent = new Promise((resolve) => response.write(current.subarray(0, bytesRead), resolve));
    ({ bytesRead } = await handle.read(other, 0, BUFFER_BYTES));
    await sent;
    [current, other] = [other, current];
  }
  response.end();
  await handle.close();
}
